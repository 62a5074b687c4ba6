gato-pack --lenght 5 -o out.h5 in.h5
