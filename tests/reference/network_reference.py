#!/usr/bin/env python3
"""A numeric reference of the network, independent of the C++ code.

Plain PyTorch, written only from the definition of the network: a tiny configuration,
hashed weights, one batch, logits at targets, the loss and the gradient of every
weight, with relative and with rotary positions.
tests/model/reference_test.cc compares the stored outputs with Network.

    python3 tests/reference/network_reference.py tests/reference

writes network_relative.safetensors and network_rotary.safetensors. Needs only torch.
The files contain gradients as "gradient." + the name of the weight in a model directory,
the batch as "input.*", the results as "output.*", and the configuration as metadata.
"""

import json
import math
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

LAYERS, D, HEADS, KEY, FEED, LENGTH, ROWS = 2, 8, 2, 6, 12, 12, 3
TEXT = 40
BINS = 1024
SIZE = TEXT + 2 * BINS + 1  # separate discrete ids, then the separator
LOGIT_SCALE = 0.75


# --- weights ------------------------------------------------------------------
# Computed by a hash that the test repeats, so that they need not be stored.
def shapes(position):
    patch = "embedding.patch."
    result = {
        "embedding.tokens": (SIZE, D),
        "embedding.local": (512, D),
        "embedding.action": (D,),
        "embedding.rows": (128, D),
        "embedding.columns": (128, D),
        patch + "stem.weight": (64, 3, 3, 3),
        patch + "conv1.weight": (64, 64, 3, 3),
        patch + "conv2.weight": (64, 64, 3, 3),
        patch + "skip.weight": (64, 64, 1, 1),
        patch + "project.weight": (48, 64, 1, 1),
        patch + "project.bias": (48,),
        patch + "linear.weight": (D, 768),
        patch + "linear.bias": (D,),
        "output_norm.weight": (D,),
        "output_norm.bias": (D,),
    }
    for name in ("stem.bias", "conv1.bias", "conv2.bias", "skip.bias",
                 "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"):
        result[patch + name] = (64,)
    for i in range(LAYERS):
        block = f"blocks.{i}."
        for norm in ("attention_norm", "feedforward_norm"):
            result[f"{block}{norm}.weight"] = (D,)
            result[f"{block}{norm}.bias"] = (D,)
        result[block + "attention.qkv"] = (3 * HEADS * KEY, D)
        result[block + "attention.output"] = (D, HEADS * KEY)
        if position == "relative":
            result[block + "attention.relative"] = (HEADS * KEY, D)
            result[block + "attention.content_bias"] = (HEADS, KEY)
            result[block + "attention.position_bias"] = (HEADS, KEY)
        result[block + "feedforward.up"] = (FEED, D)
        result[block + "feedforward.down"] = (D, FEED // 2)
    return result


def hashed_uniform(tensor, i):
    """Returns element i of tensor number `tensor`, in [-1, 1)."""
    mask = 2**32 - 1
    z = ((i + 1) * 2654435761 + tensor * 40503) & mask
    for _ in range(2):
        z = ((z ^ (z >> 16)) * 0x45D9F3B) & mask
    return (z ^ (z >> 16)) / 2**31 - 1


def make_weights(position):
    """Returns weights by name. Tensors are numbered in the order of their names."""
    weights = {}
    for number, (name, shape) in enumerate(sorted(shapes(position).items())):
        count = math.prod(shape)
        scale = 1.5 / math.sqrt(count / shape[0]) if len(shape) > 1 else 0.3
        mean = 1 if "norm" in name and name.endswith(".weight") else 0
        values = [mean + scale * hashed_uniform(number, i) for i in range(count)]
        weights[name] = torch.tensor(values).reshape(shape).requires_grad_(True)
    return weights


# --- one batch ----------------------------------------------------------------
def make_batch(generator):
    """Returns rows of several segments: an episode with images, a text, padding.

    kind: p patch, o continuous observation, s separator, a continuous action,
    d discrete action, t text, _ padding.
    """
    rows = ["ppoosadppoos", "ttttppppttt_", "oosaoosaoosa"]
    tokens, local, targets = [], [], []
    patch_positions, positions_in_image = [], []
    for r, row in enumerate(rows):
        in_step = 0
        for c, kind in enumerate(row):
            index = r * LENGTH + c
            low, high = {
                "t": (0, TEXT),
                "o": (TEXT, TEXT + BINS),
                "a": (TEXT, TEXT + BINS),
                "d": (TEXT + BINS, TEXT + BINS + 5),
                "s": (SIZE - 1, SIZE),
            }.get(kind, (0, 1))
            sample = lambda: int(torch.randint(low, high, (1,), generator=generator))
            tokens.append(sample())
            if r == 1 or kind in "s_":
                local.append(513)
            elif kind in "ad":
                local.append(512)
            else:
                local.append(in_step)
            in_step = in_step + 1 if kind in "po" else 0
            if kind == "p":
                patch_positions.append(index)
                positions_in_image.append(
                    torch.randint(0, 128, (2,), generator=generator).tolist())
            if kind in "tad" and c > 0:
                # Noisy actions: the label is not the executed action.
                label = sample() if kind in "ad" else tokens[-1]
                targets.append((index - 1, label))
    patches = torch.randint(0, 256, (5, 16, 16, 3), generator=generator,
                            dtype=torch.uint8)
    return {
        "tokens": torch.tensor(tokens),
        "local": torch.tensor(local),
        "patches": patches,
        "patch_position": torch.tensor(patch_positions),
        "patch_index": torch.randint(0, 5, (len(patch_positions),), generator=generator),
        "patch_row": torch.tensor([row for row, _ in positions_in_image]),
        "patch_column": torch.tensor([column for _, column in positions_in_image]),
        "target_index": torch.tensor([index for index, _ in targets]),
        "target_label": torch.tensor([label for _, label in targets]),
        "target_weight": torch.rand(len(targets), generator=generator) + 0.5,
    }


# --- network ------------------------------------------------------------------
def layer_norm(x, weight, bias):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5) * weight + bias


