# SPDX-License-Identifier: MIT
# aurora-sim, the seeded simulation of the modules: a program, and the library that its test links.
aurora_sources(aurora_sim_sources sim)
list(REMOVE_ITEM aurora_sim_sources ${PROJECT_SOURCE_DIR}/src/sim/main.c)
add_library(aurora_sim STATIC ${aurora_sim_sources})
aurora_compile(aurora_sim GNU)
target_include_directories(aurora_sim PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(aurora_sim PUBLIC aurora_static)

add_executable(aurora-sim ${PROJECT_SOURCE_DIR}/src/sim/main.c)
aurora_compile(aurora-sim GNU)
target_link_libraries(aurora-sim PRIVATE aurora_sim)
set_target_properties(aurora-sim PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

if(TARGET sim_test_sim)
    target_link_libraries(sim_test_sim PRIVATE aurora_sim)
    target_compile_definitions(sim_test_sim PRIVATE AURORA_HAVE_SIM=1)
endif()
