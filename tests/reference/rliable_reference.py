#!/usr/bin/env python3
"""Computes aggregates of normalized scores with rliable itself (Agarwal et al. 2021).

    python3 -m venv venv && venv/bin/pip install rliable==1.2.0 'pandas<3'
    venv/bin/python tests/reference/rliable_reference.py > tests/reference/rliable.json

tests/eval/score_test.cc compares gato's statistics with the stored output.
"""

import json

import numpy
from rliable import library, metrics
from scipy import stats

RUNS, TASKS, RESAMPLES = 12, 5, 20000


def aggregates(scores):
    return numpy.array(
        [
            metrics.aggregate_mean(scores),
            metrics.aggregate_median(scores),
            metrics.aggregate_iqm(scores),
            metrics.aggregate_optimality_gap(scores),
        ]
    )


def named(values):
    return dict(zip(["mean", "median", "iqm", "optimality_gap"], map(float, values)))


def main():
    numpy.random.seed(7)
    offsets = numpy.array([0.05, 0.4, 0.75, 1.0, 1.3])
    scores = numpy.round(offsets + 0.3 * numpy.random.randn(RUNS, TASKS), 4)
    points, intervals = library.get_interval_estimates(
        {"policy": scores}, aggregates, reps=RESAMPLES
    )
    ragged = [scores[: 3 + 2 * task, task].tolist() for task in range(TASKS)]
    pooled = numpy.concatenate([numpy.array(column) for column in ragged])
    odd = numpy.round(numpy.random.randn(11), 4)
    print(
        json.dumps(
            {
                "scores": scores.tolist(),
                "points": named(points["policy"]),
                "low": named(intervals["policy"][0]),
                "high": named(intervals["policy"][1]),
                "ragged": ragged,
                "ragged_iqm": float(stats.trim_mean(pooled, 0.25)),
                "ragged_gap": float(1 - numpy.mean(numpy.minimum(pooled, 1))),
                "values": odd.tolist(),
                "percentiles": {
                    str(p): float(numpy.percentile(odd, p))
                    for p in (0, 2.5, 25, 50, 97.5, 100)
                },
                "std": float(odd.std()),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
