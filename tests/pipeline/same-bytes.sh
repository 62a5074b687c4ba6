# shellcheck shell=bash
# The same seed must give the same bytes, on one thread and on two.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

# run_all THREADS: runs all stages in a folder of that name.
run_all() (
  set -e
  mkdir "$1"
  cd "$1"
  options=(--no-provenance --threads "$1")
  demonstrate "${options[@]}" >/dev/null
  draw_images
  make_vocabulary --threads "$1"
  tokenize "${options[@]}"
  pack "${options[@]}" >/dev/null
  train "${options[@]}"
  play "${options[@]}" >/dev/null
  gato-rollout caption --quiet --model run --threads "$1" \
    pictures/images/*.png >captions.txt
)
run_all 1
run_all 2
# The excluded files contain times, rates and the number of threads.
differences=$(diff -rq -x metrics.jsonl -x log.txt -x config.toml 1 2) ||
  fail "$differences"
[[ -s 1/run/latest/model.safetensors ]] || fail 'there is no model to compare'

(cd 1 && seed=2 train --force --no-provenance --threads 1)
! cmp -s {1,2}/run/latest/model.safetensors ||
  fail 'a different seed gave the same model'