def group_norm(x, weight, bias):
    n, channels, h, w = x.shape
    grouped = x.reshape(n, 32, -1)
    mean = grouped.mean(-1, keepdim=True)
    variance = ((grouped - mean) ** 2).mean(-1, keepdim=True)
    normal = ((grouped - mean) / torch.sqrt(variance + 1e-5)).reshape(x.shape)
    return normal * weight[:, None, None] + bias[:, None, None]


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def patch_network(w, pixels):
    get = lambda name: w["embedding.patch." + name]
    conv = lambda x, name, **options: F.conv2d(
        x, get(name + ".weight"), get(name + ".bias"), **options)
    act = lambda x, name: gelu(
        group_norm(x, get(name + ".weight"), get(name + ".bias")))
    x = (pixels.float() / 255 * 2 - 1) / 4
    x = conv(x.permute(0, 3, 1, 2), "stem", stride=2, padding=1)
    y = conv(act(x, "norm1"), "conv1", stride=2, padding=1)
    y = conv(act(y, "norm2"), "conv2", padding=1) + conv(x, "skip", stride=2)
    y = conv(y, "project").reshape(len(pixels), 48 * 4 * 4)
    return y @ get("linear.weight").T + get("linear.bias")


def attention(w, block, x, position):
    """Computes one row [L, d], one head and one query at a time."""
    length = len(x)
    q, k, v = (x @ w[block + "qkv"].T).reshape(length, 3, HEADS, KEY).unbind(1)
    heads = []
    for h in range(HEADS):
        queries, keys = q[:, h], k[:, h]
        if position == "rotary":
            queries, keys = rotary(queries), rotary(keys)
        rows = []
        for i in range(length):
            if position == "relative":
                frequency = 10000 ** (-2 * torch.arange(D // 2) / D)
                angle = (i - torch.arange(i + 1))[:, None] * frequency
                sinusoid = torch.cat([angle.sin(), angle.cos()], 1)
                matrix = w[block + "relative"].reshape(HEADS, KEY, D)[h]
                score = (keys[: i + 1] @ (queries[i] + w[block + "content_bias"][h])
                         + sinusoid @ matrix.T
                         @ (queries[i] + w[block + "position_bias"][h]))
            else:
                score = keys[: i + 1] @ queries[i]
            probabilities = torch.softmax(score / math.sqrt(KEY), 0)
            rows.append(probabilities @ v[: i + 1, h])
        heads.append(torch.stack(rows))
    return torch.cat(heads, 1) @ w[block + "output"].T


def rotary(x):
    angle = torch.arange(len(x))[:, None] * 10000 ** (
        -2 * torch.arange(KEY // 2) / KEY)
    a, b = x[:, : KEY // 2], x[:, KEY // 2 :]
    return torch.cat([a * angle.cos() - b * angle.sin(),
                      b * angle.cos() + a * angle.sin()], 1)


def forward(w, batch, position):
    x = w["embedding.tokens"][batch["tokens"]]
    patches = patch_network(w, batch["patches"])
    embedded = list(x)
    for i, index in enumerate(batch["patch_position"].tolist()):
        embedded[index] = (patches[batch["patch_index"][i]]
                        + w["embedding.rows"][batch["patch_row"][i]]
                        + w["embedding.columns"][batch["patch_column"][i]])
    for index, local in enumerate(batch["local"].tolist()):
        if local < 512:
            embedded[index] = embedded[index] + w["embedding.local"][local]
        elif local == 512:
            embedded[index] = embedded[index] + w["embedding.action"]
    hidden = []
    for x in torch.stack(embedded).reshape(ROWS, LENGTH, D):
        for i in range(LAYERS):
            b = f"blocks.{i}."
            normal = layer_norm(x, w[b + "attention_norm.weight"],
                                w[b + "attention_norm.bias"])
            x = x + attention(w, b + "attention.", normal, position)
            normal = layer_norm(x, w[b + "feedforward_norm.weight"],
                                w[b + "feedforward_norm.bias"])
            a, g = (normal @ w[b + "feedforward.up"].T).split(FEED // 2, 1)
            x = x + (a * gelu(g)) @ w[b + "feedforward.down"].T
        hidden.append(layer_norm(x, w["output_norm.weight"],
                                 w["output_norm.bias"]))
    target_hidden = torch.cat(hidden)[batch["target_index"]]
    return LOGIT_SCALE * target_hidden @ w["embedding.tokens"].T


# --- output -------------------------------------------------------------------
def save(path, tensors, metadata):
    types = {torch.float32: "F32", torch.int64: "I64", torch.uint8: "U8"}
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        content = bytes(tensor.detach().contiguous().view(-1).view(
            torch.uint8).tolist())
        header[name] = {"dtype": types[tensor.dtype],
                        "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    folder = Path(sys.argv[1])
    for position in ("relative", "rotary"):
        generator = torch.Generator().manual_seed(7)
        weights = make_weights(position)
        batch = make_batch(generator)
        logits = forward(weights, batch, position)
        entropy = F.cross_entropy(logits, batch["target_label"], reduction="none")
        (entropy * batch["target_weight"]).sum().backward()
        tensors = {"gradient." + name: value.grad
                   for name, value in weights.items()}
        tensors |= {"input." + name: value for name, value in batch.items()}
        tensors["output.logits"] = logits[::6]
        tensors["output.loss"] = entropy
        config = {"layers": LAYERS, "width": D, "heads": HEADS, "key_size": KEY,
                  "feedforward": FEED, "context": LENGTH, "position": position,
                  "logit_scale": LOGIT_SCALE, "rows": ROWS, "text_size": TEXT}
        save(folder / f"network_{position}.safetensors", tensors,
             {"config": json.dumps(config)})


if __name__ == "__main__":
    main()
