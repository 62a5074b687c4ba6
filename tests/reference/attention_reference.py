#!/usr/bin/env python3
"""A numeric reference of the attention that gato-info --html shows.

numpy, written from the definition of the network and from appendix J of the paper,
independent of the C++ code: weights from a hash, one time step of two by two patches, two
observations, a separator and two actions, with relative and with rotary positions.
tests/eval/page/first_layer_attention_test.cc compares the stored output.

    python3 tests/reference/attention_reference.py > tests/reference/attention.json
"""
import json
import math

import numpy as np

WIDTH, HEADS, KEY, SIZE = 16, 3, 4, 2049
PATCH = "embedding.patch."
ROWS, COLUMNS = 2, 2
TOKENS = [-1, -2, -3, -1, 100, 900, 2048, 17, 1023]  # patch -1-u; 0 and 3 are equal
LOCAL = [0, 1, 2, 3, 4, 5, -1, -2, -2]
erf = np.vectorize(math.erf)


def shapes(position):
    result = {"embedding.tokens": (SIZE, WIDTH), "embedding.local": (512, WIDTH),
              "embedding.action": (WIDTH,), "embedding.rows": (128, WIDTH),
              "embedding.columns": (128, WIDTH), PATCH + "stem.weight": (64, 3, 3, 3),
              PATCH + "conv1.weight": (64, 64, 3, 3), PATCH + "conv2.weight": (64, 64, 3, 3),
              PATCH + "skip.weight": (64, 64, 1, 1), PATCH + "project.weight": (48, 64, 1, 1),
              PATCH + "project.bias": (48,), PATCH + "linear.weight": (WIDTH, 768),
              PATCH + "linear.bias": (WIDTH,), "blocks.0.attention_norm.weight": (WIDTH,),
              "blocks.0.attention_norm.bias": (WIDTH,),
              "blocks.0.attention.qkv": (3 * HEADS * KEY, WIDTH)}
    for name in ("stem.bias", "conv1.bias", "conv2.bias", "skip.bias", "norm1.weight",
                 "norm1.bias", "norm2.weight", "norm2.bias"):
        result[PATCH + name] = (64,)
    if position == "relative":
        result["blocks.0.attention.relative"] = (HEADS * KEY, WIDTH)
        result["blocks.0.attention.content_bias"] = (HEADS, KEY)
        result["blocks.0.attention.position_bias"] = (HEADS, KEY)
    return result


def hashed(tensor, count):
    """Returns the elements of tensor number `tensor`, in [-1, 1)."""
    z = (np.arange(1, count + 1, dtype=np.uint64) * 2654435761 + tensor * 40503) & 0xFFFFFFFF
    for _ in range(2):
        z = ((z ^ (z >> np.uint64(16))) * 0x45D9F3B) & 0xFFFFFFFF
    return (z ^ (z >> np.uint64(16))) / 2.0**31 - 1


def weights(position):
    """The tensors in the order of their names. Norms are near 1, biases small."""
    result = {}
    for number, (name, shape) in enumerate(sorted(shapes(position).items())):
        scale = 1.5 / math.sqrt(math.prod(shape[1:])) if len(shape) > 1 else 0.3
        is_norm = "norm" in name and name.endswith(".weight")
        values = is_norm + scale * hashed(number, math.prod(shape)).reshape(shape)
        result[name] = values.astype(np.float32).astype(float)
    return result


def pixels(patch):
    """Patch number `patch`, [16, 16, 3]."""
    i = np.arange(768)
    return ((i * (7 + patch) + 13 * patch) % 256).reshape(16, 16, 3)


