#!/usr/bin/env bash
# A build without a HOME that can be written keeps ccache's files in the
# checkout; any other one where ccache does.
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
    echo "settings '$1', not '$2'" >&2
    exit 1
  }
}
# Below a file there can be no folder, not even for root.
touch "$folder/file"
expect "$(settings HOME="$folder/file")" CCACHE_DIR=/checkout/.deps/ccache
expect "$(settings HOME="$folder")" ''
expect "$(settings HOME="$folder/file" CCACHE_DIR="$folder/mine")" ''
