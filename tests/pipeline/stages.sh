# shellcheck shell=bash
# The stages of a tiny pipeline, for the scripts in this folder. A stage passes its
# options on to its programs.

# shellcheck disable=SC2034  # used by the scripts in this folder
tasks=(control/cartpole-swingup grid/goto arcade/catch)
tiny=(--layers 1 --width 32 --heads 2 --key-size 16 --feedforward 64
  --batch-size 4 --micro-batch 2)

# fail MESSAGE: ends the script.
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# json EXPRESSION: prints a Python expression over the JSON value `j` on stdin.
json() {
  python3 -c "import json, math, sys; j = json.load(sys.stdin); print($1)"
}

demonstrate() {
  gato-rollout control --quiet --policy expert --noise 0.2 \
    --env "${tasks[@]}" --episodes 6 --seed 1 "$@" -o demonstrations
}
draw_images() {
  python3 "$GATO_SOURCE/share/gato/examples/shapes.py" --pictures 40 --seed 1 \
    --questions --dialogue pictures
}
make_vocabulary() {
  gato-tokenize vocab --quiet --algorithm bpe --size 90 "$@" -o words.model \
    pictures/texts.txt demonstrations/grid/goto
}
tokenize() {
  local options=(--quiet --text-model words.model --discrete separate "$@")
  gato-tokenize episodes "${options[@]}" -o episodes.h5 demonstrations/*/* &&
    gato-tokenize captions "${options[@]}" --image-root pictures/images \
      -o captions.h5 pictures/captions.json
}
pack() {
  gato-pack --quiet --length 64 --window-steps 2 --sequences 40 --seed 1 "$@" \
    -o sequences.h5 episodes.h5:2 captions.h5:1
}
# Seeded by the variable `seed`, 1 by default.
train() {
  gato-train --quiet --data sequences.h5 --config <(echo 'context = 64') \
    "${tiny[@]}" --position rotary --steps 4 --save-every 2 --seed "${seed:-1}" "$@" -o run
}
play() {
  gato-rollout control --quiet --model run --env "${tasks[@]}" --episodes 3 \
    --seed 2 "$@" -o played
}
