#!/usr/bin/env python3
"""The network and the training step of gato in plain PyTorch, as one would write them
from the paper (Reed et al. 2022). compare_torch compares train_bench with it.

    python3 tests/bench/torch_trainer.py SEQUENCES.h5 PRESET.toml
      [--position relative|rotary] [--precision fp32|bf16] [--compile]
      [--threads N] [--rows N] [--micro-batches N] [--steps N] [--profile N]
    python3 tests/bench/torch_trainer.py SEQUENCES.h5 --check MODEL

Prints the real tokens per second, without padding. Repeated patches are embedded
repeatedly, logits are computed at all positions, and the micro-batches of a step
run one after another, each with all threads. --check prints the mean loss of a
model of gato-train on the complete file, in fp32, like `gato-eval loss`. Needs
torch, numpy and h5py.
"""

import argparse
import json
import math
import pathlib
import queue
import sys
import threading
import time
import tomllib
from dataclasses import dataclass

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

TEXT, PATCH, DISCRETE_ACTION, CONTINUOUS_ACTION = 1, 2, 6, 7
NO_TARGET = -100
STOCHASTIC_DEPTH = 0.1


# --- data ---------------------------------------------------------------------
@dataclass
class Batch:
    """B rows of L tokens, P of them patches."""
    tokens: torch.Tensor        # int64 [B, L]; 0 at patches
    local: torch.Tensor         # int64 [B, L]: 512 for actions, 513 for no embedding
    labels: torch.Tensor        # int64 [B, L]: the next token, or NO_TARGET
    patches: torch.Tensor       # uint8 [P, 3, 16, 16]
    patch_index: torch.Tensor   # int64 [P]: index into B * L
    patch_row: torch.Tensor     # int64 [P]
    patch_column: torch.Tensor  # int64 [P]
    real_tokens: int
    targets: int


class Sequences:
    def __init__(self, path):
        with h5py.File(path) as file:
            self.tokens = file["tokens"][:]
            self.labels = file["labels"][:] if "labels" in file else self.tokens
            self.modality = file["modality"][:]
            self.local = file["local"][:]
            self.interval = file["interval"][:].astype(np.int64)
            self.patches = np.ascontiguousarray(
                file["patches"][:].transpose(0, 3, 1, 2))
            self.vocabulary = int(file["vocabulary"].attrs["size"])
        self.rows, self.length = self.tokens.shape

    def batch(self, rows, random=None, keep_padding=False):
        """Samples the positions of patches from their intervals, or takes the middle if
        `random` is None. Rows keep their padding if `keep_padding`; otherwise
        they are truncated to the longest row without padding."""
        used = (self.modality[rows] != 0).sum(1)
        length = self.length if keep_padding else used.max()
        tokens, labels, modality, local, interval = (
            array[rows, :length] for array in (
                self.tokens, self.labels, self.modality, self.local,
                self.interval))
        is_patch = modality == PATCH
        patch_index = np.flatnonzero(is_patch)
        first, end = interval[is_patch][:, 0::2], interval[is_patch][:, 1::2]
        position = (first + end) // 2 if random is None else random.integers(first, end)
        next_labels = np.full(tokens.shape, NO_TARGET, np.int64)
        is_target = np.isin(modality, (TEXT, DISCRETE_ACTION, CONTINUOUS_ACTION))
        next_labels[:, :-1] = np.where(is_target, labels, NO_TARGET)[:, 1:]
        return Batch(
            tokens=torch.from_numpy(np.where(is_patch, 0, tokens).astype(np.int64)),
            local=torch.from_numpy(
                np.where(local == -2, 512, np.where(local == -1, 513, local))
                .astype(np.int64)),
            labels=torch.from_numpy(next_labels),
            patches=torch.from_numpy(self.patches[-tokens[is_patch] - 1]),
            patch_index=torch.from_numpy(patch_index),
            patch_row=torch.from_numpy(position[:, 0]),
            patch_column=torch.from_numpy(position[:, 1]),
            real_tokens=int(used.sum()),
            targets=int((next_labels != NO_TARGET).sum()))


class Loader:
    """Builds the micro-batches of the next steps in a background thread."""

    def __init__(self, data, order, rows, micro_batches, keep_padding):
        self.ready = queue.Queue(2)

        def load():
            random = np.random.default_rng(1)
            remaining = iter(order)
            while True:
                step = []
                for _ in range(micro_batches):
                    numbers = [number for _, number in zip(range(rows), remaining)]
                    if len(numbers) < rows:
                        numbers = random.choice(data.rows, rows)
                    step.append(data.batch(numbers, random, keep_padding))
                self.ready.put(step)

        threading.Thread(target=load, daemon=True).start()

    def next(self):
        return self.ready.get()


