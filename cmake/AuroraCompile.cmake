# SPDX-License-Identifier: MIT
# Flags that every target of ours shares. They are set per target: a host that adds this folder to
# its own build keeps its flags.

# aurora_compile(target [GNU]): strict C11; GNU adds _GNU_SOURCE for code that calls the system.
function(aurora_compile target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "GNU" "" "")
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF C_VISIBILITY_PRESET hidden)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
        -Werror=implicit)
    if(AURORA_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(arg_GNU)
        # Empty, so that a file may also say it itself.
        target_compile_definitions(${target} PRIVATE _GNU_SOURCE=)
    endif()
    if(AURORA_SANITIZE)
        target_compile_options(${target} PRIVATE
            -fsanitize=${AURORA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
        # PUBLIC, so that whatever links an object or archive of ours links the runtime too.
        target_link_options(${target} PUBLIC -fsanitize=${AURORA_SANITIZE})
    endif()
endfunction()

# aurora_sources(out folder...): all C files directly in the given folders of src/.
function(aurora_sources out)
    set(patterns "")
    foreach(folder IN LISTS ARGN)
        list(APPEND patterns ${PROJECT_SOURCE_DIR}/src/${folder}/*.c)
    endforeach()
    file(GLOB files CONFIGURE_DEPENDS ${patterns})
    set(${out} ${files} PARENT_SCOPE)
endfunction()
