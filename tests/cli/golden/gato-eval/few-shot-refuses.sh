# What is not a run, and runs that do not belong together.
mkdir -p none empty/episodes-1-repeat-1 other/episodes-1-repeat-1 bad/episodes-1-repeat-1
evaluation='"episodes":10,"failed":0,"mean":1.0,"std":0.0'
echo '{"step":1,"loss":1.0}' > empty/episodes-1-repeat-1/metrics.jsonl
echo "{\"step\":1,\"evaluation\":{\"environment\":\"toy/b\",$evaluation}}" > other/episodes-1-repeat-1/metrics.jsonl
echo '{"step":1,"evaluation":{"episodes":10}}' > bad/episodes-1-repeat-1/metrics.jsonl
mkdir -p curve/episodes-1-repeat-1
echo "{\"step\":1,\"evaluation\":{\"environment\":\"toy/a\",$evaluation}}" > curve/episodes-1-repeat-1/metrics.jsonl
for operands in "" none empty bad missing "curve other" "curve curve" "--curve curve" \
  "$GATO_SOURCE/tests/samples/minari/cartpole" "curve -o x.png"; do
  # The operands are words.
  # shellcheck disable=SC2086
  gato-eval few-shot $operands || echo "status $?"
done
