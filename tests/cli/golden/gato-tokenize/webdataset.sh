samples=$GATO_SOURCE/tests/samples/webdataset
tokenize() {
  gato-tokenize captions --text-model "$GATO_SOURCE/tests/reference/text.model" \
    --discrete separate --no-provenance "$@" || echo "status $?"
}
tokenize -o a.h5 "$samples/good-{0000..0001}.tar"
tokenize -o b.h5 --threads 3 --quiet "$samples"/good-*.tar
cmp a.h5 b.h5
gzip -n < "$samples/good-0000.tar" > one.tar.gz
cat "$samples"/good-*.tar > both
tokenize -o c.h5 --quiet one.tar.gz "$samples/good-0001.tar"
cmp a.h5 c.h5
tokenize -o d.h5 --quiet - < both
cmp a.h5 d.h5
tokenize -o bad.h5 "$samples/bad.tar"
tokenize -o bad.h5 --skip-bad 5 "$samples/bad.tar"
tokenize -o omitted.h5 --skip-bad 4 --missing-images omit "$samples/bad.tar"
gzip -dc one.tar.gz | head -c 5200 > cut.tar
tokenize -o cut.h5 cut.tar
tokenize -o cut.h5 --skip-bad 1 cut.tar
# Archives that are truncated between two members, empty, or without members.
gzip -dc one.tar.gz | head -c 4096 > between.tar
gzip -n < between.tar > between.tar.gz
tokenize -o between.h5 between.tar
tokenize -o between.h5 --force --quiet between.tar.gz
: > nothing.tar
tokenize -o e.h5 one.tar.gz nothing.tar
head -c 10240 /dev/zero > zeros.tar
tokenize -o zeros.h5 one.tar.gz zeros.tar
tokenize -o e.h5 both
echo "no archive" > text.tar
tokenize -o e.h5 text.tar
tokenize -o e.h5 "$samples/good-{0000..0003}.tar"
ls -A
