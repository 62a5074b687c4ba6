#!/usr/bin/env python3
"""Writes the Minari datasets in tests/samples/minari with Minari itself.

    pip install "minari[hdf5,create]==0.5.4" pillow h5py
    tests/python/make_minari_samples.py tests/samples/minari

The readers of gato are tested with these files. Only missing ones are written,
because h5py stores timestamps and Minari samples seeds.
"""

import json
import os
import pathlib
import shutil
import sys

import gymnasium as gym
import h5py
import minari
import numpy as np
from gymnasium import spaces
from minari import DataCollector
from minari.data_collector.episode_buffer import EpisodeBuffer
from minari.dataset.minari_storage import MinariStorage

DESCRIPTION = {
    "dataset_id": "samples/spaces/random-v0",
    "algorithm_name": "random",
    "minari_version": "0.5.4",
}


def cartpole(root):
    """Records two episodes with Minari's own collector."""
    collector = DataCollector(gym.make("CartPole-v1", max_episode_steps=12))
    for seed in (3, 2**63 + 5):
        collector.reset(seed=seed % 2**32)
        collector.action_space.seed(seed % 2**32)
        done = False
        while not done:
            _, _, terminated, truncated, _ = collector.step(
                collector.action_space.sample())
            done = terminated or truncated
    dataset = collector.create_dataset(
        dataset_id="samples/cartpole/random-v0", algorithm_name="random")
    shutil.copytree(dataset.storage.data_path, root / "cartpole" / "data")


class EverySpace(gym.Env):
    """An environment whose observations and actions use every supported space."""

    observation_space = spaces.Dict({
        "mission": spaces.Text(64),
        "camera": spaces.Box(0, 255, (32, 48, 3), np.uint8),
        "state": spaces.Tuple((
            spaces.Box(-np.inf, np.inf, (2,), np.float64),
            spaces.Box(np.array([-1, -2], np.float32),
                       np.array([1, np.inf], np.float32)),
        )),
        "level": spaces.Discrete(5, start=-2),
        "keys": spaces.MultiBinary(3),
        "dials": spaces.MultiDiscrete([4, 9], start=[0, 10]),
        "grid": spaces.MultiBinary([2, 3]),
    })
    action_space = spaces.Dict({
        "move": spaces.Discrete(3, start=1),
        "force": spaces.Box(-2, 2, (2,), np.float32),
    })
    steps = 0

    def observe(self):
        observation = self.observation_space.sample()
        observation["mission"] = f"go to the größte {'wall' * self.steps}"
        # Smooth, so that JPEG preserves it. Step 1 has more detail, so that the
        # sizes of the frames differ.
        rows, columns = np.mgrid[0:32, 0:48]
        observation["camera"] = np.stack(
            [rows * 4, columns * 4, np.full_like(rows, 40 * self.steps)],
            axis=-1).astype(np.uint8)
        if self.steps == 1 and self.has_detail:
            observation["camera"][8:24, 8:24] = 255
        return observation

    has_detail = False

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        self.steps = 0
        return self.observe(), {"success": 0.0}

    def step(self, action):
        self.steps += 1
        return (self.observe(), 0.5 * self.steps, self.steps == 3, False,
                {"success": float(self.steps == 3)})


def every_space(root):
    environment = EverySpace()
    collector = DataCollector(environment, record_infos=True)
    for seed in range(2):
        environment.has_detail = seed % 2 == 1
        environment.action_space.seed(seed)
        collector.reset(seed=seed)
        done = False
        while not done:
            _, _, done, _, _ = collector.step(environment.action_space.sample())
    dataset = collector.create_dataset(
        dataset_id="samples/spaces/random-v0", algorithm_name="random",
        eval_env=None)
    shutil.copytree(dataset.storage.data_path, root / "spaces" / "data")


def equal_frames(root):
    """Writes frames that all compress to the same size, stored as uint8 [T+1, L]."""
    space = spaces.Box(0, 255, (32, 32, 3), np.uint8)
    path = root / "frames" / "data"
    path.mkdir(parents=True)
    storage = MinariStorage.new(path, space, spaces.Discrete(2))
    frame = np.full((32, 32, 3), (200, 100, 50), np.uint8)
    storage.update_metadata(DESCRIPTION)
    storage.update_episodes([
        EpisodeBuffer(
            id=0, observations=[frame] * 3, actions=[0, 1],
            rewards=[0.0, 1.0], terminations=[False, True],
            truncations=[False, False], infos={})
    ])