# --- network ------------------------------------------------------------------
class PatchNetwork(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3, stride=2, padding=1)
        self.norm1 = nn.GroupNorm(32, 64)
        self.conv1 = nn.Conv2d(64, 64, 3, stride=2, padding=1)
        self.norm2 = nn.GroupNorm(32, 64)
        self.conv2 = nn.Conv2d(64, 64, 3, padding=1)
        self.skip = nn.Conv2d(64, 64, 1, stride=2)
        self.project = nn.Conv2d(64, 48, 1)
        self.linear = nn.Linear(48 * 4 * 4, width)

    def forward(self, pixels):
        x = self.stem((pixels.float() / 255 * 2 - 1) / 4)
        y = self.conv1(F.gelu(self.norm1(x)))
        y = self.conv2(F.gelu(self.norm2(y))) + self.skip(x)
        return self.linear(self.project(y).flatten(1))


class Embedding(nn.Module):
    def __init__(self, width, vocabulary):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.local = nn.Embedding(512, width)
        self.action = nn.Parameter(torch.zeros(width))
        self.rows = nn.Embedding(128, width)
        self.columns = nn.Embedding(128, width)
        self.patch = PatchNetwork(width)

    def forward(self, batch):
        x = self.tokens(batch.tokens)
        if len(batch.patches) > 0:
            patches = (self.patch(batch.patches) + self.rows(batch.patch_row)
                       + self.columns(batch.patch_column))
            x = x.flatten(0, 1).index_copy(0, batch.patch_index, patches).view(
                x.shape)
        positions = torch.cat([self.local.weight, self.action[None],
                               torch.zeros_like(self.action)[None]])
        return x + F.embedding(batch.local, positions)


class RelativeAttention(nn.Module):
    """Transformer-XL (Dai et al. 2019)."""

    def __init__(self, width, heads, key_size, length):
        super().__init__()
        self.heads, self.key_size = heads, key_size
        self.qkv = nn.Linear(width, 3 * heads * key_size, bias=False)
        self.output = nn.Linear(heads * key_size, width, bias=False)
        self.relative = nn.Linear(width, heads * key_size, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(heads, key_size))
        self.position_bias = nn.Parameter(torch.zeros(heads, key_size))
        angle = angles(torch.arange(length - 1, -1, -1), width)
        self.register_buffer("sinusoids",
                             torch.cat([angle.sin(), angle.cos()], 1),
                             persistent=False)
        self.register_buffer("future",
                             torch.ones(length, length).triu(1).bool(),
                             persistent=False)

    def forward(self, x):
        rows, length, _ = x.shape
        q, k, v = self.qkv(x).view(
            rows, length, 3, self.heads, self.key_size).permute(2, 0, 3, 1, 4)
        r = self.relative(self.sinusoids[-length:]).view(
            length, self.heads, self.key_size).transpose(0, 1)
        scale = 1 / math.sqrt(self.key_size)
        content = (q + self.content_bias[:, None]) * scale
        position = (q + self.position_bias[:, None]) * scale
        scores = (content @ k.transpose(-2, -1)
                  + relative_shift(position @ r.transpose(-2, -1)))
        scores = scores.masked_fill(self.future[:length, :length], -math.inf)
        weighted_values = scores.softmax(-1) @ v
        return self.output(weighted_values.transpose(1, 2).flatten(2))


class RotaryAttention(nn.Module):
    def __init__(self, width, heads, key_size, length):
        super().__init__()
        self.heads, self.key_size = heads, key_size
        self.qkv = nn.Linear(width, 3 * heads * key_size, bias=False)
        self.output = nn.Linear(heads * key_size, width, bias=False)
        angle = angles(torch.arange(length), key_size)
        self.register_buffer("cosine", angle.cos(), persistent=False)
        self.register_buffer("sine", angle.sin(), persistent=False)

    def rotate(self, x):
        """Rotary positions (Su et al. 2021)."""
        length = x.shape[2]
        cosine = self.cosine[:length].to(x.dtype)
        sine = self.sine[:length].to(x.dtype)
        a, b = x.chunk(2, -1)
        return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)

    def forward(self, x):
        rows, length, _ = x.shape
        q, k, v = self.qkv(x).view(
            rows, length, 3, self.heads, self.key_size).permute(2, 0, 3, 1, 4)
        weighted_values = F.scaled_dot_product_attention(
            self.rotate(q), self.rotate(k), v, is_causal=True)
        return self.output(weighted_values.transpose(1, 2).flatten(2))


