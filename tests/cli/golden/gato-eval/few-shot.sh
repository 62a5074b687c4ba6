# Gathers runs of gato-finetune into curves, as a table, JSON, CSV and HTML.
# run DIRECTORY STEPS MEAN...: writes a run with these evaluations.
run() {
  mkdir -p "$1"
  echo "steps = $2" > "$1/config.toml"
  local step=0 mean
  for mean in "${@:3}"; do
    step=$((step + 100))
    echo "{\"step\":$step,\"loss\":1.0}"
    echo "{\"step\":$step,\"evaluation\":{\"environment\":\"toy/task\",\"episodes\":10,\"failed\":0,\"mean\":$mean,\"std\":1.0}}"
  done > "$1/metrics.jsonl"
}
run tuned/episodes-1-repeat-1 700 0 1 2 3 4 5 5
run tuned/episodes-1-repeat-2 600 2 2 2 2 2 2
run tuned/episodes-10-repeat-1 600 8 8 null 9 9 9
run tuned/episodes-10-repeat-2 600 9 9 9 9 9
run other/episodes-1-repeat-1 500 1 1 1 1 1
cat > references.json <<'JSON'
{"toy/task": {"random": {"mean": 1}, "expert": {"mean": 9}}}
JSON
gato-eval few-shot tuned --curve "scratch=other" --references references.json -o curves.json
gato-eval few-shot --quiet --curve a=tuned b=other --references references.json \
  -o curves.csv > /dev/null
cat curves.csv
gato-eval few-shot --quiet tuned other --references references.json -o curves.html > /dev/null
head -1 curves.html
python3 - <<'PYTHON'
import json

report = json.load(open("curves.json"))
print(report["kind"], report["task"], report["random"], report["expert"], report["unit"])
for curve in report["curves"]:
    print(curve["name"])
    for point in curve["points"]:
        print(point)
    for summary in curve["summary"]:
        print(summary)
print([file["path"] for file in report["provenance"]["inputs"]])
PYTHON
echo "# Without references"
gato-eval few-shot --quiet other
echo "# The same bytes again"
gato-eval few-shot --quiet --no-provenance tuned --references references.json -o 1.json > /dev/null
gato-eval few-shot --quiet --no-provenance tuned --references references.json -o 2.json > /dev/null
cmp 1.json 2.json
gato-info --json 1.json | head -3
