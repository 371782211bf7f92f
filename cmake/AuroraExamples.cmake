# SPDX-License-Identifier: MIT
# Each example is built as a user would build it: shared library, public headers, nothing of ours.
find_package(PkgConfig)
if(PKG_CONFIG_FOUND)
    pkg_check_modules(AURORA_EXAMPLE_EVENT IMPORTED_TARGET libevent)
endif()
file(GLOB aurora_example_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(file IN LISTS aurora_example_files)
    get_filename_component(name ${file} NAME_WE)
    file(STRINGS ${file} needs_net REGEX "#include <aurora/net\\.h>")
    if(needs_net AND NOT TARGET aurora_net)
        continue()
    endif()
    file(STRINGS ${file} needs_sim REGEX "#include <aurora/sim\\.h>")
    file(STRINGS ${file} needs_event REGEX "#include <event2/")
    if(needs_event AND NOT TARGET PkgConfig::AURORA_EXAMPLE_EVENT)
        continue()
    endif()
    # A folder of its name holds what an example is made of beside its main.
    file(GLOB parts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/${name}/*.c)
    add_executable(example_${name} ${file} ${parts})
    aurora_compile(example_${name} GNU)
    if(needs_event)
        target_link_libraries(example_${name} PRIVATE PkgConfig::AURORA_EXAMPLE_EVENT)
    endif()
    if(needs_sim)
        target_link_libraries(example_${name} PRIVATE Aurora::sim)
    endif()
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
                ${PROJECT_SOURCE_DIR}/tests/support/prints.sh ${file}
                $<TARGET_FILE:example_${name}>)
    set_tests_properties(examples/${name} PROPERTIES
        LABELS examples TIMEOUT 60 SKIP_RETURN_CODE 77)
endforeach()

# What a C++ program does with the C headers; left out where there is no C++ compiler.
include(CheckLanguage)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
    enable_language(CXX)
    add_executable(example_cpp ${PROJECT_SOURCE_DIR}/examples/cpp/shop.cpp)
    target_compile_features(example_cpp PRIVATE cxx_std_17)
    target_compile_options(example_cpp PRIVATE -Wall -Wextra -Wpedantic -Wshadow
        $<$<BOOL:${AURORA_WERROR}>:-Werror>)
    if(AURORA_SANITIZE)
        target_compile_options(example_cpp PRIVATE -fsanitize=${AURORA_SANITIZE})
        target_link_options(example_cpp PRIVATE -fsanitize=${AURORA_SANITIZE})
    endif()
    target_link_libraries(example_cpp PRIVATE Aurora::aurora)
    set_target_properties(example_cpp PROPERTIES
        OUTPUT_NAME cpp_shop RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
    add_test(NAME examples/cpp
        COMMAND ${PROJECT_SOURCE_DIR}/tests/support/in_empty_folder.sh
                ${PROJECT_SOURCE_DIR}/tests/support/prints.sh
                ${PROJECT_SOURCE_DIR}/examples/cpp/shop.cpp $<TARGET_FILE:example_cpp>)
    set_tests_properties(examples/cpp PROPERTIES LABELS examples TIMEOUT 60)
endif()