def angles(positions, size):
    exponents = torch.arange(0, size, 2, dtype=torch.double) / size
    return (positions.double()[:, None] * 10000 ** -exponents).float()


def relative_shift(x):
    """Reorders columns from distance, largest first, to key (Dai et al. 2019, appendix B)."""
    rows, heads, length, _ = x.shape
    padded = F.pad(x, (1, 0)).view(rows, heads, length + 1, length)
    return padded[:, :, 1:].view(x.shape)


class FeedForward(nn.Module):
    """GEGLU (Shazeer 2020)."""

    def __init__(self, width, size):
        super().__init__()
        self.up = nn.Linear(width, size, bias=False)
        self.down = nn.Linear(size // 2, width, bias=False)

    def forward(self, x):
        a, gate = self.up(x).chunk(2, -1)
        return self.down(a * F.gelu(gate))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        kind = (RotaryAttention if config.position == "rotary"
                else RelativeAttention)
        self.attention_norm = nn.LayerNorm(config.width)
        self.attention = kind(config.width, config.heads, config.key_size,
                              config.length)
        self.feedforward_norm = nn.LayerNorm(config.width)
        self.feedforward = FeedForward(config.width, config.feedforward)

    def forward(self, x):
        x = x + self.stochastic_depth(self.attention(self.attention_norm(x)))
        return x + self.stochastic_depth(self.feedforward(self.feedforward_norm(x)))

    def stochastic_depth(self, x):
        """Skips the sub-layer for random rows."""
        if not self.training:
            return x
        keep = 1 - STOCHASTIC_DEPTH
        return x * (torch.rand(len(x), 1, 1) < keep).to(x.dtype).div(keep)


@dataclass
class Config:
    layers: int
    width: int
    heads: int
    key_size: int
    feedforward: int
    length: int
    position: str
    vocabulary: int
    logit_scale: float = 1


class Transformer(nn.Module):
    """The blocks and the loss, which are the part of the network with static shapes."""

    def __init__(self, config):
        super().__init__()
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.output_norm = nn.LayerNorm(config.width)
        self.logit_scale = config.logit_scale

    def forward(self, x, table, labels):
        """Returns the sum of the cross entropy at the targets."""
        for block in self.blocks:
            x = block(x)
        x = self.output_norm(x)
        if self.logit_scale != 1:
            x = x * self.logit_scale
        logits = F.linear(x, table)
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten(),
                               ignore_index=NO_TARGET, reduction="sum")


class Gato(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = Embedding(config.width, config.vocabulary)
        self.transformer = Transformer(config)
        for parameter in self.decaying():
            nn.init.normal_(parameter, std=0.02)

    def forward(self, batch):
        return self.transformer(self.embedding(batch),
                                self.embedding.tokens.weight, batch.labels)

    def decaying(self):
        """Returns the parameters with weight decay: matrices, convolutions and the token table."""
        return [module.weight for module in self.modules()
                if isinstance(module, (nn.Linear, nn.Conv2d))
                ] + [self.embedding.tokens.weight]

    def compile_parts(self):
        self.embedding.patch.compile(dynamic=True)  # the number of patches varies
        self.transformer.compile(dynamic=False)


# --- training -----------------------------------------------------------------
class Trainer:
    def __init__(self, arguments, data, config, order):
        torch.manual_seed(1)
        self.model = Gato(config)
        self.use_bf16 = arguments.precision == "bf16"
        decaying = self.model.decaying()
        others = [parameter for parameter in self.model.parameters()
                  if all(parameter is not other for other in decaying)]
        self.optimizer = torch.optim.AdamW(
            [{"params": decaying, "weight_decay": 0.1},
             {"params": others, "weight_decay": 0}],
            lr=1e-4, betas=(0.9, 0.95), eps=1e-8, fused=True)
        if arguments.compile:
            self.model.compile_parts()
        # Compiled code expects one length, so rows keep their padding.
        self.loader = Loader(data, order, arguments.rows,
                             arguments.micro_batches,
                             keep_padding=arguments.compile)

    def warm_up(self):
        """Returns the seconds of the first two steps, which include compilation."""
        start = time.monotonic()
        self.run_steps(2)
        return time.monotonic() - start

    def run_steps(self, steps):
        """Returns the real tokens and the seconds of `steps` steps."""
        start, tokens = time.monotonic(), 0
        for _ in range(steps):
            tokens += self.step(self.loader.next())
        return tokens, time.monotonic() - start

    def step(self, micro_batches):
        targets = sum(batch.targets for batch in micro_batches)
        self.optimizer.zero_grad()
        for batch in micro_batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=self.use_bf16):
                loss = self.model(batch) / targets
            loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1)
        self.optimizer.step()
        return sum(batch.real_tokens for batch in micro_batches)


