# Finds LibTorch in an unpacked Python wheel, a LibTorch zip or an installed
# torch package. It replaces find_package(Torch), which requires nvcc and probes
# for a GPU even if only the CPU libraries are wanted.
#
# Input:  LIBTORCH_ROOT (CMake or environment variable): the folder that contains
#         include/ and lib/, or the parent of that folder if it is named torch or
#         libtorch. Default: the one that scripts/setup unpacked.
# Output: LibTorch::torch_cpu, an imported target
#         LibTorch::torch_cuda, an imported target, with GATO_CUDA only
#         LibTorch_VERSION
#         LibTorch_LIBRARY_DIR, the folder of the shared libraries
#         LibTorch_CUDA_STARTS, with GATO_CUDA only: whether this machine has all
#         CUDA libraries that programs load at start

include(FindPackageHandleStandardArgs)

# If a root is given, nothing else is searched.
if(LIBTORCH_ROOT)
  set(_libtorch_roots ${LIBTORCH_ROOT})
elseif(DEFINED ENV{LIBTORCH_ROOT} AND NOT "$ENV{LIBTORCH_ROOT}" STREQUAL "")
  set(_libtorch_roots $ENV{LIBTORCH_ROOT})
else()
  set(_libtorch_roots ${CMAKE_SOURCE_DIR}/.deps/libtorch)
endif()
find_path(LibTorch_INCLUDE_DIR ATen/ATen.h
  HINTS ${_libtorch_roots} PATH_SUFFIXES include torch/include libtorch/include NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu
  HINTS ${_libtorch_roots} PATH_SUFFIXES lib torch/lib libtorch/lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10
  HINTS ${_libtorch_roots} PATH_SUFFIXES lib torch/lib libtorch/lib NO_DEFAULT_PATH)

if(LibTorch_INCLUDE_DIR)
  # Newer releases define the version macros in torch/headeronly, older ones in
  # torch/csrc/api/include/torch.
  find_file(_libtorch_version version.h NO_CACHE NO_DEFAULT_PATH
    PATHS ${LibTorch_INCLUDE_DIR}/torch/headeronly
    ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include/torch)
  file(READ ${_libtorch_version} _version_text)
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LibTorch_VERSION "${_version_text}")
endif()

find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE
  "Run scripts/setup, or set LIBTORCH_ROOT to a LibTorch >= 2.6 that is already installed.")

if(LibTorch_FOUND)
  get_filename_component(LibTorch_LIBRARY_DIR ${LibTorch_CPU_LIBRARY} DIRECTORY)
endif()
if(LibTorch_FOUND AND NOT TARGET LibTorch::torch_cpu)
  # libtorch_cpu.so of a CUDA wheel needs libcudart and libcupti, which the wheels
  # nvidia-cuda-runtime and nvidia-cuda-cupti install next to it. The loader finds
  # them through the RPATH of libtorch_cpu.so, but the linker needs the path.
  get_filename_component(_libtorch_cuda ${LibTorch_LIBRARY_DIR}/../../nvidia/cu13/lib ABSOLUTE)
  add_library(LibTorch::c10 UNKNOWN IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_LIBRARY})
  add_library(LibTorch::torch_cpu UNKNOWN IMPORTED)
  # -idirafter, not -isystem: the wheel bundles a newer fmt under include/fmt,
  # which would shadow the system's and fail to link.
  set_target_properties(LibTorch::torch_cpu PROPERTIES
    IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY}
    INTERFACE_COMPILE_OPTIONS
    "SHELL:-idirafter ${LibTorch_INCLUDE_DIR};SHELL:-idirafter ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_OPTIONS "-Wl,-rpath-link,${LibTorch_LIBRARY_DIR}:${_libtorch_cuda}"
    INTERFACE_LINK_LIBRARIES LibTorch::c10)
  # at::parallel_for is a template, which runs on one thread if the source that calls
  # it is compiled without OpenMP. GCC's OpenMP shares the libgomp of LibTorch and its
  # threads; other compilers have a runtime of their own.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set_property(TARGET LibTorch::torch_cpu APPEND PROPERTY
      INTERFACE_COMPILE_OPTIONS -fopenmp)
    set_property(TARGET LibTorch::torch_cpu APPEND PROPERTY
      INTERFACE_LINK_OPTIONS -fopenmp)
  endif()
endif()
if(LibTorch_FOUND AND GATO_CUDA AND NOT TARGET LibTorch::torch_cuda)
  # The programs reference no symbol of libtorch_cuda.so, which registers itself
  # when it is loaded, hence --no-as-needed. Its own dependencies are found through
  # its RPATH on the machine with the GPU, hence --allow-shlib-undefined.
  find_library(LibTorch_CUDA_LIBRARY torch_cuda
    HINTS ${_libtorch_roots} PATH_SUFFIXES lib torch/lib libtorch/lib NO_DEFAULT_PATH REQUIRED)
  add_library(LibTorch::torch_cuda INTERFACE IMPORTED)
  set_target_properties(LibTorch::torch_cuda PROPERTIES INTERFACE_LINK_LIBRARIES
    "-Wl,--no-as-needed,${LibTorch_CUDA_LIBRARY},--as-needed;-Wl,--allow-shlib-undefined")
endif()
if(LibTorch_FOUND AND GATO_CUDA)
  execute_process(COMMAND ldd ${LibTorch_CUDA_LIBRARY}
    OUTPUT_VARIABLE _libtorch_needed ERROR_QUIET)
  string(FIND "${_libtorch_needed}" "not found" _libtorch_missing)
  set(LibTorch_CUDA_STARTS OFF)
  if(_libtorch_missing EQUAL -1)
    set(LibTorch_CUDA_STARTS ON)
  endif()
endif()
mark_as_advanced(LibTorch_CUDA_LIBRARY LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
