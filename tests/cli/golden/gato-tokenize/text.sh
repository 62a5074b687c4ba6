model=$GATO_SOURCE/tests/reference/text.model
printf 'a red square\n\na blue circle\nabove a star\n' > a.txt
printf '{"body": "a cross"}\n{"text": "a star"}\nnot JSON\n' > b.jsonl
tokenize() { gato-tokenize text --text-model "$model" --discrete separate --no-provenance "$@"; }
tokenize -o file.h5 a.txt
tokenize -o paragraphs.h5 --document-separator blank-lines a.txt
tokenize -o lines.h5 --document-separator lines a.txt
tokenize -o words.h5 --document-separator 'red' a.txt
tokenize -o stdin.h5 - < a.txt
cmp file.h5 stdin.h5
tokenize -o lines2.h5 --threads 3 --document-separator lines --quiet a.txt
cmp lines.h5 lines2.h5
tokenize -o mixed.h5 --skip-bad 2 a.txt b.jsonl
tokenize -o keys.h5 --text-key body --skip-bad 2 b.jsonl
