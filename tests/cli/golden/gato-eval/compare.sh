# Compares two policies and writes the report as JSON, CSV and HTML.
samples=$GATO_SOURCE/tests/samples/minari
gato-eval compare "$samples/cartpole" "$samples/spaces" \
  --against "$samples/cartpole" -o report.json
gato-eval compare --quiet "$samples/cartpole" --against "$samples/cartpole" \
  -o report.csv > /dev/null
cat report.csv
gato-eval compare --quiet "$samples/cartpole" --against "$samples/cartpole" \
  -o report.html > /dev/null
head -1 report.html
jq -c '[.kind, .metric, .overall.pairs, .overall.verdict]' report.json
gato-eval compare "$samples/cartpole" || echo "status $?"
gato-eval compare "$samples/cartpole" --against missing || echo "status $?"
gato-eval compare "$samples/cartpole" --against "$samples/cartpole" \
  -o report.txt || echo "status $?"
