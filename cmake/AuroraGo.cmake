# SPDX-License-Identifier: MIT
# The Go binding: its tests run over the libraries of this build, installed as a host would have them.
set(aurora_go_dir ${PROJECT_SOURCE_DIR}/bindings/go)
file(GLOB files CONFIGURE_DEPENDS ${aurora_go_dir}/tests/*.sh)
foreach(file IN LISTS files)
    get_filename_component(noun ${file} NAME_WE)
    add_test(NAME go/${noun} COMMAND bash ${file})
    aurora_test_properties(go/${noun} ${file} integration go)
endforeach()
