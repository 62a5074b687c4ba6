# shellcheck shell=bash
# scripts/imitate must go from environments to a report, continue where it was
# interrupted, and keep what is there.
. "$GATO_SOURCE/tests/pipeline/stages.sh"
imitate=$GATO_SOURCE/scripts/imitate

# A domain of the user's own: the child of the tests, which has an expert.
mkdir envs
cat >envs/toys.toml <<END
domain = "toys"
command = "exec python3 $GATO_SOURCE/tests/env/children/child.py --task {task}"
tasks = ["count"]
END
arguments=(--directory out --minutes 0.01 --episodes 6 --play 3 --env-path "$PWD/envs"
  toys/count 'arcade/cat?h' -- --layers 1 --width 64 --feedforward 64)
"$imitate" "${arguments[@]}" >log 2>&1 || fail "imitate failed: $(<log)"
for output in demonstrations/toys/count held-out/arcade/catch words.model tokens/toys/count.h5 \
  sequences.h5 run/latest episodes/network/arcade/catch report.html; do
  [[ -e out/$output ]] || fail "imitate did not make $output: $(<log)"
done
[[ $(gato-info out/demonstrations/toys/count) == *settings.max_steps* ]] ||
  fail "the settings are not recorded"

# What is there is kept; what is gone is made again.
before=$(stat -c %i out/sequences.h5)
rm -r out/episodes/network/toys out/report.html
"$imitate" "${arguments[@]}" >log 2>&1 || fail "imitate failed the second time: $(<log)"
[[ -e out/episodes/network/toys/count && -e out/report.html ]] || fail "it made nothing again"
[[ $(stat -c %i out/sequences.h5) == "$before" ]] || fail "it did not keep the sequences"

status=0
"$imitate" --directory other arcade/cach >log 2>&1 || status=$?
[[ $status == 2 && $(<log) == *"did you mean 'arcade/catch'?"* ]] ||
  fail "an unknown environment: status $status: $(<log)"
