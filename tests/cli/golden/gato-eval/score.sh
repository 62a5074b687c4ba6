# Prints tables to stdout and writes the report as JSON, CSV and HTML.
cat > references.json <<'JSON'
{"CartPole-v1": {"random": {"mean": 2}, "expert": {"mean": 22, "std": 1, "n": 5}}}
JSON
samples=$GATO_SOURCE/tests/samples/minari
gato-eval score "$samples/cartpole" "$samples/spaces" \
  --references references.json -o report.json
gato-eval score --quiet "$samples/cartpole" --references references.json \
  -o report.csv > /dev/null
cat report.csv
gato-eval score --quiet "$samples/cartpole" --references references.json \
  -o report.html > /dev/null
head -1 report.html
python3 - <<'PYTHON'
import json

report = json.load(open("report.json"))
print(report["kind"], report["runs"], len(report["thresholds"]))
print(report["tasks"][0])
print(report["overall"])
print(report["thresholds"][50], report["thresholds"][51])
print(report["provenance"]["inputs"][0]["path"])
PYTHON
