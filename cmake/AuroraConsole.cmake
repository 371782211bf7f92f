# SPDX-License-Identifier: MIT
# The console in the browser: console/ bundled by npm's packages into one C file, aurora_console_c.
# Packages are installed while this is configured, once for each package-lock.json and for all build
# trees; after that no network is needed, and in another copy of the sources none but for what npm's
# cache does not have. Bundling takes about a second, when a source has changed.
set(AURORA_CONSOLE AUTO CACHE STRING "Build the console: ON, OFF, or AUTO where npm is")
set(AURORA_CONSOLE_PREBUILT "" CACHE FILEPATH "The C file of a console that was bundled before")
set_property(CACHE AURORA_CONSOLE PROPERTY STRINGS AUTO ON OFF)

set(aurora_console_dir ${PROJECT_SOURCE_DIR}/console)
set(aurora_console_c ${PROJECT_BINARY_DIR}/generated/aurora_console.c)

# Sets `out` to why there can be no console; empty = there can.
function(aurora_console_prepare out)
    find_program(AURORA_NODE NAMES node nodejs)
    find_program(AURORA_NPM npm)
    if(NOT AURORA_NODE OR NOT AURORA_NPM)
        set(${out} "this build found no node and npm" PARENT_SCOPE)
        return()
    endif()
    execute_process(COMMAND ${AURORA_NODE} --version OUTPUT_VARIABLE version
        OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REGEX REPLACE "^v" "" version "${version}")
    if(version VERSION_LESS 18)
        set(${out} "this build found node ${version}, and needs 18" PARENT_SCOPE)
        return()
    endif()
    # One at a time: other build trees share the packages.
    file(LOCK ${aurora_console_dir}/.install.lock GUARD FUNCTION TIMEOUT 600)
    set(stamp ${aurora_console_dir}/node_modules/.aurora-lock)
    file(SHA256 ${aurora_console_dir}/package-lock.json wanted)
    if(EXISTS ${stamp})
        file(READ ${stamp} installed)
        if(installed STREQUAL wanted)
            set(${out} "" PARENT_SCOPE)
            return()
        endif()
    endif()
    message(STATUS "Console: npm ci")
    execute_process(COMMAND ${AURORA_NPM} ci WORKING_DIRECTORY ${aurora_console_dir}
        RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said TIMEOUT 600)
    if(NOT result EQUAL 0)
        message(STATUS "${said}")
        set(${out} "npm ci did not work when this was built" PARENT_SCOPE)
        return()
    endif()
    file(WRITE ${stamp} ${wanted})
    set(${out} "" PARENT_SCOPE)
endfunction()

if(AURORA_CONSOLE_PREBUILT)
    set(aurora_console_absence "")
elseif(AURORA_CONSOLE STREQUAL "OFF")
    set(aurora_console_absence "this build has AURORA_CONSOLE=OFF")
else()
    aurora_console_prepare(aurora_console_absence)
    if(aurora_console_absence AND NOT AURORA_CONSOLE STREQUAL "AUTO")
        message(FATAL_ERROR "AURORA_CONSOLE=${AURORA_CONSOLE}: ${aurora_console_absence}")
    endif()
endif()

if(AURORA_CONSOLE_PREBUILT)
    set(aurora_console_c ${AURORA_CONSOLE_PREBUILT})
elseif(aurora_console_absence)
    message(STATUS "Console: built without it: ${aurora_console_absence}")
    set(aurora_console_c ${PROJECT_BINARY_DIR}/generated/aurora_console_absent.c)
    file(CONFIGURE OUTPUT ${aurora_console_c} @ONLY CONTENT
"/* SPDX-License-Identifier: MIT */
/* Written by cmake/AuroraConsole.cmake. */
#include \"console/files.h\"

const aurora__console_file aurora__console_files[] = {{0}};
const size_t aurora__console_file_count = 0;
const char aurora__console_absence[] = \"@aurora_console_absence@\";
")
else()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        ${aurora_console_dir}/package-lock.json)
    file(GLOB_RECURSE aurora_console_sources CONFIGURE_DEPENDS ${aurora_console_dir}/src/*
        ${aurora_console_dir}/public/* ${aurora_console_dir}/build/*.mjs)
    add_custom_command(
        OUTPUT ${aurora_console_c}
        COMMAND ${AURORA_NODE} ${aurora_console_dir}/build/embed.mjs ${aurora_console_c}
        DEPENDS ${aurora_console_sources} ${aurora_console_dir}/package-lock.json
        COMMENT "Bundling the console" VERBATIM)
endif()