def config_of_preset(arguments, data):
    with open(arguments.preset, "rb") as file:
        preset = tomllib.load(file)
    return Config(
        layers=preset["layers"], width=preset["width"], heads=preset["heads"],
        key_size=preset["key-size"], feedforward=preset["feedforward"],
        length=data.length, vocabulary=data.vocabulary,
        position=arguments.position or preset["position"])


# --- the same loss ------------------------------------------------------------
def read_safetensors(path):
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, end = entry["data_offsets"]
        values = np.frombuffer(content, np.float32, (end - first) // 4,
                               begin + first)
        tensors[name] = torch.tensor(values).view(entry["shape"])
    return tensors


def load_model(directory):
    """Returns the network of a model directory, or of the latest checkpoint of a run."""
    if not (directory / "config.json").exists():
        directory = directory / "latest"
    stored = json.loads((directory / "config.json").read_text())
    weights = read_safetensors(directory / "model.safetensors")
    model = Gato(Config(
        layers=stored["layers"], width=stored["width"], heads=stored["heads"],
        key_size=stored["key_size"], feedforward=stored["feedforward"],
        length=stored["context"], position=stored["position"],
        vocabulary=len(weights["embedding.tokens"]),
        logit_scale=stored["logit_scale"]))
    state = {}
    for name in model.state_dict():
        ours = name.removeprefix("transformer.")
        if ours not in weights:
            ours = ours.removesuffix(".weight")
        state[name] = weights.pop(ours)
    if weights:
        sys.exit(f"{directory}: unknown tensors {', '.join(weights)}")
    model.load_state_dict(state)
    return model.eval()


@torch.no_grad()
def check(model, data):
    loss, targets = 0, 0
    for row in range(data.rows):
        batch = data.batch([row])
        loss += model(batch).item()
        targets += batch.targets
    print(json.dumps({"loss": loss / targets, "targets": targets}))


# --- command line -------------------------------------------------------------
def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", metavar="SEQUENCES.h5")
    parser.add_argument("preset", metavar="PRESET.toml", nargs="?")
    parser.add_argument("--check", metavar="MODEL", type=pathlib.Path)
    parser.add_argument("--position", choices=("relative", "rotary"))
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=2, help="rows per micro-batch")
    parser.add_argument("--micro-batches", type=int, default=1)
    parser.add_argument("--steps", type=int, default=5,
                        help="measured steps, after two steps of warm-up")
    parser.add_argument("--profile", type=int, default=0, metavar="N",
                        help="print the N slowest operations")
    parser.add_argument("--turns", action="store_true",
                        help="for each line of input, run that many steps and print their "
                             "tokens and seconds")
    parser.add_argument("--order", type=argparse.FileType(), metavar="FILE",
                        help="indices of the rows to read first")
    arguments = parser.parse_args()
    if (arguments.preset is None) == (arguments.check is None):
        parser.error("specify either a preset or --check")
    return arguments


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    data = Sequences(arguments.data)
    if arguments.check:
        check(load_model(arguments.check), data)
        return
    order = map(int, arguments.order) if arguments.order else []
    config = config_of_preset(arguments, data)
    trainer = Trainer(arguments, data, config, order)
    warm_up = trainer.warm_up()
    if arguments.turns:
        print(f"ready {warm_up:.1f}", flush=True)
        for line in sys.stdin:
            print(*trainer.run_steps(int(line)), flush=True)
        return
    tokens, seconds = trainer.run_steps(arguments.steps)
    print(f"{pathlib.Path(arguments.preset).stem} {config.position} "
          f"{arguments.precision} {'compiled' if arguments.compile else 'eager'}: "
          f"{tokens / seconds:.0f} tokens/s, "
          f"{1e3 * seconds / arguments.steps:.1f} ms per step; "
          f"warm-up {warm_up:.1f} s", flush=True)
    if arguments.profile > 0:
        with torch.profiler.profile() as profile:
            trainer.run_steps(1)
        print(profile.key_averages().table(sort_by="self_cpu_time_total",
                                           row_limit=arguments.profile))


if __name__ == "__main__":
    main()
