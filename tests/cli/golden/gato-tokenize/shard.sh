# Two jobs, each with its part of the operands, have the result of one.
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
# A shard without documents writes an empty file, which gato-pack ignores.
echo > blank.txt
tokenize -o blank.h5 --shard 1/2 blank.txt one.txt
tokenize -o rest.h5 --shard 2/2 blank.txt one.txt
tokenize -o none.h5 blank.txt || echo "status $?"
gato-info blank.h5
pack() { gato-pack --no-provenance --length 8 "$@" > /dev/null || echo "status $?"; }
pack -o with.sequences blank.h5 rest.h5
pack -o without.sequences --quiet rest.h5
cmp with.sequences without.sequences
mkdir other && cp blank.h5 other
pack -o glob.sequences 'other/blank.h5:2' '{blank,rest}.h5:1'
pack -o none.sequences blank.h5
ls ./*.h5
