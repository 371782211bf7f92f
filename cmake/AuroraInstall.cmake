# SPDX-License-Identifier: MIT
# Headers, libraries, their .pc files and the CMake package.
option(AURORA_INSTALL "Write install rules" ${PROJECT_IS_TOP_LEVEL})
if(NOT AURORA_INSTALL)
    return()
endif()

set(aurora_targets "")
foreach(target aurora aurora_static aurora_net aurora_net_static)
    if(TARGET ${target})
        list(APPEND aurora_targets ${target})
    endif()
endforeach()
install(TARGETS ${aurora_targets} EXPORT AuroraTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/aurora
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN "*.h")

set(AURORA_HAS_NET_STATIC FALSE)
if(TARGET aurora_net_static)
    set(AURORA_HAS_NET_STATIC TRUE)
endif()
set(aurora_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Aurora)
install(EXPORT AuroraTargets NAMESPACE Aurora:: DESTINATION ${aurora_package_dir}
    COMPONENT library)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/AuroraConfig.cmake.in
    ${PROJECT_BINARY_DIR}/generated/AuroraConfig.cmake
    INSTALL_DESTINATION ${aurora_package_dir})
# Before 1.0 a minor version may break its callers.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/AuroraConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/AuroraConfig.cmake
    ${PROJECT_BINARY_DIR}/generated/AuroraConfigVersion.cmake
    DESTINATION ${aurora_package_dir} COMPONENT library)

# Relative to the file itself, so that an installed tree can be moved.
file(RELATIVE_PATH AURORA_PC_PREFIX
    ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" AURORA_PC_PREFIX ${AURORA_PC_PREFIX})
set(aurora_pc_names aurora)
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
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/man/aurora-settings.5
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT programs)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/man/aurora.7
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT programs)
    file(GLOB aurora_man8 CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.8)
    install(FILES ${aurora_man8} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT programs)
endif()
