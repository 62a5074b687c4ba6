samples=$GATO_SOURCE/tests/samples/minari
gato-eval score "$samples/cartpole"
# Datasets that serve as references are recorded as inputs, too.
gato-eval score --quiet "$samples/cartpole" --random "$samples/spaces" \
  -o report.json > /dev/null
python3 -c "import json; print([i[\"path\"] for i in json.load(open(\"report.json\"))[\"provenance\"][\"inputs\"]])"
