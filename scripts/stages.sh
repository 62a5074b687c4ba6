#!/usr/bin/env bash
# Functions of the scripts that run every stage, from demonstrations to a report.
# Sourced by quickstart, imitate, few-shot and examples/*.
set -euo pipefail

# stage TITLE: announces a stage, with the elapsed time in minutes and seconds.
stage() {
  printf '\n== %d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

# quoted WORD...: prints the words, quoted for the shell.
quoted() {
  local word line=()
  for word; do
    [[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]] || word=${word@Q}
    line+=("$word")
  done
  echo "${line[*]}"
}

# show COMMAND...: prints the command line.
show() {
  echo "$ $(quoted "$@")"
}

# run COMMAND...: prints and runs the command line.
run() {
  show "$@"
  "$@"
}

# make OUTPUT COMMAND...: prints and runs a command that writes OUTPUT, completely
# or not at all, unless OUTPUT exists.
make() {
  local output=$1
  shift
  if [ -e "$output" ]; then
    echo "# $output exists"
  else
    run "$@"
  fi
}

# number FILE EXPRESSION: prints the value of a Python expression about the JSON value
# in a file, which it calls `json`.
number() {
  python3 -c 'import json as j, math, sys
with open(sys.argv[1]) as file: json = j.load(file)
print(eval(sys.argv[2]))' "$@"
}

# find_tasks PATTERN...: sets `tasks` to the environments that these names and patterns
# stand for. `environment_options` are --env-option and --env-path.
# shellcheck disable=SC2154  # environment_options
find_tasks() {
  local pattern name found
  gato-rollout control --list-envs "${environment_options[@]}" >environments.txt
  tasks=()
  for pattern; do
    found=0
    while read -r name; do
      # The pattern is not quoted, so that it is one.
      # shellcheck disable=SC2053
      if [[ $name == $pattern ]]; then
        [[ " ${tasks[*]} " == *" $name "* ]] || tasks+=("$name")
        found=1
      fi
    done <environments.txt
    # The error names the nearest environment, or says how to install the domain.
    ((found)) || gato-rollout control --check-env --env "$pattern" "${environment_options[@]}"
  done
}

# find_text_model TASK...: sets `text_model` to words.model if demonstrations/TASK of any
# of these tasks contains text, and otherwise to none.
# shellcheck disable=SC2034  # text_model
find_text_model() {
  local task
  text_model=none
  for task; do
    gato-info --json "demonstrations/$task" >info.json
    if [ "$(number info.json 'any(field["role"] == "text" for field in json["observation"])')" = True ]; then
      text_model=words.model
    fi
  done
}

# choose_sizes TASK...: sets `length`, unless it is given, to tokens per sequence in which
# windows of `window_steps` time steps of each tokens/TASK.h5 fit, and `batch` to sequences
# per training step.
# shellcheck disable=SC2154  # window_steps
choose_sizes() {
  local task size largest=0 window
  for task; do
    gato-info --json "tokens/$task.h5" >info.json
    size=$(number info.json 'json["sizes"][0]["tokens_per_step"]["max"]')
    echo "# $task: $size tokens per step"
    ((size <= largest)) || largest=$size
  done
  if [ -z "$length" ]; then
    window=$((largest * (window_steps > 0 ? window_steps : 8)))
    length=$((window * ((95 + window) / window)))
    ((length <= 192)) || length=$((window > 96 ? window : 96))
    echo "# length $length: windows of $window_steps steps of at most $largest tokens," \
      "$((length / window)) side by side"
  fi
  batch=$((4608 / length / 2 * 2))
  ((batch >= 8)) || batch=8
}

# measure_training COMMAND...: measures a step of a training command on pilot.h5, unless
# dry-run.json exists, and sets `train_steps` to the number of steps in `minutes`.
# shellcheck disable=SC2154  # minutes
measure_training() {
  if [ ! -e dry-run.json ]; then
    show "$@" --data pilot.h5 -o run --dry-run
    "$@" --data pilot.h5 -o run --dry-run >dry-run.json.part
    mv dry-run.json.part dry-run.json
  fi
  train_steps=$(number dry-run.json "max(20, int(60 * $minutes / json['seconds']['step']))")
  echo "# $train_steps steps (at least 20) of $(number dry-run.json 'round(json["seconds"]["step"], 3)') s take" \
    "$(number dry-run.json "round($train_steps * json['seconds']['step'] / 60, 1)") minutes; --minutes is $minutes"
}

# fail MESSAGE: ends the script with status 2.
fail() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 2
}

# print_help: prints the comment at the top of the script, and exits.
print_help() {
  sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
  exit 0
}

# directory_argument DEFAULT [ARGUMENT]...: sets `directory` to the only argument of a
# script, or to DEFAULT. --help prints the comment at the top of the script.
directory_argument() {
  case ${2:-} in
    -h | --help) print_help ;;
    -*) fail "unknown option $2; try --help" ;;
  esac
  (($# <= 2)) || fail "expected at most one directory, got $(($# - 1)); try --help"
  directory=${2:-$1}
}

# work_in DEFAULT [ARGUMENT]...: creates and enters the directory of
# directory_argument.
work_in() {
  directory_argument "$@"
  mkdir -p "$directory"
  cd "$directory"
}

# build_programs CHECKOUT: installs missing dependencies, builds the programs and
# puts them on the PATH. A build directory that was configured before keeps its
# configuration, and a developer's tests are not built.
build_programs() {
  (
    run cd "$1"
    run scripts/setup
    [ -e build/release/build.ninja ] || run cmake --preset release -DGATO_TESTS=OFF
    mapfile -t programs < <(basename -s .cc tools/gato-*.cc)
    run cmake --build --preset release --target "${programs[@]}"
  )
  PATH=$1/build/release/bin:$PATH
}

# find_programs CHECKOUT: uses the programs on the PATH, or else builds those of the
# checkout.
find_programs() {
  if command -v gato-train >/dev/null; then
    echo "# $(command -v gato-train)"
  else
    build_programs "$1"
  fi
}

# python_environment DIRECTORY REQUIREMENT...: creates a virtual environment with
# these packages, using the Python that $PYTHON names. Keeps an existing one that
# was created with the same requirements.
python_environment() {
  local directory=$1 python=${PYTHON:-python3}
  shift
  if [ "$(cat "$directory/requirements.txt" 2>/dev/null)" = "$*" ]; then
    echo "# $directory exists"
    return
  fi
  command -v "$python" >/dev/null ||
    fail "$python: command not found: install it, or set PYTHON to another Python"
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot create virtual environments; install it (apt-get install python3-venv)," \
      "or set PYTHON to another Python"
  run "$python" -m venv --clear "$directory"
  run "$directory/bin/pip" install --quiet --disable-pip-version-check "$@"
  echo "$*" >"$directory/requirements.txt"
}
