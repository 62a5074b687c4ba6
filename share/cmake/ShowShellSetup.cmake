# Runs at the end of `cmake --install`: prints how a shell finds the programs and the
# completions of a private prefix. bash-completion before 2.12 looks in XDG_DATA_DIRS
# only, later versions also look next to the program. man follows PATH.
if(NOT CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$" AND "$ENV{DESTDIR}" STREQUAL "")
  message("To use the programs, and to complete their options, add to ~/.bashrc:\n"
    "  export PATH=\"${CMAKE_INSTALL_PREFIX}/${bin_directory}:$PATH\"\n"
    "  export XDG_DATA_DIRS=\"${CMAKE_INSTALL_PREFIX}/${data_directory}:\${XDG_DATA_DIRS:-/usr/local/share:/usr/share}\"")
endif()
