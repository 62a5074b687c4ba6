# The status is 2 for a usage error, 3 for a file of a different kind, and 4 for a
# missing file. No output is left behind.
gato-pack -o out.h5 || echo "status $?"
gato-pack -o out.h5 a.h5 || echo "status $?"
touch a.h5
gato-pack -o out.h5 a.h5:0 || echo "status $?"
gato-pack -o out.h5 a.h5:two || echo "status $?"
gato-pack -o out.h5 a.h5:1 a.h5:2 || echo "status $?"
gato-pack -o out.h5 --window-steps 2 --fill pad a.h5 || echo "status $?"
gato-pack -o out.h5 a.h5 || echo "status $?"
gato-pack -o a.h5 a.h5 || echo "status $?"
gato-pack -o missing/out.h5 a.h5 || echo "status $?"
ls
