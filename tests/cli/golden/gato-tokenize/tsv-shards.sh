samples=$GATO_SOURCE/tests/samples/tsv/images/00000
tokenize() {
  gato-tokenize captions --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance --image-root images \
    --missing-images omit "$@" || echo "status $?"
}
mkdir -p images/00000 images/00001 images/00002
cp "$samples/000000000.jpg" images/00000
cp "$samples/000000002.jpg" images/00001/000010000.jpg
cp "$samples/000000002.jpg" images/00002/000020000.jpg
printf 'http://e.org/1\ta red star\n' > a.tsv
printf 'http://e.org/2\t"a square\nhttp://e.org/3\ta star\n' > b.tsv
echo "Images are numbered"
tokenize -o ab.h5 a.tsv b.tsv
tokenize -o ab.h5 --skip-bad 9 a.tsv b.tsv
tokenize -o b.h5 b.tsv
tokenize -o ab.h5 --trust-row-order a.tsv b.tsv
tokenize -o shard.h5 --trust-row-order --shard 1/2 a.tsv b.tsv
tokenize -o shard.h5 --trust-row-order --shard 2/2 --force a.tsv b.tsv
echo "Images have URLs"
echo '{"key": "000000000", "url": "http://e.org/1"}' > images/00000/000000000.json
echo '{"key": "000010000", "url": "http://e.org/2"}' > images/00001/000010000.json
tokenize -o ab2.h5 a.tsv b.tsv
cmp ab.h5 ab2.h5
tokenize -o shard.h5 --shard 2/2 --force a.tsv b.tsv
