samples=$GATO_SOURCE/tests/samples
gato-info --check "$samples/minari/cartpole" "$samples/minari/old"
echo "status $?"
gato-info --check --fail-on warning --quiet "$samples/robomimic/real.hdf5"
echo "status $?"
gato-info --check --json --quiet "$samples/minari/frames" "$samples/minari/spaces"
tokenize() {
  gato-tokenize episodes --text-model none --quiet --no-provenance "$@"
}
tokenize -o tokens.h5 "$samples/minari/old" && gato-pack --quiet --length 64 \
  --sequences 100 -o sequences.h5 tokens.h5 >table
gato-info --check tokens.h5 sequences.h5 "$GATO_SOURCE/tests/reference/text.model"
