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
set(aurora_has_postgres OFF)
if(aurora_has_net AND PQ_FOUND)
    set(aurora_has_postgres ON)
else()
    list(FILTER aurora_support_files EXCLUDE REGEX "/postgres_[a-z]+\\.c$")
endif()
# The store of examples/own_store keeps the contract too.
file(GLOB aurora_own_store_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/own_store/*.c)
add_library(aurora_test_support STATIC ${aurora_support_files} ${aurora_own_store_files})
aurora_compile(aurora_test_support GNU)
target_include_directories(aurora_test_support PRIVATE ${PROJECT_SOURCE_DIR}/examples)
target_include_directories(aurora_test_support PUBLIC
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests/support ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(aurora_test_support PUBLIC
    ${AURORA_PROGRAM_PARTS} $<TARGET_NAME_IF_EXISTS:aurora_net_static>
    aurora_static SQLite::SQLite3 PkgConfig::CHECK Threads::Threads m)
target_compile_definitions(aurora_test_support PUBLIC _GNU_SOURCE=)
if(aurora_has_net)
    target_compile_definitions(aurora_test_support PRIVATE AURORA_TEST_HAS_NET=1)
    target_link_libraries(aurora_test_support PUBLIC OpenSSL::SSL)
endif()
if(aurora_has_net AND HIREDIS_FOUND)
    target_link_libraries(aurora_test_support PUBLIC PkgConfig::HIREDIS)
    target_compile_definitions(aurora_test_support PUBLIC AURORA_TEST_HAS_REDIS=1)
endif()
if(aurora_has_kafka)
    target_link_libraries(aurora_test_support PUBLIC PkgConfig::RDKAFKA)
endif()
if(aurora_has_postgres)
    target_link_libraries(aurora_test_support PUBLIC PkgConfig::PQ)
    target_compile_definitions(aurora_test_support PUBLIC AURORA_HAVE_POSTGRES=1)
endif()

set(aurora_test_environment
    "AURORA_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "AURORA_BUILD_DIR=${PROJECT_BINARY_DIR}"
    "AURORA_BIN=${PROJECT_BINARY_DIR}/bin")
if(NOT DEFINED ENV{AURORA_DATA} AND IS_DIRECTORY ${PROJECT_SOURCE_DIR}/../shared/data)
    get_filename_component(aurora_data ${PROJECT_SOURCE_DIR}/../shared/data ABSOLUTE)
    list(APPEND aurora_test_environment "AURORA_DATA=${aurora_data}")
endif()

set(aurora_timeout_unit 120)
set(aurora_timeout_sim 600)
set(aurora_timeout_contract 180)
set(aurora_timeout_integration 300)
set(aurora_timeout_threats 180)
set(aurora_timeout_abi 300)
if(AURORA_SANITIZE OR CMAKE_C_FLAGS_DEBUG MATCHES "--coverage") # several times slower
    foreach(tier unit sim contract integration threats abi)
        math(EXPR aurora_timeout_${tier} "${aurora_timeout_${tier}} * 3")
    endforeach()
endif()

# What asks for an engine (./dev up) by its variable, itself or by a header of tests/support, has
# the label engines. A comment `ctest: lock NAME` keeps two such tests apart, and
# `ctest: timeout SECONDS` gives one more time.
set(aurora_engine_word "AURORA_TEST_(POSTGRES|REDIS|KAFKA|OPENSEARCH)")
set(aurora_engine_pattern ${aurora_engine_word})
set(aurora_engine_stems "")
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.[ch]
    ${PROJECT_SOURCE_DIR}/tests/support/*.sh)
foreach(file IN LISTS files)
    file(STRINGS ${file} asks REGEX ${aurora_engine_pattern})
    if(asks)
        get_filename_component(stem ${file} NAME_WE)
        list(APPEND aurora_engine_stems ${stem})
        list(REMOVE_DUPLICATES aurora_engine_stems)
        list(JOIN aurora_engine_stems "|" stems)
        set(aurora_engine_pattern
            "${aurora_engine_word}|support/(${stems})\\.sh|include \"(support/)?(${stems})\\.h\"")
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

foreach(tier unit sim contract integration threats abi)
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
        if(file MATCHES "_postgres[a-z_]*\\.c$" AND NOT aurora_has_postgres)
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

# Those of docs/SECURITY.md that drive whole programs are Python, and stand for themselves.
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/threats/*.py)
foreach(file IN LISTS files)
    get_filename_component(noun ${file} NAME_WE)
    add_test(NAME threats/${noun} COMMAND python3 ${file})
    aurora_test_properties(threats/${noun} ${file} threats shell)
endforeach()

# The checks read sources and built libraries; sanitized builds would only repeat them.
if(NOT AURORA_SANITIZE)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scripts/checks/*.sh
        ${PROJECT_SOURCE_DIR}/scripts/checks/*.py)
    foreach(file IN LISTS files)
        get_filename_component(noun ${file} NAME_WE)
        add_test(NAME checks/${noun} COMMAND ${file})
        set_tests_properties(checks/${noun} PROPERTIES
            LABELS checks TIMEOUT 300 SKIP_RETURN_CODE 77
            ENVIRONMENT "${aurora_test_environment}")
    endforeach()
endif()

# What holds for a plain connection holds over TLS: the same tests of the server, by both versions.
foreach(noun http_server http_answer http_server_drain http_memory)
    foreach(version 1.2 1.3)
        set(test integration/${noun}_tls_${version})
        add_test(NAME ${test} COMMAND integration_test_${noun})
        aurora_test_properties(${test} ${PROJECT_SOURCE_DIR}/tests/integration/test_${noun}.c
            integration)
        set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT "AURORA_TEST_TLS=${version}")
    endforeach()
endforeach()
# But for those at the limits that tell a client why: there is no word before the handshake. By 1.2,
# where nothing comes to the client behind the handshake that it might take for an answer.
set(aurora_limits_over_tls "")
foreach(name a_slow_head_is_408 a_slow_body_is_408
        a_body_below_the_rate_is_408_long_before_its_time a_body_above_the_rate_may_take_its_time
        a_head_sent_ahead_has_its_own_time an_idle_connection_is_closed_without_a_word
        a_handler_without_an_answer_is_503 an_answer_that_comes_too_late_is_dropped
        a_client_that_does_not_read_is_cut_off the_longest_idle_connection_makes_room
        a_stream_ends_and_the_connection_goes_on
        a_stream_to_an_old_client_ends_with_its_connection head_of_a_stream_is_its_head
        a_stream_closes_when_its_client_leaves a_stream_that_nobody_reads_is_ended
        beyond_the_streams_allowed_a_request_gets_503 each_principal_has_streams_of_its_own)
    list(APPEND aurora_limits_over_tls test_http_limits__${name})
endforeach()
add_test(NAME integration/http_limits_tls
    COMMAND integration_test_http_limits ${aurora_limits_over_tls})
aurora_test_properties(integration/http_limits_tls
    ${PROJECT_SOURCE_DIR}/tests/integration/test_http_limits.c integration)
set_property(TEST integration/http_limits_tls APPEND PROPERTY ENVIRONMENT "AURORA_TEST_TLS=1.2")

# Preloaded into whole programs, lets calls of the C library fail; a sanitizer wants to come first.
if(NOT AURORA_SANITIZE)
    add_library(aurora_fault_shim MODULE ${PROJECT_SOURCE_DIR}/tests/shim/fault_shim.c)
    target_compile_options(aurora_fault_shim PRIVATE -std=c11 -fno-builtin -Wall -Wextra -Werror)
    target_compile_definitions(aurora_fault_shim PRIVATE _GNU_SOURCE)
    set_target_properties(aurora_fault_shim PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
endif()
