# shellcheck shell=bash
# Runs every program once, from demonstrations to a report.
. "$GATO_SOURCE/tests/pipeline/stages.sh"

demonstrate >/dev/null
draw_images
make_vocabulary
tokenize
pack >/dev/null
train
play >/dev/null
gato-rollout control --quiet --policy random --env "${tasks[@]}" --episodes 3 \
  --seed 3 -o random >/dev/null

for file in episodes.h5 captions.h5 sequences.h5 words.model run run/latest \
  played/grid/goto; do
  gato-info "$file" >"info" || fail "gato-info $file failed"
  grep -q . info || fail "gato-info $file prints nothing"
done
gato-info --decode episodes.h5 >decoded
grep -q 'observation mission = "go to the ' decoded ||
  fail 'the decoded tokens do not contain the missions'

[[ $(gato-rollout caption --quiet --model run pictures/images/*.png | wc -l) == 40 ]] ||
  fail 'expected one caption per image'

gato-eval loss --quiet --model run --data sequences.h5 >loss.json
gato-eval loss --quiet --model run --data sequences.h5 --swap-observations >swapped.json
for report in loss.json swapped.json; do
  [[ $(json 'sorted(j["domain"])' <$report) == "['arcade', 'captions', 'control', 'grid']" ]] ||
    fail "$report does not list the domains"
done
[[ $(json 'j["targets"]' <loss.json) == "$(json 'j["targets"]' <swapped.json)" ]] ||
  fail 'swapping observations changed the targets'

gato-finetune --quiet --init run --demonstrations demonstrations/arcade/catch \
  --episodes 1,3 --steps 2 --batch-size 2 --env arcade/catch --eval-every 2 \
  --eval-episodes 2 -o tuned
for number in 1 3; do
  grep -q '"evaluation"' "tuned/episodes-$number-repeat-1/metrics.jsonl" ||
    fail "there is no evaluation with $number demonstrations"
done

for report in json csv html; do
  gato-eval score --quiet played/*/* --expert demonstrations/*/* \
    --random random/*/* -o report.$report >/dev/null
done
gato-eval compare --quiet played/*/* --against random/*/* -o comparison.json >/dev/null
[[ $(json '[t["pairs"] for t in j["tasks"]]' <comparison.json) == '[3, 3, 3]' ]] ||
  fail 'the episodes of the model and of random actions are no pairs'
[[ $(json '[(t["task"], t["episodes"], t["failed"]) for t in j["tasks"]]' <report.json) == \
"[('arcade/catch', 3, 0), ('control/cartpole-swingup', 3, 0), ('grid/goto', 3, 0)]" ]] ||
  fail 'the report does not list the tasks'
[[ $(json 'all(t["score"] is not None for t in j["tasks"])' <report.json) == True ]] ||
  fail 'a task has no score'
