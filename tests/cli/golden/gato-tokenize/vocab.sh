gato-tokenize vocab --size 300 -o a.model "$GATO_SOURCE/LICENSE"
gato-tokenize vocab --size 300 -o b.model --threads 2 --quiet "$GATO_SOURCE/LICENSE"
cmp a.model b.model
gato-tokenize vocab --size 300 --algorithm bpe -o bpe.model "$GATO_SOURCE/LICENSE"
gato-tokenize text --text-model a.model --discrete separate -o t.h5 "$GATO_SOURCE/LICENSE"
gato-tokenize vocab --size 100 --sentences 50 --seed 3 -o few.model "$GATO_SOURCE/LICENSE"
gato-tokenize vocab --size 100 --sentences 50 --seed 3 --quiet -o again.model "$GATO_SOURCE/LICENSE"
cmp few.model again.model
# Questions with answers, and the texts of pages.
vqa=$GATO_SOURCE/tests/samples/vqa
pages=$GATO_SOURCE/tests/samples/interleaved
gato-tokenize vocab --size 26 --format vqa -o vqa.model \
  "$vqa/questions.json" "$vqa/annotations.json"
printf '%s\n' 'Q: What color is it? A: blue' 'Q: Is it a star? A: no' \
  'Q: What is it? A: square' > vqa.txt
gato-tokenize vocab --size 26 --document-separator lines --quiet -o lines.model vqa.txt
cmp vqa.model lines.model
gato-tokenize vocab --size 20 --format interleaved -o pages.model "$pages/gato.jsonl" "$pages/mmc4.tar"
gato-tokenize vocab --size 20 --format vqa -o odd.model "$vqa/questions.json" || echo "status $?"
ls ./*.model
