# shellcheck shell=bash
# Compares the losses of gato-eval with those of share/gato/examples/forward.py, for
# both position encodings, patches and a logit scale included.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

demonstrate >/dev/null
draw_images
make_vocabulary
tokenize
pack >/dev/null
for position in relative rotary; do
  # A large learning rate moves every weight away from its initial value.
  gato-train --quiet --data sequences.h5 --config <(echo 'context = 64') --layers 2 \
    --width 32 --heads 2 --key-size 16 --feedforward 64 --position "$position" \
    --logit-scale 0.5 --batch-size 4 --learning-rate 0.02 --warmup-steps 1 --steps 20 \
    --seed 1 -o "$position"
  gato-eval loss --quiet --precision fp32 --model "$position" --data sequences.h5 >ours.json
  "${GATO_TEST_PYTHON:-python3}" "$GATO_SOURCE/share/gato/examples/forward.py" \
    "$position/latest" sequences.h5 >theirs.json
  python3 - <<'EOF'
import json

ours, theirs = (json.load(open(name)) for name in ("ours.json", "theirs.json"))
assert set(ours["modality"]) == set(theirs["modality"]), (ours, theirs)
for a, b in [(ours, theirs), *((ours["modality"][m], theirs["modality"][m])
                               for m in ours["modality"])]:
    assert a["targets"] == b["targets"] > 0 and abs(a["loss"] - b["loss"]) < 1e-4, (a, b)
EOF
done
