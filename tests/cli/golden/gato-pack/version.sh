gato-pack --version
