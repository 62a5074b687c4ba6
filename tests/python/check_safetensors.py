#!/usr/bin/env python3
"""Exchange checkpoints with the safetensors library, both ways.

    pip install safetensors numpy
    tests/python/check_safetensors.py [--gato-eval PROGRAM] RUN SEQUENCES.h5

RUN is a run of gato-train on these sequences. Exits 0 where the library reads
the weights and the moments of its newest checkpoint as the headers promise, and
gato-eval finds the same loss with a file of weights that the library wrote; 77
where the library is not there. Else it says what is wrong and exits 1.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


class Wrong(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Wrong(message)


def plain_read(path):
    """Tensors of a safetensors file by its definition, without the library."""
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
    plain, library = plain_read(path), load_file(path)
    check(plain.keys() == library.keys(), f"{path}: other names")
    for name, value in plain.items():
        check(np.array_equal(value, library[name], equal_nan=True),
              f"{path}: {name} has other values")
    with safe_open(path, "numpy") as file:
        check(set(file.keys()) == set(plain), f"{path}: other keys")
    return library


def loss(program, model, data):
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
    check(len(files) >= 2, f"{checkpoint}: {len(files)} files of tensors")
    tensors = {path.name: check_file(path) for path in files}
    weights = tensors["model.safetensors"]
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        shutil.copytree(checkpoint, model)
        (model / "MANIFEST.json").unlink()
        # The library orders and aligns the tensors in its own way.
        save_file(weights, model / "model.safetensors", {"format": "np"})
        theirs, ours = (loss(arguments.gato_eval, path, arguments.sequences)
                        for path in (model, checkpoint))
        check(ours.returncode == 0, ours.stderr)
        check(theirs.stdout == ours.stdout, f"another loss: {theirs.stdout}{theirs.stderr}")
        del weights["output_norm.weight"]
        save_file(weights, model / "model.safetensors")
        run = loss(arguments.gato_eval, model, arguments.sequences)
        check(run.returncode == 3 and "output_norm.weight" in run.stderr,
              f"without output_norm.weight: status {run.returncode}, {run.stderr}")
    print(f"{sum(map(len, tensors.values()))} tensors in {len(files)} files")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        sys.exit(f"check_safetensors: {wrong}")
