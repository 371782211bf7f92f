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

set(aurora_net_folders net)
foreach(adapter IN LISTS AURORA_NET_ADAPTERS)
    list(APPEND aurora_net_folders adapters/${adapter})
endforeach()
aurora_sources(aurora_net_sources ${aurora_net_folders})
add_library(aurora_net_objects OBJECT ${aurora_net_sources})
aurora_compile(aurora_net_objects GNU)
set_target_properties(aurora_net_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(aurora_net_objects PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(aurora_net_objects PRIVATE CURL::libcurl OpenSSL::Crypto)

# aurora_net_library(target kind exported libaurora)
function(aurora_net_library target kind exported libaurora)
    add_library(${target} ${kind} $<TARGET_OBJECTS:aurora_net_objects>)
    add_library(Aurora::${exported} ALIAS ${target})
    aurora_compile(${target})
    target_include_directories(${target} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PUBLIC ${libaurora}
        PRIVATE CURL::libcurl OpenSSL::Crypto Threads::Threads)
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
