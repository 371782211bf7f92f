# SPDX-License-Identifier: MIT
# libaurora-sim: the simulation of the whole library, for test programs of its users. It stands on
# the public headers alone. Programs of ours, which have libaurora.a in them, take its objects.
aurora_sources(aurora_trial_sources trial)
add_library(aurora_trial_objects OBJECT ${aurora_trial_sources})
aurora_compile(aurora_trial_objects GNU)
target_include_directories(aurora_trial_objects PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)

add_library(aurora_trial STATIC $<TARGET_OBJECTS:aurora_trial_objects>)
add_library(Aurora::sim ALIAS aurora_trial)
aurora_compile(aurora_trial)
target_include_directories(aurora_trial INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
if(TARGET aurora)
    target_link_libraries(aurora_trial PUBLIC aurora)
else()
    target_link_libraries(aurora_trial PUBLIC aurora_static)
endif()
set_target_properties(aurora_trial PROPERTIES
    OUTPUT_NAME aurora-sim EXPORT_NAME sim LINKER_LANGUAGE C
    ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
