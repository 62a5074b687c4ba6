samples=$GATO_SOURCE/tests/samples/minari
echo '{"CartPole-v1": {"random": {"mean": 2}, "expert": {"mean": 22}}}' > r.json
for seed in 1 1 2; do
  gato-eval score --quiet --no-provenance --seed $seed "$samples/cartpole" \
    --references r.json -o report.json --force > /dev/null
  sha256sum < report.json
done | uniq -c | wc -l
