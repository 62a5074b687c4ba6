# A mixture file, the achieved shares, and the same run in shards.
model=$GATO_SOURCE/tests/reference/text.model
for i in 1 2 3 4 5 6; do echo "the text of file $i"; done > a.txt
echo 'another text, which is a little longer than the others are' > b.txt
tokenize() { gato-tokenize text --text-model "$model" --discrete separate --quiet "$@"; }
tokenize -o a.h5 --task short --document-separator lines a.txt
tokenize -o b.h5 --task long b.txt
cat > mixture.toml <<'END'
[[mixture]]
file = "a*.h5"
weight = 3
documents-per-sequence = 2

[[mixture]]
file = "b.h5"
prompt_fraction = 0
fill = "pad"
END
pack() { gato-pack --length 64 --sequences 8 --mixture mixture.toml "$@"; }
pack -o whole.h5
pack --quiet -o 1.h5 --shard 1/3
pack --quiet -o 2.h5 --shard 2/3
pack --quiet -o 3.h5 --shard 3/3
rows() { gato-info --decode "$@" | sed -e '/^$/d' -e 's/^sequence [0-9]*,/sequence/'; }
diff <(rows whole.h5) <(rows 1.h5 2.h5 3.h5) && echo same
# A mixture file may be a pipe.
gato-pack --length 64 --sequences 8 --mixture <(cat mixture.toml) -o pipe.h5 \
  --quiet > /dev/null
diff <(rows whole.h5) <(rows pipe.h5) && echo same
pack -o 4.h5 --shard 1/9 || echo "status $?"
echo 'resize = "64x64"' >> mixture.toml
pack -o 4.h5 || echo "status $?"
