# shellcheck shell=bash
# The runs of a curve in processes of their own are those of one process, stop
# together with their progress saved, and continue.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

demonstrate
draw_images
make_vocabulary
gato-tokenize episodes --quiet --text-model words.model --discrete separate \
  -o episodes.h5 demonstrations/*/*
gato-pack --quiet --length 64 --window-steps 2 --sequences 40 --seed 1 -o sequences.h5 episodes.h5
train

# curve DIRECTORY OPTION...: trains for `steps` steps, 20 by default.
curve() {
  exec gato-finetune --quiet --init run --demonstrations demonstrations/arcade/catch \
    --episodes 1,3 --repeats 2 --batch-size 4 --steps "${steps:-20}" --no-provenance \
    --env arcade/catch --eval-every 5 --eval-episodes 2 --precision fp32 --seed 3 \
    -o "$@"
}
# same DIRECTORY DIRECTORY: compares weights, demonstrations and evaluations.
same() {
  local run
  for run in episodes-{1,3}-repeat-{1,2}; do
    cmp "$1/$run/step-20/model.safetensors" "$2/$run/step-20/model.safetensors" || return
    cmp "$1/$run/demonstrations.json" "$2/$run/demonstrations.json" || return
    cmp <(evaluations "$1/$run") <(evaluations "$2/$run") || return
  done
}
evaluations() {
  python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
for line in sorted((l for l in lines if "evaluation" in l), key=lambda l: l["step"]):
    print(line["step"], line["evaluation"])' "$1/metrics.jsonl"
}

(curve one --threads 1)
(curve four --threads 4) 2>log || fail "runs in processes: $(<log)"
same one four || fail "runs in processes differ"

# A run on the command line alone is the one of the curve.
(curve only --threads 4 --only 3:2)
cmp only/episodes-3-repeat-2/step-20/model.safetensors \
  one/episodes-3-repeat-2/step-20/model.safetensors || fail "--only differs"
[[ ! -e only/episodes-1-repeat-1 ]] || fail "--only trained another run"

# A time limit stops all of them; the same command continues.
status=0
(curve stopped --threads 2 --max-time 0.01s --resume) || status=$?
[[ $status == 75 ]] || fail "after the time limit the status is $status"
(curve stopped --threads 2 --resume) || fail "they did not continue"
same one stopped || fail "continued runs differ"

# A signal is forwarded to the runs.
status=0
steps=100000 curve killed --threads 2 --save-every 100000 --resume &
pid=$!
for _ in {1..600}; do
  ! grep -qs loss killed/*/metrics.jsonl || break
  sleep 0.1
done
kill -TERM "$pid"
wait "$pid" || status=$?
[[ $status == 75 ]] || fail "after SIGTERM the status is $status"
for run in killed/*; do
  ! grep -qs loss "$run/metrics.jsonl" || [[ -e $run/latest ]] || fail "$run saved nothing"
done

# The report of both curves.
gato-eval few-shot --quiet --curve a=one b=four -o curves.json >/dev/null || fail "no report"
[[ $(json 'len(j["curves"][0]["points"])' <curves.json) == 4 ]] || fail "points are missing"
gato-eval few-shot --quiet one -o one.html >/dev/null || fail "no page"

# demonstrations.json is a dataset of its episodes.
gato-finetune --quiet --init run --demonstrations one/episodes-3-repeat-1/demonstrations.json \
  --steps 2 --batch-size 4 -o listed || fail "demonstrations.json is not read"
[[ $(json 'sorted(j["episodes"])' <listed/demonstrations.json) == \
  "$(json 'sorted(j["episodes"])' <one/episodes-3-repeat-1/demonstrations.json)" ]] ||
  fail "demonstrations.json has other episodes"
