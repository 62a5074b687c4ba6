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
  --seed 2 -o random >/dev/null

for file in episodes.h5 captions.h5 sequences.h5 words.model run run/latest \
  played/grid/goto; do
  gato-info "$file" >"info" || fail "gato-info $file failed"
  grep -q . info || fail "gato-info $file prints nothing"
done
gato-info --decode episodes.h5 >decoded
grep -q 'observation mission = "go to the ' decoded ||
  fail 'the decoded tokens do not contain the missions'

options=(--quiet --text-model words.model --discrete separate)
gato-tokenize vqa "${options[@]}" --image-root pictures/images --image-name \
  '{image:012}.png' --questions pictures/questions.json --annotations \
  pictures/annotations.json -o questions.h5
gato-tokenize interleaved "${options[@]}" -o dialogues.h5 pictures/dialogues.jsonl
gato-info --decode dialogues.h5 >decoded
grep -q 'User: what color is' decoded ||
  fail 'the decoded tokens do not contain the turns'

generate=(--quiet --model run --max-tokens 8)
gato-rollout caption "${generate[@]}" 'pictures/images/*.png' >captions.jsonl
gato-rollout answer "${generate[@]}" <pictures/questions.jsonl >answers.jsonl
gato-rollout chat "${generate[@]}" --preamble none --json <pictures/turns.jsonl \
  >replies.jsonl
[[ $(wc -l <captions.jsonl) == 40 && $(wc -l <answers.jsonl) == 120 ]] ||
  fail 'expected a caption per image and an answer per question'
gato-eval text --quiet --references pictures/captions.json \
  --predictions captions.jsonl >captions.json
gato-eval text --quiet --references pictures/annotations.json --questions \
  pictures/questions.json --predictions answers.jsonl >answers.json
[[ $(json '(j["n"], j["vqa_accuracy"])' <captions.json) == '(40, None)' &&
  $(json '(j["n"], j["bleu_1"], j["vqa_accuracy"] == j["exact"])' <answers.json) == \
  '(120, None, True)' ]] || fail "the metrics are wrong: $(cat captions.json answers.json)"
python3 "$GATO_SOURCE/share/gato/examples/shapes.py" --check-replies \
  replies.jsonl pictures >/dev/null || fail 'expected a reply per turn'
gato-eval text --quiet --model run --data captions.h5 >perplexity.json
[[ $(json 'round(math.log2(j["perplexity"]) * j["tokens"] / j["bytes"] -
  j["bits_per_byte"], 9)' <perplexity.json) == 0.0 ]] ||
  fail 'perplexity and bits per byte disagree'

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
  fail "the episodes of the model and of random actions form the pairs $(json '[t["pairs"] for t in j["tasks"]]' <comparison.json)"
[[ $(json '[(t["task"], t["episodes"], t["failed"]) for t in j["tasks"]]' <report.json) == \
"[('arcade/catch', 3, 0), ('control/cartpole-swingup', 3, 0), ('grid/goto', 3, 0)]" ]] ||
  fail 'the report does not list the tasks'
[[ $(json 'all(t["score"] is not None for t in j["tasks"])' <report.json) == True ]] ||
  fail 'a task has no score'
