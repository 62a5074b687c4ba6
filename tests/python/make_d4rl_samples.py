#!/usr/bin/env python3
"""Writes the D4RL files in tests/samples/d4rl in the layouts of D4RL's own scripts.

    pip install h5py numpy
    tests/python/make_d4rl_samples.py tests/samples/d4rl

The layouts are those of scripts/generation/mujoco/collect_data.py (v2 files, with
timeouts, next_observations, infos and metadata) and generate_maze2d_datasets.py
(old files, without timeouts) in github.com/Farama-Foundation/D4RL. Row i has the
observation (i, -i, i/2), the action ((i % 5 - 2) / 2, i / 16) and the reward i.
"""

import pathlib
import sys

import h5py
import numpy as np

ROWS = 13


def table(rows):
    index = np.arange(rows, dtype=np.float32)
    return {
        "observations": np.stack([index, -index, index / 2], axis=1),
        "actions": np.stack([(index % 5 - 2) / 2, index / 16], axis=1),
        "rewards": index,
    }


def flags(rows, ends):
    return np.isin(np.arange(rows), ends)


def write(path, data):
    with h5py.File(path, "w") as file:
        for key, values in data.items():
            file.create_dataset(key, data=values, compression="gzip")


def version_2(path):
    """Writes three episodes, rows 0-3 (terminated), 4-8 (timed out) and 9-11 (terminated), and the
    start of a fourth one, row 12."""
    data = table(ROWS)
    next_observations = data["observations"].copy()
    next_observations[:, 0] += 100
    data["next_observations"] = next_observations
    data["terminals"] = flags(ROWS, [3, 11])
    data["timeouts"] = flags(ROWS, [8])
    data["infos/action_log_probs"] = np.zeros(ROWS, np.float32)
    data["infos/qpos"] = np.zeros((ROWS, 2), np.float32)
    data["infos/success"] = flags(ROWS, [2]).astype(np.float32)
    write(path, data)
    with h5py.File(path, "a") as file:
        file["metadata/algorithm"] = np.bytes_("SAC")
        file["metadata/iteration"] = np.int32(4000)
        file["metadata/policy/nonlinearity"] = np.bytes_("relu")
        file["metadata/policy/fc0/weight"] = np.zeros((4, 3), np.float32)


def without_timeouts(path):
    """Writes rows of which 5 terminates, columns of shape [rows, 1], and an action out of range."""
    data = table(ROWS)
    data["actions"][7, 0] = 1.5
    data["rewards"] = data["rewards"][:, np.newaxis]
    data["terminals"] = flags(ROWS, [5])[:, np.newaxis]
    data["infos/goal"] = np.zeros((ROWS, 2), np.float32)
    write(path, data)


def main():
    root = pathlib.Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    version_2(root / "hopper_medium-v2.hdf5")
    without_timeouts(root / "maze2d-umaze-v0.hdf5")
    for path in sorted(root.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
