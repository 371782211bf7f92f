# SPDX-License-Identifier: MIT
# libaurora-net, the adapters that talk to a network: shared and static like libaurora, built where
# the libraries that it stands on are found. It has one entry, aurora_net_drivers.
option(AURORA_BUILD_NET "Build libaurora-net where libcurl and OpenSSL are found" ON)
if(NOT AURORA_BUILD_NET)
    return()
endif()
find_package(CURL 7.85 QUIET)
find_package(OpenSSL 3.0 QUIET COMPONENTS Crypto SSL)
if(NOT CURL_FOUND OR NOT OPENSSL_FOUND)
    message(STATUS "libaurora-net is not built: it needs libcurl 7.85 and libcrypto 3.0 "
        "(Debian: libcurl4-openssl-dev libssl-dev)")
    return()
endif()

# An adapter whose library is missing is left out; drivers.c then has no row for it.
find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
    message(STATUS "libaurora-net is not built: it needs pkg-config")
    return()
endif()
pkg_check_modules(PQ IMPORTED_TARGET libpq>=15)
pkg_check_modules(RDKAFKA IMPORTED_TARGET rdkafka>=2.0.2)
pkg_check_modules(HIREDIS IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(CJSON IMPORTED_TARGET libcjson>=1.7.15)
pkg_check_modules(AURORA_CURL QUIET libcurl)
pkg_check_modules(AURORA_CRYPTO QUIET libcrypto)
set(aurora_net_folders net adapters/payment_http adapters/notifier_smtp adapters/notifier_webhook
    adapters/sender)
set(aurora_net_libraries CURL::libcurl OpenSSL::Crypto)
# For cmake/AuroraInstall.cmake: the words that link each of them.
set(AURORA_NET_WORDS -lcurl -lcrypto)
if(AURORA_CURL_FOUND AND AURORA_CRYPTO_FOUND)
    set(AURORA_NET_WORDS ${AURORA_CURL_LDFLAGS} ${AURORA_CRYPTO_LDFLAGS})
endif()
set(AURORA_NET_MODULES "")
set(aurora_net_definitions "")
# aurora_net_with(NAME module definition adapter...)
function(aurora_net_with prefix module definition)
    if(NOT ${prefix}_FOUND)
        message(STATUS "libaurora-net is built without ${ARGN}: ${module} is missing")
        return()
    endif()
    foreach(adapter IN LISTS ARGN)
        list(APPEND aurora_net_folders adapters/${adapter})
    endforeach()
    list(APPEND aurora_net_libraries PkgConfig::${prefix})
    list(APPEND aurora_net_definitions ${definition}=1)
    set(aurora_net_folders ${aurora_net_folders} PARENT_SCOPE)
    set(aurora_net_libraries ${aurora_net_libraries} PARENT_SCOPE)
    set(aurora_net_definitions ${aurora_net_definitions} PARENT_SCOPE)
    set(AURORA_NET_WORDS ${AURORA_NET_WORDS} ${${prefix}_LDFLAGS} PARENT_SCOPE)
    # For cmake/AuroraConfig.cmake.in, which finds them again.
    set(AURORA_NET_MODULES "${AURORA_NET_MODULES} ${prefix}:${module}" PARENT_SCOPE)
endfunction()
aurora_net_with(PQ libpq AURORA_HAVE_POSTGRES store_postgres)
aurora_net_with(RDKAFKA rdkafka AURORA_HAVE_KAFKA bus_kafka)
aurora_net_with(HIREDIS hiredis AURORA_HAVE_REDIS redis)
aurora_net_with(CJSON libcjson AURORA_HAVE_ELASTIC search_elastic)
aurora_sources(aurora_net_sources ${aurora_net_folders})
# The scripts that run inside Redis travel inside the library.
if(HIREDIS_FOUND)
    file(GLOB aurora_lua CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/adapters/redis/*.lua)
    foreach(script IN LISTS aurora_lua)
        get_filename_component(name ${script} NAME_WE)
        set(embedded ${PROJECT_BINARY_DIR}/generated/aurora_redis_${name}.c)
        add_custom_command(
            OUTPUT ${embedded}
            COMMAND ${CMAKE_COMMAND} -DINPUT=${script} -DOUTPUT=${embedded}
                    -DHEADER=adapters/redis/scripts.h -DSYMBOL=aurora__redis_${name}_lua
                    -P ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
            DEPENDS ${script} ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
            COMMENT "Embedding ${name}.lua" VERBATIM)
        list(APPEND aurora_net_sources ${embedded})
    endforeach()
endif()
# The migrations of the PostgreSQL store travel inside the library.
if(PQ_FOUND)
    set(aurora_pg_dir ${PROJECT_SOURCE_DIR}/src/adapters/store_postgres)
    set(aurora_pg_c ${PROJECT_BINARY_DIR}/generated/aurora_store_postgres_migrations.c)
    file(GLOB aurora_pg_migrations CONFIGURE_DEPENDS ${aurora_pg_dir}/*.sql)
    add_custom_command(
        OUTPUT ${aurora_pg_c}
        COMMAND ${CMAKE_COMMAND} -DOUTPUT=${aurora_pg_c} -DFOLDER=${aurora_pg_dir}
                -DTYPE=aurora__pg_migration -P ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake
        DEPENDS ${aurora_pg_migrations} ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake
        COMMENT "Embedding SQL migrations of PostgreSQL" VERBATIM)
    list(APPEND aurora_net_sources ${aurora_pg_c})
endif()
add_library(aurora_net_objects OBJECT ${aurora_net_sources})
aurora_compile(aurora_net_objects GNU)
set_target_properties(aurora_net_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(aurora_net_objects PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(aurora_net_objects PRIVATE ${aurora_net_definitions})
target_link_libraries(aurora_net_objects PRIVATE ${aurora_net_libraries})

# aurora_net_library(target kind exported libaurora)
function(aurora_net_library target kind exported libaurora)
    add_library(${target} ${kind} $<TARGET_OBJECTS:aurora_net_objects>)
    add_library(Aurora::${exported} ALIAS ${target})
    aurora_compile(${target})
    target_include_directories(${target} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PUBLIC ${libaurora}
        PRIVATE ${aurora_net_libraries} Threads::Threads)
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME aurora-net EXPORT_NAME ${exported} LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION} SOVERSION ${AURORA_SOVERSION}
        ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
endfunction()

if(AURORA_BUILD_STATIC)
    aurora_net_library(aurora_net_static STATIC net_static aurora_static)
endif()
if(AURORA_BUILD_SHARED)
    aurora_net_library(aurora_net SHARED net aurora)
    if(NOT APPLE)
        set(aurora_net_map ${PROJECT_SOURCE_DIR}/cmake/aurora-net.map)
        target_link_options(aurora_net PRIVATE -Wl,--version-script=${aurora_net_map})
        set_target_properties(aurora_net PROPERTIES LINK_DEPENDS ${aurora_net_map})
        if(NOT AURORA_SANITIZE)
            target_link_options(aurora_net PRIVATE -Wl,-z,defs)
        endif()
    endif()
else()
    add_library(Aurora::net ALIAS aurora_net_static)
endif()
