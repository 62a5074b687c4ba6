# shellcheck shell=bash
# The stages of a tiny pipeline, for the scripts beside this file. Options given
# to a stage are passed on to its programs.

# shellcheck disable=SC2034  # read by the scripts beside this file
tasks=(control/cartpole-swingup grid/goto arcade/catch)
tiny=(--layers 1 --width 32 --heads 2 --key-size 16 --feedforward 64
  --position rotary --batch-size 4 --micro-batch 2)

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# Prints VALUE of the JSON on stdin, a Python expression over its root `j`.
json() {
  python3 -c "import json, sys; j = json.load(sys.stdin); print($1)"
}

demonstrate() {
  gato-rollout control --quiet --policy expert --noise 0.2 \
    --env "${tasks[@]}" --episodes 6 --seed 1 "$@" -o demonstrations
}
draw_pictures() {
  python3 "$GATO_SOURCE/share/gato/examples/shapes.py" --pictures 40 --seed 1 \
    pictures
}
make_vocabulary() {
  gato-tokenize vocab --quiet --algorithm bpe --size 90 "$@" -o words.model \
    pictures/captions.json demonstrations/grid/goto
}
tokenize() {
  local how=(--quiet --text-model words.model --discrete separate "$@")
  gato-tokenize episodes "${how[@]}" -o episodes.h5 demonstrations/*/* &&
    gato-tokenize captions "${how[@]}" --image-root pictures/images \
      -o captions.h5 pictures/captions.json
}
pack() {
  gato-pack --quiet --length 64 --window-steps 2 --sequences 40 --seed 1 "$@" \
    -o sequences.h5 episodes.h5:2 captions.h5:1
}
train() {
  gato-train --quiet --data sequences.h5 --config <(echo 'context = 64') \
    "${tiny[@]}" --steps 4 --save-every 2 --seed 1 "$@" -o run
}
play() {
  gato-rollout control --quiet --model run --env "${tasks[@]}" --episodes 3 \
    --seed 2 "$@" -o played
}
