# SPDX-License-Identifier: MIT
# tests/TIER/test_NOUN.c is one executable, one ctest entry TIER/NOUN, with the tier as its label.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check>=0.15)

file(GLOB aurora_support_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.c)
# What needs libaurora-net, and a bank to talk to, is left out where that is not built.
set(aurora_has_net OFF)
if(TARGET aurora_net_static AND TARGET aurora_http)
    set(aurora_has_net ON)
else()
    list(FILTER aurora_support_files EXCLUDE REGEX "/http_bank\\.c$")
endif()
if(NOT aurora_has_net OR NOT HIREDIS_FOUND)
    list(FILTER aurora_support_files EXCLUDE REGEX "/redis_test\\.c$")
endif()
set(aurora_has_kafka OFF)
if(aurora_has_net AND RDKAFKA_FOUND)
    set(aurora_has_kafka ON)
else()
    list(FILTER aurora_support_files EXCLUDE REGEX "/bus_[a-z_]*\\.c$")
endif()
add_library(aurora_test_support STATIC ${aurora_support_files})
aurora_compile(aurora_test_support GNU)
target_include_directories(aurora_test_support PUBLIC
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests/support ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(aurora_test_support PUBLIC
    ${AURORA_PROGRAM_PARTS} $<TARGET_NAME_IF_EXISTS:aurora_net_static>
    aurora_static SQLite::SQLite3 PkgConfig::CHECK Threads::Threads m)
target_compile_definitions(aurora_test_support PUBLIC _GNU_SOURCE=)
if(aurora_has_net)
    target_link_libraries(aurora_test_support PUBLIC OpenSSL::SSL)
endif()
if(aurora_has_net AND HIREDIS_FOUND)
    target_link_libraries(aurora_test_support PUBLIC PkgConfig::HIREDIS)
    target_compile_definitions(aurora_test_support PUBLIC AURORA_TEST_HAS_REDIS=1)
endif()
if(aurora_has_kafka)
    target_link_libraries(aurora_test_support PUBLIC PkgConfig::RDKAFKA)
endif()

set(aurora_test_environment
    "AURORA_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "AURORA_BUILD_DIR=${PROJECT_BINARY_DIR}"
    "AURORA_BIN=${PROJECT_BINARY_DIR}/bin")
if(NOT DEFINED ENV{AURORA_DATA} AND IS_DIRECTORY ${PROJECT_SOURCE_DIR}/../shared/data)
    get_filename_component(aurora_data ${PROJECT_SOURCE_DIR}/../shared/data ABSOLUTE)
    list(APPEND aurora_test_environment "AURORA_DATA=${aurora_data}")
endif()

set(aurora_timeout_unit 60)
set(aurora_timeout_sim 300)
set(aurora_timeout_contract 180)
set(aurora_timeout_integration 300)
if(AURORA_SANITIZE) # several times slower
    foreach(tier unit sim contract integration)
        math(EXPR aurora_timeout_${tier} "${aurora_timeout_${tier}} * 3")
    endforeach()
endif()

# What asks for an engine (./dev up) by its variable, itself or by a header of tests/support, has
# the label engines. A comment `ctest: lock NAME` keeps two such tests apart, and
# `ctest: timeout SECONDS` gives one more time.
set(aurora_engine_pattern "AURORA_TEST_(POSTGRES|REDIS|KAFKA|OPENSEARCH|ENGINES)")
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.[ch]
    ${PROJECT_SOURCE_DIR}/tests/support/*.sh)
foreach(file IN LISTS files)
    file(STRINGS ${file} asks REGEX ${aurora_engine_pattern})
    if(asks)
        get_filename_component(stem ${file} NAME_WE)
        string(APPEND aurora_engine_pattern "|support/${stem}\\.sh|include \"(support/)?${stem}\\.h\"")
    endif()
endforeach()

function(aurora_test_properties test file tier)
    set(labels ${tier} ${ARGN})
    set(timeout ${aurora_timeout_${tier}})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} engines REGEX ${aurora_engine_pattern})
    if(engines)
        list(APPEND labels engines)
    endif()
    file(STRINGS ${file} words REGEX "ctest: (lock|timeout) ")
    if(words MATCHES "ctest: timeout ([0-9]+)")
        set(timeout ${CMAKE_MATCH_1})
    endif()
    if(words MATCHES "ctest: lock ([a-z_]+)")
        set_tests_properties(${test} PROPERTIES RESOURCE_LOCK ${CMAKE_MATCH_1})
    endif()
    set_tests_properties(${test} PROPERTIES
        LABELS "${labels}" TIMEOUT ${timeout} SKIP_RETURN_CODE 77
        ENVIRONMENT "${aurora_test_environment}")
endfunction()

foreach(tier unit sim contract integration)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${tier}/test_*.c)
    foreach(file IN LISTS files)
        file(STRINGS ${file} needs_net REGEX "#include <aurora/net\\.h>")
        if(needs_net AND NOT aurora_has_net)
            continue()
        endif()
        file(STRINGS ${file} needs_redis REGEX "#include \"redis_test\\.h\"")
        if(needs_redis AND NOT (aurora_has_net AND HIREDIS_FOUND))
            continue()
        endif()
        file(STRINGS ${file} needs_kafka REGEX "#include \"bus_(fixture|kafka_places)\\.h\"")
        if(needs_kafka AND NOT aurora_has_kafka)
            continue()
        endif()
        get_filename_component(stem ${file} NAME_WE)
        string(REGEX REPLACE "^test_" "" noun ${stem})
        set(target ${tier}_${stem})
        add_executable(${target} ${file})
        aurora_compile(${target} GNU)
        target_link_libraries(${target} PRIVATE aurora_test_support)
        set_target_properties(${target} PROPERTIES OUTPUT_NAME ${stem}
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${tier})
        add_test(NAME ${tier}/${noun} COMMAND ${target})
        aurora_test_properties(${tier}/${noun} ${file} ${tier})
    endforeach()
    # Shell tests use the built programs and libraries as a user would; 77 says skipped.
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${tier}/*.sh)
    foreach(file IN LISTS files)
        get_filename_component(noun ${file} NAME_WE)
        add_test(NAME ${tier}/${noun} COMMAND bash ${file})
        aurora_test_properties(${tier}/${noun} ${file} ${tier} shell)
    endforeach()
endforeach()

# The checks read sources and built libraries; sanitized builds would only repeat them.
if(NOT AURORA_SANITIZE)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scripts/checks/*.sh
        ${PROJECT_SOURCE_DIR}/scripts/checks/*.py)
    foreach(file IN LISTS files)
        get_filename_component(noun ${file} NAME_WE)
        add_test(NAME checks/${noun} COMMAND ${file})
        set_tests_properties(checks/${noun} PROPERTIES
            LABELS checks TIMEOUT 120 SKIP_RETURN_CODE 77
            ENVIRONMENT "${aurora_test_environment}")
    endforeach()
endif()
