# Command lines of answer and chat that are not possible.
gato-rollout answer --model run --question '' a.png || echo "status $?"
gato-rollout answer --model run --question 'what?' || echo "status $?"
gato-rollout answer --model run a.png || echo "status $?"
gato-rollout answer --model run --question 'what?' --greedy --top-k 3 a.png ||
  echo "status $?"
gato-rollout answer --model run --question 'what?' --top-p 1.5 a.png ||
  echo "status $?"
gato-rollout caption --model run --samples 0 a.png || echo "status $?"
gato-rollout answer --model run </dev/null || echo "status $?"
gato-rollout chat --model run --temperature -1 </dev/null || echo "status $?"
gato-rollout chat --model run --max-tokens 0 </dev/null || echo "status $?"
gato-rollout chat --model run </dev/null || echo "status $?"
