# SPDX-License-Identifier: MIT
# tests/conformance: one program that runs a file of cases, one test for each file.
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/conformance/*.c)
add_executable(conformance_runner ${files})
aurora_compile(conformance_runner GNU)
target_compile_definitions(conformance_runner PRIVATE _GNU_SOURCE=)
target_link_libraries(conformance_runner PRIVATE
    aurora_static SQLite::SQLite3 Threads::Threads PkgConfig::CJSON m)
set_target_properties(conformance_runner PROPERTIES OUTPUT_NAME runner
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/conformance)
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/conformance/data/*.json)
foreach(file IN LISTS files)
    get_filename_component(noun ${file} NAME_WE)
    if(noun STREQUAL index)
        continue()
    endif()
    add_test(NAME conformance/${noun} COMMAND conformance_runner ${file})
    set_tests_properties(conformance/${noun} PROPERTIES
        LABELS conformance TIMEOUT 120 ENVIRONMENT "${aurora_test_environment}")
    # What holds in memory holds in a file.
    file(STRINGS ${file} is_shop REGEX "^ \"kind\": \"shop\"")
    if(is_shop)
        add_test(NAME conformance/${noun}_in_a_file COMMAND conformance_runner --file ${file})
        set_tests_properties(conformance/${noun}_in_a_file PROPERTIES
            LABELS conformance TIMEOUT 240 ENVIRONMENT "${aurora_test_environment}")
    endif()
endforeach()
# Where each case is wrong, each must fail.
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/conformance/broken/*s.json)
foreach(file IN LISTS files)
    get_filename_component(noun ${file} NAME_WE)
    add_test(NAME conformance/broken_${noun} COMMAND conformance_runner --broken ${file})
    set_tests_properties(conformance/broken_${noun} PROPERTIES
        LABELS conformance TIMEOUT 120 ENVIRONMENT "${aurora_test_environment}")
endforeach()
