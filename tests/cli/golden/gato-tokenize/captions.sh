cp "$GATO_SOURCE/tests/ingest/red-cmyk.jpg" red.jpg
cat > captions.json <<'JSON'
{"images": [{"id": 1, "file_name": "red.jpg"}, {"id": 2, "file_name": "unused.jpg"}],
 "annotations": [{"id": 10, "image_id": 1, "caption": "a red square"},
                 {"id": 11, "image_id": 1, "caption": "red"}]}
JSON
tokenize() {
  gato-tokenize captions --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance "$@"
}
tokenize -o a.h5 captions.json
tokenize -o b.h5 --threads 2 --image-root . --quiet captions.json
cmp a.h5 b.h5
tokenize -o small.h5 --resize 16x16 captions.json
