# Installs gato_core and gato_nn for other projects: the archives, the headers, the
# CMake package gato and the pkg-config files gato-core and gato-nn. All of them
# name each other by relative paths, so that the prefix can be moved.
#
# GATO_LIBTORCH_DIRECTORY is the LibTorch of the installed tree: below the prefix if
# it is relative.
include(CMakePackageConfigHelpers)

# install_library(TARGET NAME FOLDER...): installs a library as gato::NAME, with the
# headers of these folders of lib/gato.
function(install_library target name)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT gato-${name} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT gato-${name} NAMESPACE gato:: FILE gato-${name}-targets.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gato)
  foreach(folder IN LISTS ARGN)
    install(DIRECTORY ${CMAKE_SOURCE_DIR}/lib/gato/${folder}
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gato FILES_MATCHING PATTERN "*.h")
  endforeach()
  configure_file(${CMAKE_SOURCE_DIR}/share/cmake/gato-${name}.pc.in
    ${CMAKE_BINARY_DIR}/package/gato-${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/package/gato-${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(pkgconfig_directory ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${pkgconfig_directory}
  OUTPUT_VARIABLE GATO_PREFIX_FROM_PC)
install_library(gato_core core ${GATO_CORE_FOLDERS})
if(GATO_NN)
  set(GATO_PC_LIBTORCH ${GATO_LIBTORCH_DIRECTORY})
  if(NOT IS_ABSOLUTE "${GATO_PC_LIBTORCH}")
    string(PREPEND GATO_PC_LIBTORCH "\${prefix}/")
  endif()
  get_target_property(options LibTorch::torch_cpu INTERFACE_LINK_OPTIONS)
  if(GATO_INSTALL_LIBTORCH)
    list(FILTER options EXCLUDE REGEX rpath-link)
  endif()
  list(JOIN options " " options)
  set(GATO_PC_LIBTORCH_OPTIONS " ${options}")
  if(GATO_CUDA)
    string(APPEND GATO_PC_LIBTORCH_OPTIONS
      " -Wl,--no-as-needed,-ltorch_cuda,--as-needed -Wl,--allow-shlib-undefined")
  endif()
  install_library(gato_nn nn ${GATO_NN_FOLDERS})
endif()

configure_package_config_file(${CMAKE_SOURCE_DIR}/share/cmake/gato-config.cmake.in
  ${CMAKE_BINARY_DIR}/package/gato-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gato
  PATH_VARS GATO_LIBTORCH_DIRECTORY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/gato-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/gato-config.cmake
  ${CMAKE_BINARY_DIR}/package/gato-config-version.cmake
  ${CMAKE_SOURCE_DIR}/share/cmake/FindLibTorch.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gato)
