# SPDX-License-Identifier: MIT
# tests/fuzz/fuzz_NAME.c is one target. In every build it is a test, fuzz/NAME, that feeds it each
# input of tests/fuzz/corpus/NAME.txt; with AURORA_FUZZ (preset fuzz: clang, libFuzzer, ASan and
# UBSan) it is a fuzzer, bin/fuzz_NAME, that ./dev fuzz runs.
option(AURORA_FUZZ "Link the fuzz targets with libFuzzer; needs clang" OFF)

# The table: what each target is linked with.
macro(aurora_fuzz_table)
    aurora_fuzz(log              aurora_static)
    aurora_fuzz(event_parse      aurora_static)
    aurora_fuzz(search_query     aurora_static)
    aurora_fuzz(cursor           aurora_http)
    aurora_fuzz(gate             aurora_http)
    aurora_fuzz(json_in          aurora_http)
    aurora_fuzz(router           aurora_http)
    aurora_fuzz(token            aurora_auth)
    aurora_fuzz(reply            aurora_upstream)
    aurora_fuzz(payment_answer   aurora_net_static)
    aurora_fuzz(elastic_reply    aurora_net_static PkgConfig::CJSON)
    aurora_fuzz(redis_reply      aurora_net_static PkgConfig::HIREDIS OpenSSL::Crypto)
    aurora_fuzz(address          aurora_net_static aurora_telemetry)
    aurora_fuzz(trace            aurora_telemetry)
    aurora_fuzz(csv              aurora_http)
    aurora_fuzz(api              aurora_static)
    aurora_fuzz(snapshot         aurora_static)
    aurora_fuzz(text             aurora_service aurora_http aurora_net_static)
    aurora_fuzz(inbound          aurora_static)
    aurora_fuzz(http             aurora_routes aurora_upstream)
    aurora_fuzz(config           aurora_service aurora_daemon)
endmacro()

add_custom_target(fuzz_targets) # all of them

# Whole tables are gone through here, of numbers that no input writes: a hook at each comparison is
# a tenth of what `api` costs, and teaches nothing.
if(AURORA_FUZZ)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/src/trending/tally.c PROPERTIES
        COMPILE_OPTIONS "-O2;-fno-sanitize-coverage=trace-cmp")
endif()

# aurora_fuzz(NAME LIBRARY...): left out where one of the libraries is not built.
function(aurora_fuzz name)
    foreach(library IN LISTS ARGN)
        if(NOT TARGET ${library})
            return()
        endif()
    endforeach()
    set(target fuzz_${name})
    set(file ${PROJECT_SOURCE_DIR}/tests/fuzz/${target}.c)
    set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name}.txt)
    add_executable(${target} ${file})
    aurora_compile(${target} GNU)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE ${ARGN} aurora_static SQLite::SQLite3 Threads::Threads m)
    add_dependencies(fuzz_targets ${target})
    if(AURORA_FUZZ)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        set_target_properties(${target} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
        return()
    endif()
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
    set_target_properties(${target} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/fuzz)
    add_test(NAME fuzz/${name} COMMAND ${target} --corpus ${corpus})
    aurora_test_properties(fuzz/${name} ${file} fuzz)
endfunction()

set(aurora_timeout_fuzz 120)
aurora_fuzz_table()
target_sources(fuzz_api PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/api_reads.c)

# The same messages to services with threads, as daemons have them; fuzzed are those without.
if(NOT AURORA_FUZZ AND TARGET fuzz_inbound)
    set(file ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_inbound.c)
    add_test(NAME fuzz/inbound_threads
        COMMAND fuzz_inbound --corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/inbound.txt)
    aurora_test_properties(fuzz/inbound_threads ${file} fuzz)
    set_property(TEST fuzz/inbound_threads APPEND PROPERTY ENVIRONMENT AURORA_FUZZ_THREADS=1)
endif()

# A file that the table forgot would be run by nobody.
file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
file(STRINGS ${CMAKE_CURRENT_LIST_FILE} rows REGEX "^    aurora_fuzz\\(")
foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "^fuzz_" "" name ${stem})
    if(NOT "${rows}" MATCHES "aurora_fuzz\\(${name} ")
        message(FATAL_ERROR "cmake/AuroraFuzz.cmake has no row for tests/fuzz/${stem}.c")
    endif()
endforeach()

# Money and buckets against integers without end, in another language.
if(NOT AURORA_FUZZ)
    add_executable(fuzz_differential ${PROJECT_SOURCE_DIR}/tests/fuzz/differential.c)
    aurora_compile(fuzz_differential GNU)
    target_link_libraries(fuzz_differential PRIVATE
        aurora_static SQLite::SQLite3 Threads::Threads m)
    set_target_properties(fuzz_differential PROPERTIES OUTPUT_NAME differential
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/fuzz)
    add_dependencies(fuzz_targets fuzz_differential)
    set(file ${PROJECT_SOURCE_DIR}/tests/fuzz/differential.py)
    add_test(NAME fuzz/differential COMMAND python3 ${file} $<TARGET_FILE:fuzz_differential>)
    aurora_test_properties(fuzz/differential ${file} fuzz)
    foreach(name ledger mutants)
        set(file ${PROJECT_SOURCE_DIR}/tests/fuzz/${name}.py)
        add_test(NAME fuzz/${name} COMMAND python3 ${file})
        aurora_test_properties(fuzz/${name} ${file} fuzz)
    endforeach()
endif()
