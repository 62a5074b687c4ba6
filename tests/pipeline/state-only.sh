# shellcheck shell=bash
# Tasks without text need no text model: the path from demonstrations to a score with
# a vocabulary of 0 text pieces.
. "$GATO_SOURCE/tests/pipeline/stages.sh"
tasks=(control/cartpole-swingup arcade/catch)

demonstrate >/dev/null
gato-tokenize episodes --quiet --text-model none -o episodes.h5 demonstrations/*/*
gato-pack --quiet --length 64 --window-steps 2 --sequences 40 --seed 1 \
  -o sequences.h5 episodes.h5 >/dev/null
for file in episodes.h5 sequences.h5; do
  pieces=$(gato-info --json "$file" | json 'j["vocabulary"]["text_size"]')
  [[ $pieces == 0 ]] || fail "$file has $pieces text pieces"
done
train --validation sequences.h5 --validate-every 2
[[ ! -e run/latest/tokenizer.model ]] || fail 'the model has a text model'
gato-info run >/dev/null

play --prompt own >/dev/null
episodes=$(for task in "${tasks[@]}"; do
  gato-info --json "played/$task" | json '"%d of %d" % (j["episodes"] - j["failed"], j["episodes"])'
done)
[[ $episodes == $'3 of 3\n3 of 3' ]] || fail "played $episodes"
gato-eval score --quiet --resamples 10 played/*/* --expert demonstrations/*/* \
  --random played/*/* >/dev/null
targets=$(gato-eval loss --quiet --model run --data sequences.h5 |
  json '(j["modality"]["text"]["targets"], j["modality"]["discrete_action"]["targets"] > 0)')
[[ $targets == '(0, True)' ]] || fail "the loss has the targets $targets"

gato-finetune --quiet --init run --demonstrations demonstrations/control/cartpole-swingup \
  --steps 2 --batch-size 4 --env control/cartpole-swingup --eval-every 2 --eval-episodes 1 \
  -o tuned
gato-train --quiet --export run --dtype bf16 -o exported
gato-rollout control --quiet --model exported --env arcade/catch --episodes 1 -o played2 \
  >/dev/null
! gato-rollout caption --model run demonstrations 2>messages ||
  fail 'a model without text pieces wrote a caption'
grep -q 'no text pieces' messages || fail "the message is: $(cat messages)"
