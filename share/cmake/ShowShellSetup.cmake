# Runs at the end of `cmake --install`: prints how a shell finds the programs and the
# completions of a private prefix. bash-completion before 2.12 looks in XDG_DATA_DIRS
# only, later versions also look next to the program. man follows PATH.
get_filename_component(prefix "${CMAKE_INSTALL_PREFIX}" ABSOLUTE)
if(NOT prefix MATCHES "^/usr(/local)?$" AND "$ENV{DESTDIR}" STREQUAL "")
  message("To use the programs, and to complete their options, add to ~/.bashrc:\n"
    "  export PATH=\"${prefix}/${bin_directory}:$PATH\"\n"
    "  export XDG_DATA_DIRS=\"${prefix}/${data_directory}:\${XDG_DATA_DIRS:-/usr/local/share:/usr/share}\"")
endif()
