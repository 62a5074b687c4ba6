touch out.h5
gato-pack -o out.h5 none.h5
