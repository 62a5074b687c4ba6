#!/usr/bin/env python3
"""Compares decoding with a decoder in plain PyTorch that caches nothing: for every
action, it reads the whole episode again.

    PYTHON tests/bench/torch_decoder.py BUILD [--position relative|rotary]
      [--precision fp32|bf16] [--steps N] [--threads N]

BUILD must be configured with -DGATO_BENCH=ON; PYTHON needs torch, numpy and h5py.
`decode_bench --episode` writes a network with random weights of the shape of gato-79m
and plays an episode with it: five observation tokens, a separator and a greedy action
per step. This program reads the same weights and observations with the network of
torch_trainer.py. In fp32, all of its actions must be the same; in bf16, it counts
those that are. It prints the time of an episode on both sides and their ratio.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
from torch_trainer import Batch, load_model

ACTION_POSITION, NO_POSITION = 512, 513


def play(build, folder, arguments):
    """Returns the episode of decode_bench."""
    command = [build / "bin" / "decode_bench", "--episode", folder, "--filled",
               7 * arguments.steps, "--position", arguments.position,
               "--precision", arguments.precision, "--threads", arguments.threads]
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                            text=True)
    if result.returncode != 0:
        sys.exit(f"decode_bench: status {result.returncode}")
    return json.loads(result.stdout)


def as_batch(tokens, local):
    nothing = torch.zeros(0, dtype=torch.long)
    return Batch(tokens=torch.tensor([tokens]), local=torch.tensor([local]),
                 labels=nothing, patches=nothing, patch_index=nothing,
                 patch_row=nothing, patch_column=nothing,
                 real_tokens=len(tokens), targets=0)


@torch.no_grad()
def next_token(model, tokens, local, ids):
    """Returns the most likely id in [begin, end) after a row of tokens."""
    x = model.embedding(as_batch(tokens, local))
    for block in model.transformer.blocks:
        x = block(x)
    logits = torch.nn.functional.linear(model.transformer.output_norm(x[:, -1]),
                                        model.embedding.tokens.weight)
    return ids[0] + int(logits[0, ids[0]:ids[1]].argmax())


def replay(model, episode, use_bf16):
    """Returns the actions, and the seconds that each step took."""
    tokens, local, actions, seconds = [], [], [], []
    for observation, action in zip(episode["observations"], episode["actions"]):
        tokens += observation
        local += [*range(len(observation) - 1), NO_POSITION]
        start = time.monotonic()
        with torch.autocast("cpu", torch.bfloat16, enabled=use_bf16):
            actions.append(next_token(model, tokens, local, episode["ids"]))
        seconds.append(time.monotonic() - start)
        # The action of decode_bench, so that one difference stays one difference.
        tokens.append(action)
        local.append(ACTION_POSITION)
    return actions, seconds


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build", metavar="BUILD", type=pathlib.Path)
    parser.add_argument("--position", choices=("relative", "rotary"),
                        default="relative")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--steps", type=int, default=146,
                        help="steps of 7 tokens; 146 fill the context")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        episode = play(arguments.build, folder, arguments)
        model = load_model(folder)
    actions, seconds = replay(model, episode, arguments.precision == "bf16")
    equal = sum(a == b for a, b in zip(actions, episode["actions"]))
    if arguments.precision == "fp32" and equal < len(actions):
        sys.exit(f"only {equal} of {len(actions)} actions are the same")
    ours, theirs = sum(episode["seconds"]), sum(seconds)
    last = len(seconds) // 10 or 1
    print(f"{arguments.position} {arguments.precision}: {len(actions)} steps, "
          f"{equal} equal actions, {ours:.3f} s, without a cache {theirs:.3f} s: "
          f"ratio {theirs / ours:.1f}; of the last tenth "
          f"{sum(seconds[-last:]) / sum(episode['seconds'][-last:]):.1f}")


if __name__ == "__main__":
    main()
