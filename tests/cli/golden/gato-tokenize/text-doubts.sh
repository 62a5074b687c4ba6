# Inputs that do not seem to match the options.
model=$GATO_SOURCE/tests/reference/text.model
try() {
  gato-tokenize text --text-model "$model" --discrete separate --force \
    -o out.h5 "$@" || echo "status $?"
}
printf '{"text": "a red square"}\n{"text": "a cross"}\n' > a.json
try a.json
try --format jsonl - < a.json
printf 'a red square\n\na cross' > a.txt
try --document-separator '\n\n' a.txt
cp a.txt b.txt
try --document-separator '<|end|>' a.txt b.txt
try --document-separator '\q' a.txt
tar -cf a.tar --format ustar a.txt
printf 'PK\003\004' > a.zip
printf 'PAR1\025\004' > a.parquet
for archive in a.tar a.zip a.parquet; do try "$archive"; done
try --skip-bad 1 a.tar a.txt
try --skip-bad 1 --format jsonl a.tar a.json
gato-tokenize vocab --size 18 -o a.model - < a.json
