#!/usr/bin/env bash
# The scripts must print their purpose with --help from any folder, and refuse unknown
# arguments before they do anything.
set -euo pipefail
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ln -s "$scripts" scripts # scripts are often called by a relative path

fail() {
  echo "$*" >&2
  exit 1
}

for script in check setup quickstart imitate few-shot generalist examples/babyai examples/metaworld \
  examples/minari; do
  for flag in -h --help; do
    help=$("scripts/$script" "$flag") || fail "$script $flag: status $?"
    [[ $help == *"scripts/$script"* ]] || fail "$script $flag prints: $help"
    [[ $help != *'set -e'* && $help != '#'* ]] || fail "$script $flag: $help"
  done
  for arguments in --bogus '--help-me now' 'one two'; do
    # The operands of these scripts are the names of environments.
    [[ $script != @(imitate|few-shot|generalist) || $arguments == --* ]] || continue
    status=0
    # shellcheck disable=SC2086  # splits into words on purpose
    "scripts/$script" $arguments >out 2>err || status=$?
    ((status == 2)) || fail "$script $arguments: status $status"
    [[ ! -s out && $(<err) == *--help* ]] ||
      fail "$script $arguments prints: $(<out) $(<err)"
  done
done
rm out err
[[ $(ls) == scripts ]] || fail "left behind: $(ls)"
