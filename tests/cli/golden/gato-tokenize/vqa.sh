samples=$GATO_SOURCE/tests/samples/vqa
tokenize() {
  gato-tokenize vqa --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance "$@" || echo "status $?"
}
tokenize -o a.h5 --questions "$samples/questions.json" --annotations "$samples/annotations.json"
tokenize -o b.h5 --threads 2 --quiet --questions "$samples/questions.json" \
  --annotations "$samples/okvqa-annotations.json"
cmp a.h5 b.h5
gato-info --decode --documents 0-1 a.h5
tokenize -o all.h5 --answers all --questions "$samples/questions.json" \
  --annotations "$samples/annotations.json"
tokenize -o two.h5 --questions "$samples/questions.json" "$samples/questions.json" \
  --annotations "$samples/annotations.json" "$samples/okvqa-annotations.json"
tokenize -o bad.h5 --questions "$samples/questions.json" --annotations "$samples/bad-annotations.json"
tokenize -o bad.h5 --skip-bad 3 --questions "$samples/questions.json" \
  --annotations "$samples/bad-annotations.json"
tokenize -o c.h5 --image-root elsewhere --questions "$samples/questions.json" \
  --annotations "$samples/annotations.json"
tokenize -o c.h5 --questions "$samples/annotations.json" --annotations "$samples/questions.json"
tokenize -o c.h5 --questions "$samples/questions.json" "$samples/questions.json" \
  --annotations "$samples/annotations.json"
tokenize -o c.h5 --questions "$samples/questions.json" "$samples/questions.json" \
  --annotations "$samples/annotations.json" "$samples/annotations.json"
tokenize -o c.h5 --image-name '{id}' --questions "$samples/questions.json" \
  --annotations "$samples/annotations.json"
# Two jobs, each with its part of the pairs of files, have the result of one.
two=(--questions "$samples/questions.json" "$samples/questions.json"
  --annotations "$samples/annotations.json" "$samples/okvqa-annotations.json")
tokenize -o 1.h5 --quiet --shard 1/2 "${two[@]}"
tokenize -o 2.h5 --quiet --shard 2/2 "${two[@]}"
cmp 1.h5 a.h5
documents() { gato-info --decode "$@" | grep item; }
diff <(documents two.h5) <(documents 1.h5 2.h5) && echo same
tokenize -o 3.h5 --shard 1/3 "${two[@]}"
