# SPDX-License-Identifier: MIT
# aurora-sim, the seeded simulation of the modules: a program, and the library that its test links.
aurora_sources(aurora_sim_sources sim)
list(REMOVE_ITEM aurora_sim_sources ${PROJECT_SOURCE_DIR}/src/sim/main.c)
add_library(aurora_sim STATIC ${aurora_sim_sources})
aurora_compile(aurora_sim GNU)
target_include_directories(aurora_sim PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(aurora_sim PUBLIC aurora_static m)

add_executable(aurora-sim ${PROJECT_SOURCE_DIR}/src/sim/main.c
    $<TARGET_OBJECTS:aurora_trial_objects>)
aurora_compile(aurora-sim GNU)
target_link_libraries(aurora-sim PRIVATE aurora_sim)
set_target_properties(aurora-sim PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
install(TARGETS aurora-sim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)

if(TARGET sim_test_sim)
    target_link_libraries(sim_test_sim PRIVATE aurora_sim)
    target_compile_definitions(sim_test_sim PRIVATE AURORA_HAVE_SIM=1)
endif()

# The same modules and the same simulation once more, with the bugs of src/plant in them: for the
# test that each of them is caught, and never installed.
if(TARGET sim_test_plants)
    aurora_sources(aurora_planted_sources core codec resilience trending trace)
    add_library(aurora_planted OBJECT ${aurora_planted_sources} ${aurora_sim_sources})
    aurora_compile(aurora_planted GNU)
    target_compile_definitions(aurora_planted PUBLIC AURORA_PLANTS=1)
    target_include_directories(aurora_planted PUBLIC
        ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(sim_test_plants PRIVATE aurora_planted)
    target_compile_definitions(sim_test_plants PRIVATE AURORA_HAVE_SIM=1)

    add_executable(aurora-sim-planted ${PROJECT_SOURCE_DIR}/src/sim/main.c
        $<TARGET_OBJECTS:aurora_trial_objects>)
    aurora_compile(aurora-sim-planted GNU)
    target_link_libraries(aurora-sim-planted PRIVATE aurora_planted aurora_static m)
    set_target_properties(aurora-sim-planted PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/sim)
endif()

# The engine with its own bugs in it, under the simulation of the whole library: the archive's engine
# is not taken where these objects are.
if(TARGET sim_test_plants_engine)
    aurora_sources(aurora_planted_engine_sources engine)
    add_library(aurora_planted_engine OBJECT ${aurora_planted_engine_sources})
    aurora_compile(aurora_planted_engine GNU)
    target_compile_definitions(aurora_planted_engine PUBLIC AURORA_PLANTS=1)
    target_include_directories(aurora_planted_engine PUBLIC
        ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(sim_test_plants_engine PRIVATE aurora_planted_engine)
    target_sources(sim_test_plants_engine PRIVATE $<TARGET_OBJECTS:aurora_trial_objects>)
    target_compile_definitions(sim_test_plants_engine PRIVATE AURORA_HAVE_SIM=1)
endif()

if(TARGET sim_test_sim_engine)
    target_sources(sim_test_sim_engine PRIVATE ${PROJECT_SOURCE_DIR}/tests/sim/planted_store.c
        $<TARGET_OBJECTS:aurora_trial_objects>)
endif()
