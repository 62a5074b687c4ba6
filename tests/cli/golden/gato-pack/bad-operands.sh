# Misuse is status 2, a missing file 4, a file of another kind 3; none leaves
# an output.
gato-pack -o out.h5 || echo "status $?"
gato-pack -o out.h5 a.h5 || echo "status $?"
touch a.h5
gato-pack -o out.h5 a.h5:0 || echo "status $?"
gato-pack -o out.h5 a.h5:two || echo "status $?"
gato-pack -o out.h5 --window-steps 2 --fill pad a.h5 || echo "status $?"
gato-pack -o out.h5 a.h5 || echo "status $?"
gato-pack -o a.h5 a.h5 || echo "status $?"
gato-pack -o missing/out.h5 a.h5 || echo "status $?"
ls
