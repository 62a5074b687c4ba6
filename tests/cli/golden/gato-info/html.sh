samples=$GATO_SOURCE/tests/samples
gato-info --html page.html --quiet "$samples/minari/frames" "$samples/minari/cartpole"
grep -c '<section>' page.html
grep -o '<h2>[^<]*</h2>' page.html
! grep http page.html
gato-info --html page.html "$samples/minari/frames" || echo "status $?"
gato-info --html page.html --force --quiet "$samples/minari/frames"
gato-info --html absent/page.html "$samples/minari/frames" || echo "status $?"
gato-info --html other.html "$GATO_SOURCE/tests/reference/text.model" || echo "status $?"
head -c 3000 "$samples/d4rl/hopper_medium-v2.hdf5" >cut.hdf5
gato-info --html other.html cut.hdf5 || echo "status $?"
ls
