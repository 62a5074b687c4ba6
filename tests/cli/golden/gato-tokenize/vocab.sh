gato-tokenize vocab --size 300 -o a.model "$GATO_SOURCE/LICENSE"
gato-tokenize vocab --size 300 -o b.model --threads 2 --quiet "$GATO_SOURCE/LICENSE"
cmp a.model b.model
gato-tokenize vocab --size 300 --algorithm bpe -o bpe.model "$GATO_SOURCE/LICENSE"
gato-tokenize text --text-model a.model --discrete separate -o t.h5 "$GATO_SOURCE/LICENSE"
gato-tokenize vocab --size 100 --sentences 50 --seed 3 -o few.model "$GATO_SOURCE/LICENSE"
gato-tokenize vocab --size 100 --sentences 50 --seed 3 --quiet -o again.model "$GATO_SOURCE/LICENSE"
cmp few.model again.model
