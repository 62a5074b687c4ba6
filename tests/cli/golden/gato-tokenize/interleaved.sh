samples=$GATO_SOURCE/tests/samples/interleaved
tokenize() {
  gato-tokenize interleaved --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance "$@" || echo "status $?"
}
tokenize -o a.h5 "$samples"/*.jsonl
gato-info --decode --documents 0 a.h5
tokenize -o b.h5 --threads 3 --quiet "$samples"/*.jsonl
cmp a.h5 b.h5
tokenize -o mmc4.h5 --quiet "$samples/mmc4.jsonl"
tokenize -o tar.h5 "$samples/mmc4.tar"
cmp <(gato-info --decode mmc4.h5) <(gato-info --decode tar.h5)
gzip -c "$samples/mmc4.jsonl" | tokenize -o pipe.h5 --quiet --image-root "$samples" -
cmp mmc4.h5 pipe.h5
cat > bad.jsonl <<'JSON'
{"items": [{"text": "a star"}, {"image": "missing.png"}]}
{"items": [{"image": "missing.png"}]}
{"items": [{"text": "a star"}, {"image_base64": "/9j/"}]}
not JSON
{"items": [{"text": "a cross"}]}
JSON
tokenize -o bad.h5 bad.jsonl
tokenize -o bad.h5 --skip-bad 4 bad.jsonl
tokenize -o omitted.h5 --skip-bad 3 --missing-images omit bad.jsonl
tokenize -o c.h5 --format obelics bad.jsonl
