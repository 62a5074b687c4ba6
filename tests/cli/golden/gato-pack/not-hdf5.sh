echo text >text.h5
gato-pack -o out.h5 text.h5
status=$?
ls -A
exit $status
