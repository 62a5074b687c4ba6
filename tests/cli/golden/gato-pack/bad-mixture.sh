gato-pack -o out.h5 --mixture mixture.toml || echo "status $?"
echo 'mixture = 3' > mixture.toml
gato-pack -o out.h5 --mixture mixture.toml || echo "status $?"
printf '[[mixture]]\nfile = "a.h5"\nwieght = 2\n' > mixture.toml
gato-pack -o out.h5 --mixture mixture.toml || echo "status $?"
printf '[[mixture]]\nfile = "a.h5"\n' > mixture.toml
gato-pack -o out.h5 --mixture mixture.toml || echo "status $?"
