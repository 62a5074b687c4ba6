<<<<<<< HEAD
gato-pack --lenght 5 -o out.h5 in.h5
=======
gato-pack --lenght 5 -o out.h5 a.h5
>>>>>>> 9557024 (Golden tests of gato-pack; gato-eval score)
