samples=$GATO_SOURCE/tests/samples/text
tokenize() {
  gato-tokenize text --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance "$@" || echo "status $?"
}
tokenize -o gz.h5 "$samples/members.jsonl.gz"
tokenize -o zst.h5 --quiet "$samples/frames.jsonl.zst"
cmp gz.h5 zst.h5
tokenize -o pipe.h5 --quiet --format jsonl - < "$samples/frames.jsonl.zst"
cmp gz.h5 pipe.h5
for i in {1..20000}; do echo "a red square $i"; done > lines.txt
tokenize -o lines.h5 --document-separator lines --threads 1 lines.txt
gzip -c lines.txt | tokenize -o lines2.h5 --document-separator lines --threads 4 --quiet -
cmp lines.h5 lines2.h5
head -c 60 "$samples/members.jsonl.gz" > cut.jsonl.gz
tokenize -o cut.h5 cut.jsonl.gz
tokenize -o cut.h5 --skip-bad 1 cut.jsonl.gz
