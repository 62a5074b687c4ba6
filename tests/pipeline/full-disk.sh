# shellcheck shell=bash
# If the disk is full, each stage must exit with status 4 and a message that names the
# output, and leave nothing behind. A limit on the size of files simulates the full
# disk.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

demonstrate >/dev/null
draw_images
make_vocabulary
tokenize
pack >/dev/null
train
mkdir finished
mv demonstrations episodes.h5 sequences.h5 finished

# expect_failure OUTPUT STAGE...: runs the stage with a file size limit of 4 KiB.
expect_failure() {
  local output=$1 status=0
  shift
  (
    trap '' XFSZ # makes writes fail instead of killing the program
    ulimit -f 4
    "$@"
  ) >/dev/null 2>message || status=$?
  [[ $status == 4 ]] || fail "$1 exited with status $status: $(<message)"
  grep -q "$output" message || fail "the message of $1 does not name $output: $(<message)"
  [[ ! -e $output ]] || fail "$1 left $output behind"
  [[ -z $(find . -maxdepth 1 -name '*.tmp*') ]] || fail "$1 left temporary files behind"
}
expect_failure demonstrations demonstrate
mv finished/demonstrations .
expect_failure episodes.h5 tokenize
mv finished/episodes.h5 .
expect_failure sequences.h5 pack
mv finished/sequences.h5 .
expect_failure played play
