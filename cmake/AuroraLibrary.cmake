# SPDX-License-Identifier: MIT
# libaurora, shared and static, from the same position-independent objects.

set(AURORA_OBJECTS "")

# The pure parts see neither the system's headers beyond C11 nor _GNU_SOURCE.
aurora_sources(aurora_pure_sources core resilience trending trace codec)
if(aurora_pure_sources)
    # Amounts and counters are computed here: no silent narrowing.
    aurora_sources(aurora_exact_sources core resilience trending trace)
    set_property(SOURCE ${aurora_exact_sources} APPEND PROPERTY COMPILE_OPTIONS -Wconversion)
    add_library(aurora_pure OBJECT ${aurora_pure_sources})
    aurora_compile(aurora_pure)
    list(APPEND AURORA_OBJECTS aurora_pure)
endif()

# The migrations of the SQLite store travel inside the library.
set(aurora_migrations_dir ${PROJECT_SOURCE_DIR}/src/adapters/store_sqlite)
set(aurora_migrations_c ${PROJECT_BINARY_DIR}/generated/aurora_store_sqlite_migrations.c)
file(GLOB aurora_migrations CONFIGURE_DEPENDS ${aurora_migrations_dir}/*.sql)
add_custom_command(
    OUTPUT ${aurora_migrations_c}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${aurora_migrations_c} -DFOLDER=${aurora_migrations_dir}
            -DTYPE=aurora__migration -P ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake
    DEPENDS ${aurora_migrations} ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake
    COMMENT "Embedding SQL migrations" VERBATIM)

# Adapters that talk to a network are libaurora-net's (AuroraNet.cmake).
set(AURORA_NET_ADAPTERS payment_http search_elastic notifier_smtp notifier_webhook sender store_postgres bus_kafka
    redis)
aurora_sources(aurora_shell_sources metric engine api adapters/*)
foreach(adapter IN LISTS AURORA_NET_ADAPTERS)
    list(FILTER aurora_shell_sources EXCLUDE REGEX "/adapters/${adapter}/")
endforeach()
add_library(aurora_shell OBJECT ${aurora_shell_sources} ${aurora_migrations_c})
aurora_compile(aurora_shell GNU)
target_link_libraries(aurora_shell PRIVATE SQLite::SQLite3)
list(APPEND AURORA_OBJECTS aurora_shell)

set(aurora_object_files "")
foreach(objects IN LISTS AURORA_OBJECTS)
    set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(${objects} PRIVATE
        ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    list(APPEND aurora_object_files $<TARGET_OBJECTS:${objects}>)
endforeach()

function(aurora_library target kind)
    add_library(${target} ${kind} ${aurora_object_files})
    add_library(Aurora::${target} ALIAS ${target})
    aurora_compile(${target})
    target_include_directories(${target} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE SQLite::SQLite3 Threads::Threads m)
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME aurora LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION} SOVERSION ${AURORA_SOVERSION}
        ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
endfunction()

if(AURORA_BUILD_STATIC)
    aurora_library(aurora_static STATIC)
endif()
if(AURORA_BUILD_SHARED)
    aurora_library(aurora SHARED)
    if(NOT APPLE)
        set(aurora_map ${PROJECT_SOURCE_DIR}/cmake/aurora.map)
        target_link_options(aurora PRIVATE -Wl,--version-script=${aurora_map})
        set_target_properties(aurora PROPERTIES LINK_DEPENDS ${aurora_map})
        # clang leaves the sanitizers' symbols to the program, hence not under -z defs.
        if(NOT AURORA_SANITIZE)
            target_link_options(aurora PRIVATE -Wl,-z,defs)
        endif()
    endif()
else()
    add_library(Aurora::aurora ALIAS aurora_static)
endif()
