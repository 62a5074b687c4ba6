# shellcheck shell=bash
# Compares the losses of gato-eval with those of share/gato/examples/forward.py, for
# both position encodings, patches, a logit scale, separate documents, and weights of
# fp32, bf16 and fp16 included.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

demonstrate >/dev/null
draw_images
make_vocabulary
tokenize
pack >/dev/null
for options in "relative" "rotary" "relative --document-mask" "rotary --document-mask"; do
  position=${options%% *} mask=${options#"$position"}
  # A large learning rate moves every weight away from its initial value.
  # shellcheck disable=SC2086  # an option, or none
  gato-train --quiet --data sequences.h5 --config <(echo 'context = 64') --layers 2 \
    --width 32 --heads 2 --key-size 16 --feedforward 64 --position "$position" \
    --logit-scale 0.5 --batch-size 4 --learning-rate 0.02 --warmup-steps 1 --steps 20 \
    --seed 1 $mask -o "$options"
  gato-train --quiet --export "$options" --dtype bf16 -o "$options.bf16"
  cp -r "$options.bf16" "$options.fp16"
  rm "$options.fp16/MANIFEST.json"
  "${GATO_TEST_PYTHON:-python3}" - "$options".{bf16,fp16}/model.safetensors <<'EOF'
import json
import sys

import numpy as np

source, target = sys.argv[1:]
data = open(source, "rb").read()
start = 8 + int.from_bytes(data[:8], "little")
header = json.loads(data[8:start])
for name, tensor in header.items():
    if name != "__metadata__":
        assert tensor["dtype"] == "BF16", tensor
        tensor["dtype"] = "F16"
values = (np.frombuffer(data[start:], "<u2").astype("<u4") << 16).view("<f4")
text = json.dumps(header).encode()
open(target, "wb").write(len(text).to_bytes(8, "little") + text + values.astype("<f2").tobytes())
EOF
  for model in "$options/latest" "$options.bf16" "$options.fp16"; do
    gato-eval loss --quiet --precision fp32 --model "$model" --data sequences.h5 >ours.json
    "${GATO_TEST_PYTHON:-python3}" "$GATO_SOURCE/share/gato/examples/forward.py" \
      "$model" sequences.h5 >theirs.json
    python3 - <<'EOF'
import json

ours, theirs = (json.load(open(name)) for name in ("ours.json", "theirs.json"))
assert set(ours["modality"]) == set(theirs["modality"]), (ours, theirs)
for a, b in [(ours, theirs), *((ours["modality"][m], theirs["modality"][m])
                               for m in ours["modality"])]:
    assert a["targets"] == b["targets"] > 0 and abs(a["loss"] - b["loss"]) < 1e-4, (a, b)
EOF
  done
done
