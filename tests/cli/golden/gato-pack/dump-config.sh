<<<<<<< HEAD
gato-pack --length 64 --seed 7 --dump-config -o out.h5 a.h5:2 'b c.h5' | tee dump.toml
gato-pack --config dump.toml --dump-config | cmp - dump.toml
=======
# What is printed loads back to the same.
touch a.h5
gato-pack -o out.h5 --length 64 --window-steps=2 a.h5:2 --dump-config > first.toml
gato-pack --config first.toml --dump-config > second.toml
cmp first.toml second.toml
grep -E '^(inputs|length|window-steps)' first.toml
>>>>>>> 9557024 (Golden tests of gato-pack; gato-eval score)
