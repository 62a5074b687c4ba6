samples=$GATO_SOURCE/tests/samples/tsv
tokenize() {
  gato-tokenize captions --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance --image-root "$samples/images" "$@" ||
    echo "status $?"
}
tokenize -o a.h5 "$samples/cc3m.tsv"
tokenize -o a.h5 --missing-images omit "$samples/cc3m.tsv"
tokenize -o b.h5 --missing-images omit --threads 2 --quiet "$samples/cc12m.tsv"
cmp a.h5 b.h5
tokenize -o named.h5 "$samples/named.tsv"
tokenize -o named2.h5 --image-column filepath --caption-column 2 --quiet \
  "$samples/named.tsv"
cmp named.h5 named2.h5
printf 'a star\nb\thttp://e.org\n' > bad.tsv
tokenize -o bad.h5 bad.tsv
tokenize -o bad.h5 --caption-column 1 --skip-bad 1 bad.tsv
tokenize -o bad.h5 --caption-column 1 --skip-bad 1 --trust-row-order bad.tsv
tokenize -o bad.h5 --image-name '{key}.jpg' bad.tsv
