#!/usr/bin/env python3
"""A numeric reference of the Muon optimizer.

numpy in float64, written from Jordan et al. 2024 (the orthogonalization and its
coefficients) and Liu et al. 2025 (the scale of the update, and weight decay),
independent of the C++ code: five steps of a tall and of a wide matrix.
tests/train/muon_test.cc compares the stored output.

    python3 tests/reference/muon_reference.py > tests/reference/muon.json
"""
import json
import math

import numpy as np

MOMENTUM, WEIGHT_DECAY, STEPS = 0.95, 0.1, 5


def orthogonalize(matrix):
    # Through the singular values, not through products of matrices.
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / np.sqrt(np.sum(values ** 2))
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values ** 3 + 2.0315 * values ** 5
    return left @ np.diag(values) @ right


def trained(shape, first):
    size = shape[0] * shape[1]
    index = first + np.arange(size)
    weights = np.cos(index).reshape(shape)
    momentum = np.zeros(shape)
    for step in range(STEPS):
        rate = 0.01 * (step + 1)
        gradient = np.sin(index * (step + 1)).reshape(shape)
        momentum = MOMENTUM * momentum + (1 - MOMENTUM) * gradient
        update = (1 - MOMENTUM) * gradient + MOMENTUM * momentum
        scale = 0.2 * math.sqrt(max(shape))
        weights = weights * (1 - rate * WEIGHT_DECAY) - rate * scale * orthogonalize(update)
    return {"rows": shape[0], "columns": shape[1], "begin": first,
            "values": weights.ravel().tolist()}


print(json.dumps({"steps": STEPS, "momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY,
                  "matrices": [trained((12, 5), 3), trained((4, 9), 70)]}, indent=1))
