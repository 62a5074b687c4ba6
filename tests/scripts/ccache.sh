#!/usr/bin/env bash
# Without a writable HOME, a build must store ccache's files in the checkout;
# otherwise in ccache's default directory.
set -euo pipefail
ccache=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/settings.cmake" <<END
include($source/share/cmake/CcacheDirectory.cmake)
ccache_directory($ccache /checkout settings)
message(STATUS "settings: \${settings}")
END
unset CCACHE_DIR XDG_CACHE_HOME

settings() { env "$@" cmake -P "$folder/settings.cmake"; }
expect() {
  [[ $1 == "-- settings: $2" ]] || {
    echo "settings '$1', expected '$2'" >&2
    exit 1
  }
}
# Nobody, not even root, can create a folder below a file.
touch "$folder/file"
expect "$(settings HOME="$folder/file")" CCACHE_DIR=/checkout/.deps/ccache
expect "$(settings HOME="$folder")" ''
expect "$(settings HOME="$folder/file" CCACHE_DIR="$folder/mine")" ''
