# SPDX-License-Identifier: MIT
# Each example is built as a user would build it: shared library, public headers, nothing of ours.
file(GLOB aurora_example_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(file IN LISTS aurora_example_files)
    get_filename_component(name ${file} NAME_WE)
    file(STRINGS ${file} needs_net REGEX "#include <aurora/net\\.h>")
    if(needs_net AND NOT TARGET aurora_net)
        continue()
    endif()
    add_executable(example_${name} ${file})
    aurora_compile(example_${name} GNU)
    target_link_libraries(example_${name} PRIVATE Aurora::aurora Threads::Threads)
    if(needs_net)
        target_link_libraries(example_${name} PRIVATE Aurora::net)
    endif()
    set_target_properties(example_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
    # One that talks to a bridge is run with it, by tests/integration/payment_bridge.sh.
    if(needs_net)
        continue()
    endif()
    # A fresh folder each time: most examples leave a shop.db.
    add_test(NAME examples/${name}
        COMMAND ${PROJECT_SOURCE_DIR}/tests/support/in_empty_folder.sh
                $<TARGET_FILE:example_${name}>)
    set_tests_properties(examples/${name} PROPERTIES
        LABELS examples TIMEOUT 60 SKIP_RETURN_CODE 77)
endforeach()
