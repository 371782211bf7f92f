# SPDX-License-Identifier: MIT
# The Python binding: its wheel is built once and all of its tests run what is in the wheel.
set(aurora_python_dir ${PROJECT_SOURCE_DIR}/bindings/python)
add_test(NAME python/wheel COMMAND bash ${aurora_python_dir}/tests/wheel.sh)
set_tests_properties(python/wheel PROPERTIES FIXTURES_SETUP python_wheel)
aurora_test_properties(python/wheel ${aurora_python_dir}/tests/wheel.sh integration python)

file(GLOB files CONFIGURE_DEPENDS ${aurora_python_dir}/tests/test_*.py)
foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "" noun ${stem})
    add_test(NAME python/${noun} COMMAND bash ${aurora_python_dir}/tests/run.sh ${file})
    set_tests_properties(python/${noun} PROPERTIES FIXTURES_REQUIRED python_wheel)
    aurora_test_properties(python/${noun} ${file} integration python)
endforeach()
add_test(NAME python/types COMMAND bash ${aurora_python_dir}/tests/types.sh)
set_tests_properties(python/types PROPERTIES FIXTURES_REQUIRED python_wheel)
aurora_test_properties(python/types ${aurora_python_dir}/tests/types.sh integration python)
