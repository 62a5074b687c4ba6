head -c 200 "$GATO_SOURCE/tests/ingest/red-cmyk.jpg" > short.jpg
cat > captions.json <<'JSON'
{"images": [{"id": 1, "file_name": "short.jpg"}, {"id": 2, "file_name": "missing.jpg"}],
 "annotations": [{"id": 10, "image_id": 1, "caption": "cut short"},
                 {"id": 11, "image_id": 2, "caption": "missing"},
                 {"id": 12, "image_id": 3, "caption": "unknown"},
                 {"id": 13, "image_id": 1}]}
JSON
echo '{"images": []}' > half.json
# Change a byte of the compressed pixels.
cp "$GATO_SOURCE/tests/samples/images/rgb.png" damaged.png
printf 'x' | dd of=damaged.png bs=1 seek=60 conv=notrunc status=none
cat > damaged.json <<'JSON'
{"images": [{"id": 1, "file_name": "damaged.png"}],
 "annotations": [{"id": 10, "image_id": 1, "caption": "damaged"}]}
JSON
try() {
  gato-tokenize captions --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate -o out.h5 "$@" || echo "status $?"
}
try captions.json
try --skip-bad 3 captions.json
try --skip-bad 4 captions.json
try half.json
try missing.json
try damaged.json
try --resize 64 captions.json
try --resize 0x5 captions.json
ls -A
