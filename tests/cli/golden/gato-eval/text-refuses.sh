# What gato-eval text rejects.
cat >captions.json <<'JSON'
{"annotations": [{"id": 1, "image_id": 7, "caption": "two dogs"}]}
JSON
cat >annotations.json <<'JSON'
{"annotations": [{"question_id": 1, "answers": [{"answer": "1"}]}]}
JSON
# refuse LINES...: scores these lines.
refuse() {
  printf '%s\n' "$@" >captions.jsonl
  gato-eval text --references captions.json --predictions captions.jsonl ||
    echo "status $?"
}
refuse '{"image": "8.png", "caption": "a cat"}'
refuse '{"image": "7.png", "caption": "a"}' '{"image": "007.png", "caption": "b"}'
refuse '{"image": "cat.png", "caption": "a cat"}'
refuse '{"image": "7.png"}'
refuse '{"image": "7.png", "caption": '
refuse ''
gato-eval text --references annotations.json --predictions captions.jsonl ||
  echo "status $?"
gato-eval text --references missing.json --predictions captions.jsonl ||
  echo "status $?"
gato-eval text || echo "status $?"
gato-eval text --references captions.json || echo "status $?"
gato-eval text --references captions.json --predictions captions.jsonl \
  --model run || echo "status $?"
gato-eval text --model run || echo "status $?"
gato-eval text --model run --data captions.json || echo "status $?"
