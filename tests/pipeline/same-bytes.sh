# shellcheck shell=bash
# The same seed gives the same bytes, on one thread and on two.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

# on THREADS: everything, in a folder of that name.
on() (
  set -e
  mkdir "$1"
  cd "$1"
  options=(--no-provenance --threads "$1")
  demonstrate "${options[@]}" >/dev/null
  draw_pictures
  make_vocabulary --threads "$1"
  tokenize "${options[@]}"
  pack "${options[@]}" >/dev/null
  train "${options[@]}"
  play "${options[@]}" >/dev/null
  gato-rollout caption --quiet --model run --threads "$1" \
    pictures/images/*.png >captions.txt
)
on 1
on 2
# What a run says of itself: times, rates and the number of threads.
differences=$(diff -rq -x metrics.jsonl -x log.txt -x config.toml 1 2) ||
  fail "$differences"
[[ -s 1/run/latest/model.safetensors ]] || fail 'there is no model to compare'

(cd 1 && train --force --no-provenance --threads 1 --seed 2)
! cmp -s {1,2}/run/latest/model.safetensors ||
  fail 'another seed gave the same model'
