gato-pack --help >/dev/full
