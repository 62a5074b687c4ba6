gato-pack --length 64 --seed 7 --dump-config -o out.h5 a.h5:2 'b c.h5' | tee dump.toml
gato-pack --config dump.toml --dump-config | cmp - dump.toml
