# SPDX-License-Identifier: MIT
# Headers, libraries, their .pc files and the CMake package.
option(AURORA_INSTALL "Write install rules" ${PROJECT_IS_TOP_LEVEL})
if(NOT AURORA_INSTALL)
    return()
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/aurora
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN "*.h")

# An export set for each library: who links one needs not what the others stand on.
set(aurora_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Aurora)
set(AURORA_INSTALLED "")
foreach(target aurora aurora_static aurora_net aurora_net_static aurora_trial)
    if(NOT TARGET ${target})
        continue()
    endif()
    get_target_property(name ${target} EXPORT_NAME)
    if(NOT name)
        set(name ${target})
    endif()
    list(APPEND AURORA_INSTALLED ${name})
    install(TARGETS ${target} EXPORT Aurora_${name}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
    install(EXPORT Aurora_${name} NAMESPACE Aurora:: DESTINATION ${aurora_package_dir}
        COMPONENT library)
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/AuroraConfig.cmake.in
    ${PROJECT_BINARY_DIR}/generated/AuroraConfig.cmake
    INSTALL_DESTINATION ${aurora_package_dir}
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its callers.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/AuroraConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/AuroraConfig.cmake
    ${PROJECT_BINARY_DIR}/generated/AuroraConfigVersion.cmake
    DESTINATION ${aurora_package_dir} COMPONENT library)

# Relative to the file itself, so that an installed tree can be moved; but in /usr, where pkg-config
# knows the folders as the compiler's own and leaves them out.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(AURORA_PC_PREFIX /usr)
    set(AURORA_PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
    set(AURORA_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
else()
    set(aurora_pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
    file(RELATIVE_PATH aurora_up ${aurora_pc_dir} ${CMAKE_INSTALL_PREFIX})
    file(RELATIVE_PATH aurora_include ${CMAKE_INSTALL_FULL_LIBDIR}
        ${CMAKE_INSTALL_FULL_INCLUDEDIR})
    string(REGEX REPLACE "/$" "" aurora_up "${aurora_up}")
    set(AURORA_PC_PREFIX "\${pcfiledir}/${aurora_up}")
    # Not by way of prefix: --define-prefix would take the folder above lib/TRIPLET for it.
    set(AURORA_PC_LIBDIR "\${pcfiledir}/..")
    set(AURORA_PC_INCLUDEDIR "\${libdir}/${aurora_include}")
endif()
# aurora_pc_words(OUT word...): one line of them, without the folders into which every linker looks.
function(aurora_pc_words out)
    set(words "")
    foreach(word IN LISTS ARGN)
        string(REGEX REPLACE "^-L" "" folder "${word}")
        if(word STREQUAL folder OR
                NOT (folder STREQUAL "" OR folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES))
            list(APPEND words "${word}")
        endif()
    endforeach()
    list(JOIN words " " words)
    set(${out} "${words}" PARENT_SCOPE)
endfunction()
# What an archive leaves to its user is said by its own words, and not by Requires.private: with --static
# that asks for all that SQLite, curl, libpq and librdkafka stand on themselves, and a distribution may
# have no archive of it, or put it into packages that theirs do not bring.
get_filename_component(aurora_sqlite_dir "${SQLite3_LIBRARY}" DIRECTORY)
aurora_pc_words(AURORA_PC_LIBS -L${aurora_sqlite_dir} -lsqlite3 -lm -pthread)
aurora_pc_words(AURORA_PC_NET_LIBS ${AURORA_NET_WORDS} -pthread)
set(aurora_pc_names aurora aurora-sim)
if(TARGET aurora_net OR TARGET aurora_net_static)
    list(APPEND aurora_pc_names aurora-net)
endif()
foreach(name IN LISTS aurora_pc_names)
    configure_file(${PROJECT_SOURCE_DIR}/pkgconfig/${name}.pc.in
        ${PROJECT_BINARY_DIR}/generated/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/generated/${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
endforeach()

# Pages of the library, and of each program that is built.
install(FILES ${PROJECT_SOURCE_DIR}/docs/man/aurora.3
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT library)
if(AURORA_BUILD_DAEMONS)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/man/auroractl.1
        ${PROJECT_SOURCE_DIR}/docs/man/aurora-sim.1
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/man/aurora-settings.5
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT programs)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/man/aurora.7
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT programs)
    file(GLOB aurora_man8 CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.8)
    install(FILES ${aurora_man8} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT programs)
endif()
