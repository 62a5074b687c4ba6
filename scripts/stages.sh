#!/usr/bin/env bash
# Functions of the scripts that run every stage, from demonstrations to a report.
# Sourced by quickstart, imitate, few-shot, generalist and examples/*.
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
  printf '$ '
  quoted "$@"
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

# write OUTPUT INPUT COMMAND...: prints and runs a command that reads INPUT and whose
# standard output becomes OUTPUT, unless OUTPUT exists.
write() {
  if [[ ! -e $1 ]]; then
    echo "$ $(quoted "${@:3}") <$2 >$1"
    "${@:3}" <"$2" >"$1.part"
    mv "$1.part" "$1"
  fi
}

# number FILE EXPRESSION: prints the value of a Python expression about the JSON value
# in a file, which it calls `json`.
number() {
  python3 -c 'import json as j, math, sys
with open(sys.argv[1], encoding="utf-8") as file: json = j.load(file)
print(eval(sys.argv[2]))' "$@"
}

# find_tasks PATTERN...: sets `tasks` to the environments that match these names and
# patterns. `environment_options` are --env-option and --env-path.
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

# has_text DATASET...: whether any of the datasets has observations that are text.
has_text() {
  local dataset
  for dataset; do
    gato-info --json "$dataset" >info.json || exit
    if [ "$(number info.json 'any(field["role"] == "text" for field in json["observation"])')" = True ]; then
      return
    fi
  done
  return 1
}

# choose_length WINDOW_STEPS TOKEN_FILE...: sets `length`, unless it is set, to the
# length of sequences of windows of so many steps, and `batch` to the sequences per
# training step.
choose_length() {
  local window_steps=$1 file size window largest=0
  shift
  for file; do
    gato-info --json "$file" >info.json
    size=$(number info.json 'json["sizes"][0]["tokens_per_step"]["max"]')
    echo "# $file: $size tokens per step"
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

# plan_training MINUTES COMMAND...: sets `train_steps` to the number of steps that
# gato-train makes in this time, and at least to 20. The time of a step is measured
# once, and kept in dry-run.json.
plan_training() {
  local minutes=$1
  shift
  if [ ! -e dry-run.json ]; then
    show "$@" --dry-run
    "$@" --dry-run >dry-run.json.part
    mv dry-run.json.part dry-run.json
  fi
  train_steps=$(number dry-run.json "max(20, int(60 * $minutes / json['seconds']['step']))")
  echo "# $train_steps steps (at least 20) of $(number dry-run.json 'round(json["seconds"]["step"], 3)') s take" \
    "$(number dry-run.json "round($train_steps * json['seconds']['step'] / 60, 1)") minutes; --minutes is $minutes"
}

# draw_shapes DIRECTORY IMAGES SEED: draws images of shapes, with captions, questions
# and dialogues.
# shellcheck disable=SC2154  # checkout
draw_shapes() {
  make "$1/texts.txt" python3 "$checkout/share/gato/examples/shapes.py" --pictures "$2" \
    --seed "$3" --questions --dialogue "$1"
}

# tokenize_shapes DIRECTORY TEXT_MODEL OUTPUT: writes OUTPUT/captions.h5, questions.h5
# and dialogues.h5 of the images in a directory of draw_shapes.
tokenize_shapes() {
  local options=(--text-model "$2" --discrete separate)
  make "$3/captions.h5" gato-tokenize captions "${options[@]}" -o "$3/captions.h5" \
    --image-root "$1/images" "$1/captions.json"
  make "$3/questions.h5" gato-tokenize vqa "${options[@]}" -o "$3/questions.h5" \
    --image-root "$1/images" --image-name '{image:012}.png' \
    --questions "$1/questions.json" --annotations "$1/annotations.json"
  make "$3/dialogues.h5" gato-tokenize interleaved "${options[@]}" -o "$3/dialogues.h5" \
    --task dialogues --domain dialogues "$1/dialogues.jsonl"
}

# describe_shapes MODEL DIRECTORY OUTPUT: captions the images in a directory of
# draw_shapes, answers the questions about them, and talks: OUTPUT/captions.jsonl,
# answers.jsonl and replies.jsonl. The share that is correct is in the files .json of
# these names.
describe_shapes() {
  write "$3/captions.jsonl" /dev/null gato-rollout caption --model "$1" "$2/images/*.png"
  write "$3/answers.jsonl" "$2/questions.jsonl" gato-rollout answer --model "$1"
  write "$3/replies.jsonl" "$2/turns.jsonl" gato-rollout chat --model "$1" \
    --preamble none --json
  write "$3/captions.json" /dev/null gato-eval text --references "$2/captions.json" \
    --predictions "$3/captions.jsonl"
  write "$3/answers.json" /dev/null gato-eval text --references "$2/annotations.json" \
    --questions "$2/questions.json" --predictions "$3/answers.jsonl"
  write "$3/replies.json" /dev/null python3 "$checkout/share/gato/examples/shapes.py" \
    --check-replies "$3/replies.jsonl" "$2"
  cat "$3/captions.json" "$3/answers.json" "$3/replies.json"
}

# in_parallel OUTPUT COMMAND...: like `make`, in the background, alongside at most `jobs`
# others. Messages go to logs/OUTPUT.log, and the seconds it took to times.txt.
# finish_jobs waits for all of them.
declare -A job_outputs=() job_starts=()
failed_jobs=()
# shellcheck disable=SC2154  # jobs
in_parallel() {
  local output=$1
  shift
  [ ! -e "$output" ] || return 0
  while ((${#job_outputs[@]} >= jobs)); do
    finish_job
  done
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  trap stop_jobs EXIT
  mkdir -p "${output%/*}" "logs/${output%/*}"
  show "$@"
  "$@" >"logs/$output.log" 2>&1 </dev/null &
  job_outputs[$!]=$output
  job_starts[$!]=$EPOCHREALTIME
}

# finish_job: waits until one of the jobs has ended.
finish_job() {
  local pid output milliseconds status=0
  wait -n -p pid "${!job_outputs[@]}" || status=$?
  output=${job_outputs[$pid]}
  if ((status == 0)); then
    milliseconds=$(((${EPOCHREALTIME/./} - ${job_starts[$pid]/./}) / 1000))
    printf '%s %d.%03d\n' "$output" $((milliseconds / 1000)) $((milliseconds % 1000)) >>times.txt
  else
    failed_jobs+=("$output")
    echo "# FAILED with status $status: $output: see logs/$output.log"
    tail -n 3 "logs/$output.log"
  fi
  unset "job_outputs[$pid]" "job_starts[$pid]"
}

# finish_jobs: waits for all jobs, and fails if one failed.
finish_jobs() {
  while ((${#job_outputs[@]} > 0)); do
    finish_job
  done
  ((${#failed_jobs[@]} == 0)) || {
    echo "${0##*/}: error: failed: ${failed_jobs[*]}: see $PWD/logs" >&2
    exit 1
  }
}

# stop_jobs: ends the jobs, which save what they have done, and then the script.
stop_jobs() {
  local status=$?
  trap '' INT TERM HUP
  ((${#job_outputs[@]} == 0)) || kill -TERM "${!job_outputs[@]}" 2>/dev/null || true
  wait
  exit "$status"
}

# duration SECONDS: prints a time in words.
duration() {
  local seconds=${1%.*}
  if ((seconds <= 1)); then
    echo "a second"
  elif ((seconds < 90)); then
    echo "$seconds seconds"
  elif ((seconds < 5400)); then
    echo "$(((seconds + 30) / 60)) minutes"
  else
    echo "$((seconds / 3600)).$((seconds % 3600 / 360)) hours"
  fi
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
