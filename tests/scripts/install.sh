#!/usr/bin/env bash
# `cmake --install` must bring programs and libraries that need nothing of the checkout
# or the build, wherever the prefix is moved to.
#
#   install.sh BUILD_DIRECTORY C++_COMPILER
set -euo pipefail
build=$1 compiler=$2
source=$(cd "$(dirname "$0")/../.." && pwd -P)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset LIBTORCH_ROOT GATO_SHARE DESTDIR XDG_DATA_DIRS LD_LIBRARY_PATH
cd "$folder"

fail() {
  echo "install: $*" >&2
  exit 1
}

# without_checkout COMMAND...: runs the command with an empty folder mounted over the
# checkout. Where the system does not permit this, just runs it.
without_checkout() {
  if [[ $can_hide == 1 ]]; then
    # shellcheck disable=SC2016  # expands in the other shell
    unshare --user --map-root-user --mount \
      sh -c 'mount -t tmpfs none "$0" && exec "$@"' "$source" "$@"
  else
    "$@"
  fi
}
can_hide=1
if ! without_checkout test ! -e "$source/CMakeLists.txt" 2>/dev/null; then
  can_hide=0
  echo 'install: cannot hide the checkout here; checking paths only'
fi

check_run_paths() {
  local program library
  for program in "$prefix"/bin/*; do
    readelf -d "$program" | sed -n 's/.*R\(UN\)\?PATH.*\[\(.*\)\]$/\2/p' | tr : '\n' >paths
    # shellcheck disable=SC2016  # the linker's variable
    ! grep -v '^\$ORIGIN' paths || fail "${program##*/} has an absolute run path"
    ldd "$program" >libraries
    ! grep -E "not found|$source|$build" libraries || fail "${program##*/} loads these"
    while read -r library; do
      [[ $library == "$prefix"/* ]] || fail "${program##*/} loads $library"
    done < <(sed -n 's/.*=> \(.*\/lib\(torch\|c10\|cuda\|cupti\).*\) (.*/\1/p' libraries)
  done
}

check_programs() {
  local program
  for program in tokenize pack train finetune rollout eval info; do
    without_checkout "$prefix/bin/gato-$program" --version >version ||
      fail "gato-$program does not start"
    [[ -s $prefix/share/man/man1/gato-$program.1 ]] || fail "no gato-$program.1"
  done
  # The preset is a file of share/gato.
  without_checkout "$prefix/bin/gato-train" --preset small --data data.h5 -o run \
    --dump-config >config || fail 'gato-train cannot read its presets'
  grep -q '^layers = ' config
  without_checkout "$prefix/bin/gato-rollout" control --policy random --env arcade/catch \
    --episodes 2 -o played --quiet >/dev/null || fail 'gato-rollout cannot play'
}

# With the variables that `cmake --install` prints.
check_completion() {
  local script=/usr/share/bash-completion/bash_completion setup
  [[ -e $script ]] || {
    echo 'install: bash-completion is not installed; not checking completions'
    return
  }
  setup=$(sed -n 's/^  \(export .*\)/\1/p' install.log)
  [[ $setup == *PATH=*XDG_DATA_DIRS=* ]] || fail "the installation prints: $setup"
  # Loads the completion of gato-pack and calls it, as the Tab key does.
  # shellcheck disable=SC2016  # expands in the other shell
  env -u BASH_COMPLETION_VERSINFO HOME="$folder" bash -c "
    ${setup//$folder\/first/$prefix}"'
    . "$0"
    [[ $(command -v gato-pack) == "$1/bin/gato-pack" ]] || exit 1
    _completion_loader gato-pack
    COMP_WORDS=(gato-pack --wind) COMP_CWORD=1
    _gato_pack
    [[ ${COMPREPLY[*]} == --window-steps ]]' "$script" "$prefix" ||
    fail 'bash-completion does not find the completions'
}

check_cmake_package() {
  cp -r "$prefix/share/gato/examples/consumer" .
  without_checkout cmake -S consumer -B consumer/build "-DCMAKE_PREFIX_PATH=$prefix" \
    "-DCMAKE_CXX_COMPILER=$compiler" >configured
  without_checkout cmake --build consumer/build >built || {
    cat built >&2
    fail 'the consumer does not build with CMake'
  }
  without_checkout consumer/build/consumer >by_cmake
  cat by_cmake
  grep -q 'return' by_cmake
}

check_pkg_config() {
  local flags
  PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name gato-nn.pc)")
  export PKG_CONFIG_PATH
  flags=$(pkg-config --cflags --libs gato-core)
  [[ $flags != *torch* ]] || fail "gato-core needs LibTorch: $flags"
  flags=$(pkg-config --cflags --libs gato-nn)
  # shellcheck disable=SC2086  # splits into words on purpose
  without_checkout "$compiler" -std=c++20 consumer/consumer.cc $flags -o by_flags
  without_checkout ./by_flags >by_pkg_config
  cmp by_cmake by_pkg_config
}

# gato::core must neither need nor find LibTorch.
check_core_alone() {
  mv "$prefix"/lib*/gato/libtorch libtorch
  mkdir core
  cat >core/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(core LANGUAGES CXX)
find_package(gato REQUIRED COMPONENTS core)
find_package(gato QUIET COMPONENTS nn)
if(gato_FOUND OR TARGET gato::nn)
  message(FATAL_ERROR "found gato::nn without LibTorch")
endif()
add_executable(core core.cc)
target_link_libraries(core PRIVATE gato::core)
END
  cat >core/core.cc <<'END'
#include <iostream>

#include "gato/env/environment.h"

int main() {
  for (const std::string& name : gato::env::builtin_environment_names()) {
    std::cout << name << '\n';
  }
}
END
  without_checkout cmake -S core -B core/build "-DCMAKE_PREFIX_PATH=$prefix" \
    "-DCMAKE_CXX_COMPILER=$compiler" >configured
  without_checkout cmake --build core/build >built || fail "gato::core: $(<built)"
  core/build/core >environments
  grep -qx arcade/catch environments
}

cmake --install "$build" --prefix "$folder/first" >install.log 2>&1 ||
  fail "$(tail install.log)"
prefix=$folder/moved
mv first "$prefix"
! grep -rlF -e "$source" -e "$build" -e "$folder/first" "$prefix"/lib*/cmake \
  "$prefix"/lib*/pkgconfig || fail 'these files name the checkout or the first prefix'
check_run_paths
check_programs
check_completion
check_cmake_package
check_pkg_config
check_core_alone