def nested(root):
    """Writes a Dict in a Tuple and a Tuple in a Dict, also as actions; uncompressed
    frames; an episode whose last step is neither terminated nor truncated."""
    observation_space = spaces.Tuple((
        spaces.Dict({
            "arm": spaces.Dict({
                "camera": spaces.Box(0, 255, (32, 32, 3), np.uint8),
                "joints": spaces.Box(-np.inf, np.inf, (2,), np.float64),
            }),
            "view": spaces.Box(0, 255, (7, 7, 3), np.uint8),
        }),
        spaces.Discrete(3),
    ))
    action_space = spaces.Dict({
        "gripper": spaces.Tuple((spaces.Discrete(2), spaces.Discrete(4))),
        "reach": spaces.Box(-1, 1, (1,), np.float32),
    })
    path = root / "nested" / "data"
    path.mkdir(parents=True)
    storage = MinariStorage.new(path, observation_space, action_space,
                                jpeg_encoding=False)

    storage.update_metadata(DESCRIPTION)
    steps = range(3)
    storage.update_episodes([
        EpisodeBuffer(
            id=0,
            observations=(
                {
                    "arm": {
                        # Noise, which JPEG would not preserve.
                        "camera": [np.random.default_rng(step).integers(
                            0, 256, (32, 32, 3), dtype=np.uint8)
                            for step in steps],
                        "joints": [np.array([step, -0.5]) for step in steps],
                    },
                    "view": [np.full((7, 7, 3), step, np.uint8)
                             for step in steps],
                },
                list(steps),
            ),
            actions={
                "gripper": ([0, 1], [3, 2]),
                "reach": [np.array([step / 2], np.float32)
                          for step in range(2)],
            },
            rewards=[0.25, 0.5], terminations=[False, False],
            truncations=[False, False], infos={})
    ])


def version_0_4(root):
    """Writes the layout of Minari 0.4.3: metadata as attributes of the root, no JSON
    file, bounds of +-3.4e38 instead of infinity."""
    (root / "old" / "data").mkdir(parents=True)
    with h5py.File(root / "old" / "data" / "main_data.hdf5", "w") as file:
        low = [-3.4028234663852886e38, -1.0]
        file.attrs["observation_space"] = json.dumps({
            "type": "Box", "dtype": "float32", "shape": [2], "low": low,
            "high": [-value for value in low]})
        file.attrs["action_space"] = json.dumps(
            {"type": "Discrete", "dtype": "int64", "start": 0, "n": 2})
        file.attrs["env_spec"] = gym.spec("CartPole-v1").to_json()
        file.attrs["dataset_id"] = "cartpole-random-v0"
        file.attrs["minari_version"] = "~=0.4"
        file.attrs["total_episodes"] = 11
        file.attrs["total_steps"] = 66
        # In the order of names, episode_10 precedes episode_2.
        for index, steps in enumerate(range(1, 12)):
            group = file.create_group(f"episode_{index}")
            group.attrs["id"] = index
            group.attrs["seed"] = np.uint64(2**64 - 1 - index)
            group.attrs["total_steps"] = steps
            group["observations"] = np.arange(
                2 * (steps + 1), dtype=np.float32).reshape(-1, 2)
            group["actions"] = np.arange(steps) % 2
            group["rewards"] = np.ones(steps)
            group["terminations"] = np.arange(steps) == steps - 1
            group["truncations"] = np.zeros(steps, bool)


SAMPLES = {
    "cartpole": cartpole,
    "spaces": every_space,
    "frames": equal_frames,
    "nested": nested,
    "old": version_0_4,
}


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    scratch = root / "scratch"
    scratch.mkdir(parents=True)
    os.environ["MINARI_DATASETS_PATH"] = str(scratch)
    for name, make in SAMPLES.items():
        if not (root / name).exists():
            make(root)
    shutil.rmtree(scratch)
    for name in SAMPLES:
        if name == "old":  # Minari itself no longer reads it
            continue
        dataset = minari.MinariDataset(root / name / "data")
        print(name, dataset.total_episodes, dataset.total_steps)


if __name__ == "__main__":
    main()
