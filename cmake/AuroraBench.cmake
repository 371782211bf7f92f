# SPDX-License-Identifier: MIT
# bench/NAME.c or bench/bench_NAME.c is build/bench/bench_NAME, run by ./dev bench NAME. Files of
# bench/support are linked to all of them.
file(GLOB aurora_bench_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
file(GLOB aurora_bench_support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/support/*.c)
foreach(file IN LISTS aurora_bench_files)
    get_filename_component(name ${file} NAME_WE)
    if(NOT name MATCHES "^bench_")
        set(name bench_${name})
    endif()
    add_executable(${name} ${file} ${aurora_bench_support})
    aurora_compile(${name} GNU)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src
        ${PROJECT_SOURCE_DIR}/bench/support)
    target_link_libraries(${name} PRIVATE aurora_static SQLite::SQLite3 Threads::Threads m)
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
endforeach()
