#!/usr/bin/env python3
"""forward.py MODEL SEQUENCES.h5: the losses of `gato-eval loss --precision fp32`, with numpy.

A second implementation of the network in gato-formats(5); h5py only reads SEQUENCES.h5."""
import json
import math
import pathlib
import sys

import h5py
import numpy as np

COLUMNS = "tokens modality local interval labels segment prompt".split()
PATCH, TARGETS = 2, {1: "text", 6: "discrete_action", 7: "continuous_action"}
GRID = np.linspace(-6, 6, 120001)
ERF = np.array([math.erf(x) for x in GRID])


def gelu(x):
    return x * (0.5 + 0.5 * np.interp(x / math.sqrt(2), GRID, ERF))


def norm(name, x, groups=1):
    flat = x.reshape(len(x), groups, -1)
    flat = (flat - flat.mean(-1, keepdims=True)) / np.sqrt(flat.var(-1, keepdims=True) + 1e-5)
    scale, shift = (w[name + p].reshape([-1] + [1] * (x.ndim - 2)) for p in (".weight", ".bias"))
    return flat.reshape(x.shape) * scale + shift


def convolve(name, x, stride):
    kernel, bias = w[name + ".weight"], w[name + ".bias"]
    x = np.pad(x, [(0, 0)] * 2 + [(kernel.shape[2] // 2,) * 2] * 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], (2, 3))
    return np.einsum("uchwij,ocij->uohw", windows[:, :, ::stride, ::stride], kernel,
                     optimize=True) + bias[:, None, None]


def embed_patches(pixels, p="embedding.patch."):  # uint8 [U, 16, 16, 3]
    x = convolve(p + "stem", (pixels.transpose(0, 3, 1, 2) / 255 * 2 - 1) / 4, 2)
    y = convolve(p + "conv1", gelu(norm(p + "norm1", x, 32)), 2)
    y = convolve(p + "conv2", gelu(norm(p + "norm2", y, 32)), 1) + convolve(p + "skip", x, 2)
    y = convolve(p + "project", y, 1).reshape(len(x), -1)
    return y @ w[p + "linear.weight"].T + w[p + "linear.bias"]


def embed(row, patches):
    is_patch, local = row["modality"] == PATCH, row["local"]
    x = w["embedding.tokens"][np.where(is_patch, 0, row["tokens"])]
    if is_patch.any():  # the token -(1 + u) is row u of the patches
        first_row, end_row, first_column, end_column = row["interval"][is_patch].T.astype(int)
        x[is_patch] = (embed_patches(patches[-1 - row["tokens"][is_patch]])
                       + w["embedding.rows"][(first_row + end_row) // 2]
                       + w["embedding.columns"][(first_column + end_column) // 2])
    x[local >= 0] += w["embedding.local"][local[local >= 0]]
    if config.get("action_position", "shared") == "shared":
        x[local == -2] += w["embedding.action"]
    return x


def attend(name, x, row):
    length, width, heads, size = *x.shape, config["heads"], config["key_size"]
    q, k, v = (x @ w[name + ".qkv"].T).reshape(length, 3, heads, size).transpose(1, 2, 0, 3)
    distance = np.arange(length)[:, None] - np.arange(length)
    if config["position"] == "rotary":  # pairs (k, k + K/2)
        angle = np.outer(np.arange(length), 10000.0 ** -(np.arange(0, size, 2) / size))
        q, k = (np.concatenate([a * np.cos(angle) - b * np.sin(angle),
                                b * np.cos(angle) + a * np.sin(angle)], -1)
                for a, b in (np.split(q, 2, -1), np.split(k, 2, -1)))
        scores = q @ k.transpose(0, 2, 1)
    else:
        angle = np.outer(np.arange(length), 10000.0 ** -(np.arange(0, width, 2) / width))
        sinusoids = np.concatenate([np.sin(angle), np.cos(angle)], 1)  # R_p, [L, d]
        keys = (sinusoids @ w[name + ".relative"].T).reshape(length, heads, size)
        scores = ((q + w[name + ".content_bias"][:, None]) @ k.transpose(0, 2, 1)
                  + np.take_along_axis((q + w[name + ".position_bias"][:, None])
                                       @ keys.transpose(1, 2, 0), abs(distance)[None], 2))
    is_hidden = distance < 0
    if config.get("document_mask"):  # all documents of a row see its prompt
        is_hidden |= (row["segment"][:, None] != row["segment"]) & (row["prompt"] == 0)
    scores = np.where(is_hidden, -np.inf, scores / math.sqrt(size))
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    values = scores / scores.sum(-1, keepdims=True) @ v
    return values.transpose(1, 0, 2).reshape(length, -1) @ w[name + ".output"].T


def target_losses(row, patches):  # the cross entropies, and the modalities
    x, table = embed(row, patches), w["embedding.tokens"]
    for b in (f"blocks.{i}." for i in range(config["layers"])):
        x = x + attend(b + "attention", norm(b + "attention_norm", x), row)
        a, g = np.split(norm(b + "feedforward_norm", x) @ w[b + "feedforward.up"].T, 2, 1)
        x = x + (a * gelu(g)) @ w[b + "feedforward.down"].T
    target = 1 + np.flatnonzero(np.isin(row["modality"][1:], list(TARGETS)))
    logits = norm("output_norm", x[target - 1]) @ (config.get("logit_scale", 1) * table).T
    log_sum = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
    return log_sum - logits[range(len(target)), row["labels"][target]], row["modality"][target]


folder, found = pathlib.Path(sys.argv[1]), []
config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
# A safetensors file is uint64 n, n bytes of JSON, and the tensors, at offsets after the JSON.
data = (folder / "model.safetensors").read_bytes()
start, w = 8 + int.from_bytes(data[:8], "little"), {}
for name, tensor in json.loads(data[8:start]).items():
    if name != "__metadata__":
        dtype, (begin, end) = tensor["dtype"], (start + i for i in tensor["data_offsets"])
        values = np.frombuffer(data[begin:end], {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[dtype])
        if dtype == "BF16":  # the upper half of fp32
            values = (values.astype("<u4") << 16).view("<f4")
        w[name] = values.astype(float).reshape(tensor["shape"])
with h5py.File(sys.argv[2]) as file:
    pixels = file["patches"][()] if file["patches"].size else None
    for i in range(len(file["tokens"])):
        used = np.count_nonzero(file["modality"][i])  # 0 is padding, at the end
        rows = {name: file[name][i, :used] for name in COLUMNS if name in file}
        found.append(target_losses({"labels": rows["tokens"]} | rows, pixels))
loss, modality = map(np.concatenate, zip(*found))
print(json.dumps({"loss": loss.mean(), "targets": len(loss), "modality": {
    name: {"loss": loss[modality == m].mean(), "targets": int((modality == m).sum())}
    for m, name in TARGETS.items() if (modality == m).any()}}))
