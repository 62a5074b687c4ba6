# A time step has 6 tokens, so a window of two steps has 12.
gato-tokenize episodes --quiet --discrete separate -o d4rl.h5 \
  --text-model "$GATO_SOURCE/tests/reference/text.model" \
  "$GATO_SOURCE/tests/samples/d4rl/hopper_medium-v2.hdf5" 2>/dev/null
for length in 8 12; do
  gato-pack --window-steps 2 --sequences 10 --length "$length" --force \
    -o out.h5 d4rl.h5 >/dev/null
  gato-info out.h5 | grep -E 'cut_windows|report.windows'
done
