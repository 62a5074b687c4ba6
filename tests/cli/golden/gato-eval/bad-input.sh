# The exit status is 2 for misuse, 3 for bad input and 4 for a missing file.
data=$GATO_SOURCE/tests/samples/minari/cartpole
gato-eval score || echo "status $?"
gato-eval score missing || echo "status $?"
gato-eval score "$data" -o report.txt || echo "status $?"
gato-eval score "$data" -o report.json --captions c.jsonl || echo "status $?"
gato-eval score "$data" --references missing.json || echo "status $?"
echo '{"pong": {"random": {"mean": "low"}}}' > r.json
gato-eval score "$data" --references r.json || echo "status $?"
touch report.json
gato-eval score "$data" -o report.json || echo "status $?"
mkdir empty
gato-eval score empty || echo "status $?"
gato-eval scores "$data" || echo "status $?"
