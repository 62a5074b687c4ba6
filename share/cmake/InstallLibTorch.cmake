# Installs LibTorch below a folder of the prefix: its libraries that programs load
# at start, its headers and its licenses. Uses the results of FindLibTorch.cmake.
#
#   install_libtorch(DESTINATION)
#
# The libraries go to DESTINATION/lib, also those that the wheels keep elsewhere:
# the run path of libtorch_cpu.so includes its own folder. Libraries of the system
# are not installed.
function(install_libtorch destination)
  execute_process(COMMAND ldd ${LibTorch_CPU_LIBRARY}
    OUTPUT_VARIABLE needed COMMAND_ERROR_IS_FATAL ANY)
  if(needed MATCHES "([^ \t\n]+) => not found")
    message(FATAL_ERROR "${LibTorch_CPU_LIBRARY} needs ${CMAKE_MATCH_1}, which is not found: "
      "cannot install a LibTorch that does not load")
  endif()
  # Lines such as "	libc10.so => /path/to/libc10.so (0x00007f0000000000)".
  string(REGEX MATCHALL "[^ \t\n]+ => /[^\n]+ \\(0x" lines "${needed}")
  list(PREPEND lines "libtorch_cpu.so => ${LibTorch_CPU_LIBRARY} (0x")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE " => .*" "" name "${line}")
    string(REGEX REPLACE ".* => (.*) \\(0x" "\\1" library "${line}")
    if(NOT library MATCHES "^/(usr/)?lib[^/]*/")
      file(REAL_PATH ${library} library)
      install(FILES ${library} DESTINATION ${destination}/lib RENAME ${name})
    endif()
  endforeach()

  # Only the headers of LibTorch itself. Those of the libraries that it bundles
  # might be taken for the system's.
  foreach(folder ATen c10 caffe2 torch)
    install(DIRECTORY ${LibTorch_INCLUDE_DIR}/${folder} DESTINATION ${destination}/include
      FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" PATTERN "*.inc")
  endforeach()

  # A wheel has them in torch-VERSION.dist-info next to torch, a zip has none.
  get_filename_component(wheels ${LibTorch_LIBRARY_DIR}/../.. ABSOLUTE)
  file(GLOB folders ${wheels}/torch-*.dist-info/licenses ${wheels}/nvidia_*.dist-info/licenses)
  foreach(folder IN LISTS folders)
    string(REGEX REPLACE ".*/([^/]+)-[^/]+\\.dist-info/licenses$" "\\1" name ${folder})
    install(DIRECTORY ${folder}/ DESTINATION ${destination}/licenses/${name})
  endforeach()
endfunction()
