#!/usr/bin/env bash
# What the scripts that go the whole way are made of. They source this file.
set -euo pipefail
# Each stage is announced with the time that has passed.
stage() {
  printf '\n== %d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

# quoted WORD...: the words as a shell reads them.
quoted() {
  local word line=()
  for word; do
    [[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]] || word=${word@Q}
    line+=("$word")
  done
  echo "${line[*]}"
}

show() {
  echo "$ $(quoted "$@")"
}

# run COMMAND...: shows and runs it.
run() {
  show "$@"
  "$@"
}

# make OUTPUT COMMAND...: shows and runs a command that writes OUTPUT, whole or
# not at all, unless that is there.
make() {
  local output=$1
  shift
  if [ -e "$output" ]; then
    echo "# $output is there"
  else
    run "$@"
  fi
}

fail() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 2
}

# work_in DEFAULT ARGUMENTS...: the one argument of a script, the directory to
# work in; --help prints the comment that the script begins with.
work_in() {
  case ${2:-} in
    -h | --help)
      sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
      exit 0
      ;;
    -*) fail "unknown option $2; try --help" ;;
  esac
  (($# <= 2)) || fail "one directory, not $(($# - 1)); try --help"
  mkdir -p "${2:-$1}"
  cd "${2:-$1}"
}

# build_programs CHECKOUT: installs what is missing, builds, and puts the
# programs on the PATH.
build_programs() {
  (
    run cd "$1"
    run scripts/setup
    run cmake --preset release -DGATO_TESTS=OFF
    run cmake --build --preset release
  )
  PATH=$1/build/release/bin:$PATH
}

# programs CHECKOUT: the programs on the PATH, else those of the checkout.
programs() {
  if command -v gato-train >/dev/null; then
    echo "# $(command -v gato-train)"
  else
    build_programs "$1"
  fi
}

# python_environment DIRECTORY REQUIREMENT...: a virtual environment with these
# packages, by the Python that PYTHON names.
python_environment() {
  local directory=$1 python=${PYTHON:-python3}
  shift
  if [ "$(cat "$directory/requirements.txt" 2>/dev/null)" = "$*" ]; then
    echo "# $directory is there"
    return
  fi
  command -v "$python" >/dev/null ||
    fail "there is no $python; install it, or name another Python in PYTHON"
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make virtual environments; install it (apt-get install python3-venv)," \
      "or name another Python in PYTHON"
  run "$python" -m venv --clear "$directory"
  run "$directory/bin/pip" install --quiet --disable-pip-version-check "$@"
  echo "$*" >"$directory/requirements.txt"
}
