echo 'a few words' > few.txt
gato-tokenize vocab --size 5000 -o v.model few.txt || echo "status $?"
gato-tokenize vocab --size 3 -o v.model few.txt || echo "status $?"
gato-tokenize vocab -o v.model few.txt || echo "status $?"
gato-tokenize vocab --size 8 -o v.model missing.txt || echo "status $?"
: > empty.txt
gato-tokenize vocab --size 8 -o v.model empty.txt || echo "status $?"
ls
