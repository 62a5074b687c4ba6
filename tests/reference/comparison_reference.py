#!/usr/bin/env python3
"""Computes statistics of comparisons with rliable itself (Agarwal et al. 2021) and scipy.

    python3 -m venv venv && venv/bin/pip install rliable==1.2.0 'pandas<3'
    venv/bin/python tests/reference/comparison_reference.py > tests/reference/comparison.json

tests/eval/comparison_test.cc and score_test.cc compare gato's statistics with the stored output.
"""

import json

import numpy
from rliable import library, metrics
from scipy import special, stats

RUNS, TASKS, RESAMPLES = 15, 4, 20000


def evidence(wins, losses):
    logarithm = (
        special.betaln(wins + 0.5, losses + 0.5)
        - special.betaln(0.5, 0.5)
        + (wins + losses) * numpy.log(2)
    )
    return {"wins": wins, "losses": losses, "evidence": float(numpy.exp(logarithm))}


def pair_interval(differences):
    """The percentile bootstrap of the mean over pairs, by scipy."""
    result = stats.bootstrap(
        (differences,), numpy.mean, n_resamples=RESAMPLES, method="percentile",
        random_state=numpy.random.default_rng(5),
    )
    return [float(result.confidence_interval.low), float(result.confidence_interval.high)]


def main():
    numpy.random.seed(11)
    a = numpy.round(numpy.array([0.2, 0.5, 0.8, 1.1]) + 0.3 * numpy.random.randn(RUNS, TASKS), 1)
    b = numpy.round(numpy.array([0.1, 0.5, 0.9, 0.6]) + 0.3 * numpy.random.randn(RUNS, TASKS), 1)
    points, intervals = library.get_interval_estimates(
        {"a,b": (a, b)}, metrics.probability_of_improvement, reps=RESAMPLES
    )
    thresholds = numpy.arange(151) / 100
    profile, bands = library.create_performance_profile({"a": a}, thresholds, reps=2000)
    single = [
        float(metrics.probability_of_improvement(a[:, t : t + 1], b[:, t : t + 1]))
        for t in range(TASKS)
    ]
    ragged = float(metrics.probability_of_improvement(a[:, :1], b[:7, :1]))
    print(
        json.dumps(
            {
                "a": a.tolist(),
                "b": b.tolist(),
                "improvement": float(points["a,b"]),
                "improvement_low": float(intervals["a,b"][0].item()),
                "improvement_high": float(intervals["a,b"][1].item()),
                "improvement_by_task": single,
                "improvement_of_15_and_7": ragged,
                "differences": [float((a - b)[:, t].mean()) for t in range(TASKS)],
                "difference_intervals": [pair_interval((a - b)[:, t]) for t in range(TASKS)],
                "profile": profile["a"].tolist(),
                "profile_low": bands["a"][0].tolist(),
                "profile_high": bands["a"][1].tolist(),
                "evidence": [
                    evidence(wins, losses)
                    for wins, losses in [
                        (0, 0), (1, 0), (0, 1), (5, 0), (6, 0), (7, 1), (1, 7), (10, 10), (30, 12),
                        (50, 50), (300, 200), (1000, 0), (5000, 4000), (100000, 98000),
                        (1000000, 1000000),
                    ]
                ],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
