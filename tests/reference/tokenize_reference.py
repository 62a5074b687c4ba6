#!/usr/bin/env python3
"""Golden vectors for tests/tokenize from an independent implementation.

Follows the paper (Reed et al. 2022, section 2.1 and appendix B) with numpy alone and
shares no code with lib/gato. Writes tokenize_reference.json into its own folder:

    python3 tests/reference/tokenize_reference.py
"""

import json
import pathlib

import numpy as np

BINS, MU, M = 1024, 100.0, 256.0


def compand(x):
    x = np.asarray(x, np.float64)
    return np.sign(x) * np.log(np.abs(x) * MU + 1) / np.log(M * MU + 1)


def expand(y):
    y = np.asarray(y, np.float64)
    return np.sign(y) * ((M * MU + 1) ** np.abs(y) - 1) / MU


def bin_of(y):
    y = np.clip(np.asarray(y, np.float64), -1, 1)
    return np.minimum(BINS - 1, np.floor((y + 1) / 2 * BINS)).astype(int)


def bin_center(k):
    return (2 * np.asarray(k, np.float64) + 1) / BINS - 1


def continuous_vectors():
    generator = np.random.default_rng(1)
    x = np.concatenate([
        [0.0, 1e-6, -1e-6, 0.001, 0.1, 1, -1, 10, 100, 255.9, 256, -256, 257,
         -1e9, 1e300],
        generator.normal(size=40),
        np.exp(generator.uniform(-12, 7, size=60)) *
        generator.choice([-1, 1], size=60),
    ])
    y = compand(x)
    k = bin_of(y)
    return [{"x": float(a), "y": float(b), "bin": int(c), "decoded": float(d)}
            for a, b, c, d in zip(x, y, k, expand(bin_center(k)))]


def encode_field(field, action, values, vocabulary):
    """Returns the ids of the flat `values` of a field, and the values that they decode to."""
    ids, decoded = [], []
    for i, value in enumerate(values):
        if field["role"] == "discrete":
            start = field["start"][i] if "start" in field else (
                int(field["low"]) if "low" in field else 0)
            assert 0 <= value - start < BINS
            ids.append(vocabulary["discrete_begin"] + int(value - start))
            decoded.append(value)
            continue
        low = field.get("low", None)
        high = field.get("high", None)
        low = low[i] if isinstance(low, list) else low
        high = high[i] if isinstance(high, list) else high
        x = np.float64(np.dtype(field["dtype"]).type(value))
        if action and low is not None and high is not None:
            y = 0.0 if high == low else (x - low) / (high - low) * 2 - 1
            k = int(bin_of(y))
            back = low if high == low else low + (bin_center(k) + 1) / 2 * (high - low)
        else:
            k = int(bin_of(compand(x)))
            back = expand(bin_center(k))
        ids.append(vocabulary["text"] + k)
        decoded.append(float(np.dtype(field["dtype"]).type(back)))
    return ids, decoded


def field_vectors():
    vocabularies = [
        {"text": 2000, "layout": "overlap", "discrete_begin": 0},
        {"text": 64, "layout": "separate", "discrete_begin": 64 + BINS},
    ]
    cases = [
        (False, {"name": "x", "role": "continuous", "dtype": "float32",
                 "shape": [2, 3]}, [-0.1, 0, 0.25, 3, -300, 1e-4]),
        (False, {"name": "bounded", "role": "continuous", "dtype": "float64",
                 "shape": [3], "low": -1, "high": 1}, [-1, 0, 1]),
        (True, {"name": "torque", "role": "continuous", "dtype": "float32",
                "shape": [4], "low": -1, "high": 1}, [-1, 1, 0.3, -0.7]),
        (True, {"name": "gears", "role": "continuous", "dtype": "float64",
                "shape": [5], "low": [0, -2.5, 3, -1, None],
                "high": [10, 0.5, 3, 7, 4]}, [9.99, -2.5, 3, 9, 2]),
        (True, {"name": "free", "role": "continuous", "dtype": "float32",
                "shape": [2]}, [-0.4, 12]),
        (True, {"name": "degenerate", "role": "continuous", "dtype": "float64",
                "shape": [1], "low": 3, "high": 3}, [3]),
        (False, {"name": "cards", "role": "discrete", "dtype": "int64",
                 "shape": [3], "n": [5, 1024, 7], "start": [0, -3, 1]},
         [4, 1020, 1]),
        (False, {"name": "grid", "role": "discrete", "dtype": "uint8",
                 "shape": [2, 2], "low": 0, "high": 255}, [0, 255, 17, 3]),
        (False, {"name": "shifted", "role": "discrete", "dtype": "int32",
                 "shape": [2], "low": -5, "high": 5}, [-5, 5]),
        (True, {"name": "buttons", "role": "discrete", "dtype": "int64",
                "shape": [], "n": [18], "start": [1]}, [18]),
    ]
    vectors = []
    for vocabulary in vocabularies:
        for action, field, values in cases:
            ids, decoded = encode_field(field, action, values, vocabulary)
            vectors.append({"vocabulary": vocabulary, "action": action,
                            "field": field, "values": values, "ids": ids,
                            "decoded": decoded})
    return vectors


def pixels(shape, seed):
    count = int(np.prod(shape))
    return ((np.arange(count, dtype=np.int64) * 7919 + seed * 101) % 251).astype(
        np.uint8).reshape(shape)


def checksum(array):
    value = 0
    for byte in np.asarray(array, np.uint8).reshape(-1).tolist():
        value = (value * 31 + byte) % 2**32
    return value


def newest_frame(array):
    if array.ndim == 4:
        array = array[-1]
    if array.ndim == 2:
        array = array[:, :, None]
    smallest = min(array.shape)
    axis = max(i for i in range(3) if array.shape[i] == smallest)
    array = np.moveaxis(array, axis, -1)
    if array.shape[-1] % 3 == 0:
        return array[:, :, -3:]
    return np.repeat(array[:, :, -1:], 3, axis=2)


def image_vectors():
    vectors = []
    for seed, shape in enumerate([
            [16, 16], [20, 35], [32, 16, 1], [18, 33, 3], [3, 17, 16],
            [4, 20, 24], [20, 24, 4], [17, 30, 6], [9, 16, 31], [2, 16, 20],
            [4, 16, 18, 3], [3, 16, 18, 1], [2, 3, 18, 16], [64, 80, 3],
            [3, 20, 3]]):
        image = newest_frame(pixels(shape, seed))
        height, width = image.shape[:2]
        rows, columns = -(-height // 16), -(-width // 16)
        padded = np.zeros((rows * 16, columns * 16, 3), np.uint8)
        padded[:height, :width] = image
        patches = [checksum(padded[16 * r:16 * r + 16, 16 * c:16 * c + 16])
                   for r in range(rows) for c in range(columns)]
        vectors.append({"shape": shape, "seed": seed, "height": height,
                        "width": width, "rows": rows, "columns": columns,
                        "patches": patches})
    return vectors


def main():
    result = {"continuous": continuous_vectors(), "fields": field_vectors(),
              "images": image_vectors()}
    path = pathlib.Path(__file__).with_suffix(".json")
    lines = []
    for key, vectors in result.items():
        rows = ",\n".join(json.dumps(vector) for vector in vectors)
        lines.append(f'"{key}": [\n{rows}\n]')
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
