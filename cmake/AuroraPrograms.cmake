# SPDX-License-Identifier: MIT
# daemons/NAME/*.c is the program NAME. Programs see the public headers, src/http, src/routes and
# src/service, nothing else: what they miss there, the API lacks.
find_package(LibLZMA)

find_package(PkgConfig REQUIRED)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent>=2.1.12)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson>=1.7.15)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(SSL REQUIRED IMPORTED_TARGET libssl>=3.0)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(JWT REQUIRED IMPORTED_TARGET libjwt>=1.10)
find_package(CURL 7.85 REQUIRED)

# The description of the API travels inside the routes.
set(aurora_openapi_json ${PROJECT_SOURCE_DIR}/src/routes/openapi.json)
set(aurora_openapi_c ${PROJECT_BINARY_DIR}/generated/aurora_openapi.c)
add_custom_command(
    OUTPUT ${aurora_openapi_c}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${aurora_openapi_json} -DOUTPUT=${aurora_openapi_c}
            -DHEADER=routes/openapi.h -DSYMBOL=aurora__openapi_json
            -P ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
    DEPENDS ${aurora_openapi_json} ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
    COMMENT "Embedding openapi.json" VERBATIM)

include(AuroraConsole)

# What programs share and no library of ours has: the HTTP seam, the routes over the public calls,
# and what every daemon's main needs. An archive each.
set(AURORA_PROGRAM_PARTS "")
foreach(part tls http auth routes console service telemetry upstream daemon gateway)
    aurora_sources(sources ${part})
    if(NOT sources)
        continue()
    endif()
    if(part STREQUAL "routes")
        list(APPEND sources ${aurora_openapi_c})
    elseif(part STREQUAL "console")
        list(APPEND sources ${aurora_console_c})
    endif()
    add_library(aurora_${part} STATIC ${sources})
    aurora_compile(aurora_${part} GNU)
    target_include_directories(aurora_${part} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(aurora_${part} PUBLIC aurora_static Threads::Threads)
    list(PREPEND AURORA_PROGRAM_PARTS aurora_${part})
endforeach()
target_link_libraries(aurora_tls PUBLIC PkgConfig::SSL PkgConfig::CRYPTO)
if(TARGET aurora_http)
    target_link_libraries(aurora_http PUBLIC aurora_tls
        PkgConfig::EVENT PkgConfig::CJSON PkgConfig::CRYPTO PkgConfig::ZLIB)
endif()
foreach(part auth routes console service telemetry upstream daemon gateway)
    if(TARGET aurora_${part})
        target_link_libraries(aurora_${part} PUBLIC $<TARGET_NAME_IF_EXISTS:aurora_http>)
    endif()
endforeach()
foreach(part daemon gateway)
    if(TARGET aurora_${part})
        target_link_libraries(aurora_${part} PUBLIC aurora_service)
    endif()
endforeach()
if(TARGET aurora_auth)
    target_link_libraries(aurora_auth PUBLIC PkgConfig::JWT PkgConfig::CRYPTO CURL::libcurl)
endif()
if(TARGET aurora_telemetry)
    target_link_libraries(aurora_telemetry PUBLIC CURL::libcurl)
endif()
if(TARGET aurora_daemon)
    target_link_libraries(aurora_daemon PUBLIC
        aurora_routes aurora_auth aurora_telemetry $<TARGET_NAME_IF_EXISTS:aurora_net_static>)
    if(TARGET aurora_net_static)
        target_compile_definitions(aurora_daemon PRIVATE AURORA_HAVE_NET=1)
    endif()
endif()

if(TARGET aurora_gateway)
    target_link_libraries(aurora_gateway PUBLIC aurora_daemon aurora_upstream)
endif()

file(GLOB aurora_program_dirs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/daemons/*)
foreach(dir IN LISTS aurora_program_dirs)
    file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.c)
    if(NOT sources)
        continue()
    endif()
    get_filename_component(name ${dir} NAME)
    add_executable(${name} ${sources})
    aurora_compile(${name} GNU)
    target_link_libraries(${name} PRIVATE aurora_static Threads::Threads m)
    target_link_libraries(${name} PRIVATE
        ${AURORA_PROGRAM_PARTS} $<TARGET_NAME_IF_EXISTS:aurora_net_static>)
    if(TARGET aurora_net_static)
        target_compile_definitions(${name} PRIVATE AURORA_HAVE_NET=1)
    endif()
    if(name STREQUAL "auroractl")
        target_link_libraries(${name} PRIVATE CURL::libcurl)
    endif()
    if(name STREQUAL "auroractl" AND LibLZMA_FOUND)
        target_link_libraries(${name} PRIVATE LibLZMA::LibLZMA)
        target_compile_definitions(${name} PRIVATE AURORA_HAVE_LZMA=1)
    endif()
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
endforeach()
