samples=$GATO_SOURCE/tests/samples
head -c 3000 "$samples/d4rl/hopper_medium-v2.hdf5" >cut.hdf5
gato-info --check --quiet cut.hdf5 "$samples/minari/spaces" || echo "status $?"
gato-info --check --json --quiet cut.hdf5 absent || echo "status $?"
gato-info --check --quiet absent || echo "status $?"
gato-info --check --decode a.h5 || echo "status $?"
gato-info --check --html page.html a.h5 || echo "status $?"
gato-info --fail-on warning a.h5 || echo "status $?"
gato-info --check --fail-on never a.h5 || echo "status $?"
gato-info --data a.h5 model || echo "status $?"
gato-info --html page.html --step 3 model || echo "status $?"
