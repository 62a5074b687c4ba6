# shellcheck shell=bash
# A disk that is full ends each stage with status 4, a message that names the
# output, and nothing under its name. A limit on the size of files stands for
# the disk.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

demonstrate >/dev/null
draw_pictures
make_vocabulary
tokenize
pack >/dev/null
train
mkdir kept
mv demonstrations episodes.h5 sequences.h5 kept

# refused OUTPUT STAGE...: the stage with files of at most 4 KiB.
refused() {
  local output=$1 status=0
  shift
  (
    trap '' XFSZ # writes fail instead
    ulimit -f 4
    "$@"
  ) >/dev/null 2>message || status=$?
  [[ $status == 4 ]] || fail "$1 ended with status $status: $(<message)"
  grep -q "$output" message || fail "$1 does not name $output: $(<message)"
  [[ ! -e $output ]] || fail "$1 left $output"
  [[ -z $(find . -maxdepth 1 -name '*.tmp*') ]] || fail "$1 left temporary files"
}
refused demonstrations demonstrate
mv kept/demonstrations .
refused episodes.h5 tokenize
mv kept/episodes.h5 .
refused sequences.h5 pack
mv kept/sequences.h5 .
refused played play
