# Two jobs do what one does, each its part of the operands.
model=$GATO_SOURCE/tests/reference/text.model
for word in one two three; do echo "file $word" > "$word.txt"; done
tokenize() { gato-tokenize text --text-model "$model" --discrete separate --no-provenance "$@"; }
tokenize -o whole.h5 one.txt two.txt three.txt
tokenize -o 1.h5 --shard 1/2 one.txt two.txt three.txt
tokenize -o 2.h5 --shard 2/2 one.txt two.txt three.txt
documents() { gato-info --decode "$@" | grep item; }
documents whole.h5
diff <(documents whole.h5) <(documents 1.h5 2.h5) && echo same
tokenize -o 3.h5 --shard 1/4 one.txt two.txt three.txt || echo "status $?"
tokenize -o 3.h5 --shard 0/4 one.txt || echo "status $?"
tokenize -o 3.h5 --shard 1 one.txt || echo "status $?"
gato-tokenize vocab --shard 1/2 --size 40 -o words.model one.txt || echo "status $?"
ls ./*.h5
