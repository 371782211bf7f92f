# SPDX-License-Identifier: MIT
# aurora-explore, the exhaustive search of small scopes: a program, and the library that its test
# links.
aurora_sources(aurora_explore_sources explore)
list(REMOVE_ITEM aurora_explore_sources ${PROJECT_SOURCE_DIR}/src/explore/main.c)
add_library(aurora_explore STATIC ${aurora_explore_sources})
aurora_compile(aurora_explore GNU)
target_include_directories(aurora_explore PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(aurora_explore PUBLIC aurora_static)

add_executable(aurora-explore ${PROJECT_SOURCE_DIR}/src/explore/main.c)
aurora_compile(aurora-explore GNU)
target_link_libraries(aurora-explore PRIVATE aurora_explore)
set_target_properties(aurora-explore PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

if(TARGET sim_test_explore)
    target_link_libraries(sim_test_explore PRIVATE aurora_explore)
    target_compile_definitions(sim_test_explore PRIVATE AURORA_HAVE_EXPLORE=1)
endif()
