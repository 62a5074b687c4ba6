#!/usr/bin/env bash
# Checks that every source file of the library and every test is listed in a
# CMakeLists.txt. A test that is not would never run, and nobody would notice.
set -euo pipefail

# Prints the files below folder $1 whose names match $2 and that no
# CMakeLists.txt below it lists, relative to the CMakeLists.txt.
unlisted() (
  cd "$1"
  comm -23 <(find . -name "$2" -printf '%P\n' | sort) <(
    find . -name CMakeLists.txt -printf '%P\n' | while read -r list; do
      sed 's/#.*//' "$list" | { grep -oE '[[:alnum:]_./-]+\.cc' || true; } |
        (cd "$(dirname "$list")" && xargs -r realpath -m --relative-to "$OLDPWD")
    done | sort -u
  )
)

fail() {
  echo "sources: $*" >&2
  exit 1
}

# Finds what is missing in a tree that it makes, listed from other folders and in
# comments.
check_itself() {
  local tree found
  tree=$(mktemp -d)
  mkdir -p "$tree"/{a/deep,b}
  touch "$tree"/a/{one,two}_test.cc "$tree/a/deep/three_test.cc" "$tree/b/four_test.cc"
  printf 'target_sources(t PRIVATE one_test.cc deep/three_test.cc)\n# two_test.cc\n' \
    >"$tree/a/CMakeLists.txt"
  printf 'target_sources(t PRIVATE\n  ../a/one_test.cc\n)\n' >"$tree/b/CMakeLists.txt"
  found=$(unlisted "$tree" '*_test.cc' | paste -sd ' ')
  rm -r "$tree"
  [[ $found == 'a/two_test.cc b/four_test.cc' ]] || fail "the check itself finds '$found'"
}

check_itself
source=$(cd "$(dirname "$0")/../.." && pwd)
missing=$(
  unlisted "$source/tests" '*_test.cc' | sed 's|^|tests/|'
  unlisted "$source/lib" '*.cc' | sed 's|^|lib/|'
)
[[ -z $missing ]] || fail "in no CMakeLists.txt: $missing"
