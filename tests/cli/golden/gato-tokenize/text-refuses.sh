model=$GATO_SOURCE/tests/reference/text.model
echo 'a red square' > a.txt
printf 'a \377\n' > bytes.txt
printf '{"body": "a cross"}\n' > b.jsonl
try() { gato-tokenize text -o out.h5 "$@" || echo "status $?"; }
try --text-model "$model" a.txt
try --text-model a.txt --discrete separate a.txt
try --text-model missing.model a.txt
try a.txt
try --text-model "$model" --discrete separate missing.txt
try --text-model "$model" --discrete separate a.txt b.jsonl ./a.txt
try --text-model "$model" --discrete separate bytes.txt
try --text-model "$model" --discrete separate b.jsonl
try --text-model "$model" --discrete separate --document-separator '' a.txt
try --text-model "$model" --discrete separate --documnet-separator lines a.txt
: > empty.txt
try --text-model "$model" --discrete separate empty.txt
: > out.h5
try --text-model "$model" --discrete separate a.txt
rm out.h5
ls -A
