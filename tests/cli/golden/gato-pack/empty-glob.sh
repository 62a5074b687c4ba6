gato-pack -o out.h5 'none-*.h5:2'
