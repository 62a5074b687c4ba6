echo 'lenght = 5' >pack.toml
gato-pack --config pack.toml -o out.h5 in.h5
