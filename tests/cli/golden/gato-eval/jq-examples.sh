# Runs the jq commands of the manual, those among the examples of --help, on
# real reports.
cat > references.json <<'JSON'
{"CartPole-v1": {"random": {"mean": 2}, "expert": {"mean": 42}}}
JSON
samples=$GATO_SOURCE/tests/samples/minari
gato-eval score --quiet "$samples/cartpole" "$samples/spaces" \
  --references references.json -o scores.json > /dev/null
gato-eval compare --quiet "$samples/cartpole" --against "$samples/cartpole" \
  -o comparison.json > /dev/null
jq '.tasks[0].verdict = "A"' comparison.json > changed.json
mv changed.json comparison.json
for command in score compare; do
  gato-eval "$command" --help | grep '^ *jq ' | while read -r example; do
    echo "$ $example"
    bash -c "$example"
  done
done
