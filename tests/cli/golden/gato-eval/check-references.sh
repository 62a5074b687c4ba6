# Says what is wrong with references, and how bad it is by the exit status.
samples=$GATO_SOURCE/tests/samples/minari
cat > good.json <<'JSON'
{"CartPole-v1": {"random": {"mean": 2, "std": 1}, "expert": {"mean": 22, "std": 1}}}
JSON
cat > bad.json <<'JSON'
{"CartPole-v1": {"expert": {"mean": 1}}, "pong": {"random": {"mean": 1}, "expert": {"mean": 1.01}}}
JSON
gato-eval score --references good.json --check
gato-eval score --references good.json bad.json --check || echo "status $?"
gato-eval score --check "$samples/cartpole" --references good.json
gato-eval score --check "$samples/cartpole" --references good.json \
  --fail-on warning || echo "status $?"
gato-eval score --check --references "$GATO_SOURCE/share/gato/scores/jat.json" \
  -o findings.json > /dev/null || echo "status $?"
jq -r '.findings[] | select(.check == "order" or .check == "near") | .task' findings.json
gato-eval score --check --references good.json -o findings.html || echo "status $?"
