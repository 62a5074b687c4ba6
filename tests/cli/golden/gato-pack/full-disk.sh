gato-pack --help >/dev/full || echo "status $?"
echo 'a text' > a.txt
gato-tokenize text --text-model "$GATO_SOURCE/tests/reference/text.model" \
  --discrete separate --quiet -o a.h5 a.txt 2>/dev/null
# The output file is complete.
gato-pack --quiet -o out.h5 a.h5 >/dev/full || echo "status $?"
gato-info out.h5 | head -n 1
# The log file is checked before the work begins.
gato-pack --quiet -o other.h5 --log-file /dev/full a.h5 || echo "status $?"
ls
