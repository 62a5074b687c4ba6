d4rl=$GATO_SOURCE/tests/samples/d4rl
robomimic=$GATO_SOURCE/tests/samples/robomimic
tokenize() {
  gato-tokenize episodes --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance "$@"
}
tokenize -o d4rl.h5 "$d4rl/hopper_medium-v2.hdf5"
gato-info d4rl.h5
tokenize -o maze.h5 --max-episode-steps 4 "$d4rl/maze2d-umaze-v0.hdf5"
tokenize -o few.h5 --successful --best 5 --episodes 3 --seed 2 \
  --mask train "$robomimic/image.hdf5"
gato-info few.h5
gato-info "$d4rl/hopper_medium-v2.hdf5" "$robomimic/image.hdf5"
gato-info --max-episode-steps 4 "$d4rl/maze2d-umaze-v0.hdf5"
gato-info "$d4rl/maze2d-umaze-v0.hdf5" || echo "status $?"
