# shellcheck shell=bash
# scripts/generalist must go from environments to scores, continue where it was
# interrupted, and name what is not installed.
. "$GATO_SOURCE/tests/pipeline/stages.sh"
generalist=$GATO_SOURCE/scripts/generalist

# A domain of the user's own: the child of the tests, which has an expert.
mkdir envs
cat >envs/toys.toml <<END
domain = "toys"
command = "exec python3 $GATO_SOURCE/tests/env/children/child.py --task {task}"
tasks = ["count", "secret"]
END
arguments=(--directory out --minutes 0.01 --episodes 6 --play 3 --pictures 40 --jobs 2
  --env-path "$PWD/envs" --hold-out toys/secret --weight 'toys/*=2'
  'toys/*' --tasks 'arcade/cat?h' -- --layers 1 --width 64 --feedforward 64)

# A signal stops the jobs, too.
(trap - INT; exec "$generalist" "${arguments[@]}") >log 2>&1 &
for _ in {1..300}; do
  ! compgen -G 'out/held-out/*/*.partial' >/dev/null || break
  sleep 0.1
done
kill -TERM $!
status=0
wait $! || status=$?
[[ $status != 0 && ! -e out/evaluation-3 ]] || fail "stopped: status $status: $(<log)"

"$generalist" "${arguments[@]}" >log 2>&1 || fail "generalist failed: $(<log)"
for output in demonstrations/toys/count references/random/arcade/catch words.model \
  tokens/toys/count.h5 sequences.h5 run/latest evaluation-3/network/arcade/catch \
  evaluation-3/nearest/toys/count evaluation-3/chat.txt evaluation-3/report-success.html; do
  [[ -e out/$output ]] || fail "generalist did not make $output: $(<log)"
done
[[ ! -e out/demonstrations/toys/secret ]] || fail "the task that is held out was played"
[[ $(json '[t["task"] for t in j["tasks"]], j["captions"]["n"]' <out/evaluation-3/scores.json) == \
  "['arcade/catch', 'toys/count'] 1" ]] || fail "scores: $(<out/evaluation-3/scores.json)"
[[ $(<log) == *'MISSED   captions of unseen images that are right: 0.000 (>= 0.97)'* ]] ||
  fail "no comparison with the targets: $(<log)"

# What is there is kept; another seed of the evaluation plays again.
before=$(stat -c %i out/sequences.h5)
rm -r out/evaluation-3/network/toys
"$generalist" --play-seed 4 "${arguments[@]}" >log 2>&1 || fail "the second time: $(<log)"
[[ -e out/evaluation-4/scores.json && ! -e out/evaluation-3/network/toys ]] ||
  fail "--play-seed has no effect"
[[ $(stat -c %i out/sequences.h5) == "$before" ]] || fail "it did not keep the sequences"

mkdir none
status=0
GATO_ENVIRONMENTS=$PWD/none "$generalist" --directory other >log 2>&1 || status=$?
[[ $status == 2 && $(<log) == *'scripts/environments babyai metaworld'* ]] ||
  fail "domains that are not installed: status $status: $(<log)"