def convolve(w, name, x, stride):
    kernel, bias = w[name + ".weight"], w[name + ".bias"]
    x = np.pad(x, ((0, 0), (kernel.shape[2] // 2,) * 2, (kernel.shape[3] // 2,) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], (1, 2))
    return np.einsum("chwij,ocij->ohw", windows[:, ::stride, ::stride], kernel) + bias[:, None, None]


def norm_gelu(w, name, x):
    groups = x.reshape(32, -1)
    groups = (groups - groups.mean(1, keepdims=True)) / np.sqrt(groups.var(1, keepdims=True) + 1e-5)
    x = groups.reshape(x.shape) * w[name + ".weight"][:, None, None] + w[name + ".bias"][:, None, None]
    return x * (1 + erf(x / math.sqrt(2))) / 2


def embed_patch(w, patch):
    x = convolve(w, PATCH + "stem", (pixels(patch).transpose(2, 0, 1) / 255 * 2 - 1) / 4, 2)
    y = convolve(w, PATCH + "conv1", norm_gelu(w, PATCH + "norm1", x), 2)
    y = convolve(w, PATCH + "conv2", norm_gelu(w, PATCH + "norm2", y), 1)
    y = convolve(w, PATCH + "project", y + convolve(w, PATCH + "skip", x, 2), 1)
    return w[PATCH + "linear.weight"] @ y.reshape(-1) + w[PATCH + "linear.bias"]


def middle(i, n):
    """The middle of the quantized interval of patch i of n."""
    first, end = (math.floor(128 * edge / n + 0.5) for edge in (i, i + 1))
    return (min(first, 127) + max(end, first + 1)) // 2


def embed(w):
    rows = []
    for i, (token, local) in enumerate(zip(TOKENS, LOCAL)):
        if token < 0:
            x = (embed_patch(w, -1 - token) + w["embedding.rows"][middle(i // COLUMNS, ROWS)]
                 + w["embedding.columns"][middle(i % COLUMNS, COLUMNS)])
        else:
            x = w["embedding.tokens"][token]
        if local >= 0:
            x = x + w["embedding.local"][local]
        elif local == -2:
            x = x + w["embedding.action"]
        rows.append(x)
    return np.array(rows)


def attention(position):
    w, n = weights(position), len(TOKENS)
    x = embed(w)
    x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    x = x * w["blocks.0.attention_norm.weight"] + w["blocks.0.attention_norm.bias"]
    q, k, _ = (x @ w["blocks.0.attention.qkv"].T).reshape(n, 3, HEADS, KEY).transpose(1, 2, 0, 3)
    scores = np.zeros((HEADS, n, n))
    for h in range(HEADS):
        for i in range(n):
            for j in range(i):
                if position == "rotary":
                    angles = (i - j) * 10000.0 ** -(np.arange(KEY // 2) / (KEY // 2))
                    a, b = q[h, i, :KEY // 2], q[h, i, KEY // 2:]
                    turned = np.concatenate([a * np.cos(angles) - b * np.sin(angles),
                                             b * np.cos(angles) + a * np.sin(angles)])
                    scores[h, i, j] = turned @ k[h, j]
                else:
                    angles = (i - j) * 10000.0 ** (-2 * np.arange(WIDTH // 2) / WIDTH)
                    distance = np.concatenate([np.sin(angles), np.cos(angles)])
                    key = w["blocks.0.attention.relative"].reshape(HEADS, KEY, WIDTH)[h] @ distance
                    scores[h, i, j] = ((q[h, i] + w["blocks.0.attention.content_bias"][h]) @ k[h, j]
                                       + (q[h, i] + w["blocks.0.attention.position_bias"][h]) @ key)
    result = np.zeros((HEADS, n, n))
    for h in range(HEADS):
        for i in range(1, n):
            e = np.exp(scores[h, i, :i] / math.sqrt(KEY))
            result[h, i, :i] = e / e.sum()
    means = [[result[h, j + 1:, j].mean() if j + 1 < n else 0 for j in range(n)] for h in range(HEADS)]
    return {"weights": np.round(result, 7).reshape(-1).tolist(), "means": np.round(means, 7).reshape(-1).tolist()}


print(json.dumps({position: attention(position) for position in ("relative", "rotary")}))
