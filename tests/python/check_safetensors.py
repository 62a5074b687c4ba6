#!/usr/bin/env python3
"""Exchanges checkpoints with the safetensors library in both directions.

    pip install safetensors numpy
    tests/python/check_safetensors.py [--gato-eval PROGRAM] RUN SEQUENCES.h5

RUN is a run of gato-train on SEQUENCES.h5. Exits with 0 if the library reads the
weights and the optimizer moments of its latest checkpoint according to their
headers, and gato-eval computes the same loss with weights that the library wrote.
Exits with 77 if the library is not installed. Otherwise it reports what is wrong
and exits with 1.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from checks import CheckFailed, check

try:
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def read_without_library(path):
    """Returns the tensors of a safetensors file, parsed according to the format's definition."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        check(entry["dtype"] == "F32", f"{path}: {name} is {entry['dtype']}")
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return tensors


def check_file(path):
    expected, loaded = read_without_library(path), load_file(path)
    check(expected.keys() == loaded.keys(), f"{path}: the names differ")
    for name, value in expected.items():
        check(np.array_equal(value, loaded[name], equal_nan=True),
              f"{path}: the values of {name} differ")
    with safe_open(path, "numpy") as file:
        check(set(file.keys()) == set(expected), f"{path}: the keys differ")
    return loaded


def run_eval_loss(program, model, data):
    return subprocess.run([program, "loss", "--model", model, "--data", data],
                          capture_output=True, text=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gato-eval", default="gato-eval")
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("sequences", type=pathlib.Path)
    arguments = parser.parse_args()
    checkpoint = (arguments.run / "latest").resolve()
    files = sorted(checkpoint.glob("*.safetensors"))
    check(len(files) >= 2, f"{checkpoint}: {len(files)} safetensors files, expected at least 2")
    tensors = {path.name: check_file(path) for path in files}
    weights = tensors["model.safetensors"]
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        shutil.copytree(checkpoint, model)
        (model / "MANIFEST.json").unlink()
        # The library orders and aligns tensors differently.
        save_file(weights, model / "model.safetensors", {"format": "np"})
        theirs, ours = (run_eval_loss(arguments.gato_eval, path, arguments.sequences)
                        for path in (model, checkpoint))
        check(ours.returncode == 0, ours.stderr)
        check(theirs.stdout == ours.stdout, f"the loss differs: {theirs.stdout}{theirs.stderr}")
        del weights["output_norm.weight"]
        save_file(weights, model / "model.safetensors")
        run = run_eval_loss(arguments.gato_eval, model, arguments.sequences)
        check(run.returncode == 3 and "output_norm.weight" in run.stderr,
              f"without output_norm.weight: status {run.returncode}, {run.stderr}")
    print(f"{sum(map(len, tensors.values()))} tensors in {len(files)} files")


if __name__ == "__main__":
    try:
        main()
    except CheckFailed as error:
        sys.exit(f"check_safetensors: {error}")
