d4rl=$GATO_SOURCE/tests/samples/d4rl
robomimic=$GATO_SOURCE/tests/samples/robomimic
try() {
  gato-tokenize episodes --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate -o out.h5 "$@" || echo "status $?"
}
try "$d4rl/maze2d-umaze-v0.hdf5"
try --format robomimic "$d4rl/hopper_medium-v2.hdf5"
try --format d4rl "$robomimic/image.hdf5"
try --format minari "$robomimic/image.hdf5"
try --format rlds "$robomimic/image.hdf5"
try --mask test "$robomimic/image.hdf5"
try --mask valid "$d4rl/hopper_medium-v2.hdf5"
try --role robot0_eef_pos=image "$robomimic/image.hdf5"
try --role gripper=discrete "$robomimic/image.hdf5"
try --keep-return 0.8 "$robomimic/real.hdf5"
try --best 1 "$robomimic/real.hdf5"
try --successful "$robomimic/real.hdf5"
try --best 0 "$robomimic/image.hdf5"
try --task arm "$robomimic/image.hdf5" "$robomimic/real.hdf5"
try missing.hdf5
echo 'no table' > text.hdf5
try text.hdf5
head -c 20000 "$d4rl/hopper_medium-v2.hdf5" > cut.hdf5
try cut.hdf5
ls -A
