#!/usr/bin/env python3
"""Load datasets with the Minari library and read every episode.

    pip install "minari[hdf5]==0.5.4" pillow
    tests/python/check_minari.py DATASET...

Exits 0 where each DATASET (a directory with data/ in it) loads, its episodes
hold what its spaces say, and its environment is not falsely promised.
"""

import pathlib
import sys

import minari
import numpy as np
from gymnasium import spaces


def rows(value):
    """Time steps of a nested value; all leaves must agree."""
    if isinstance(value, dict):
        counts = {rows(child) for child in value.values()}
    elif isinstance(value, tuple):
        counts = {rows(child) for child in value}
    else:
        counts = {len(value)}
    assert len(counts) == 1, counts
    return counts.pop()


def at(value, space, step):
    if isinstance(space, spaces.Dict):
        return {key: at(value[key], child, step)
                for key, child in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(at(value[i], child, step)
                     for i, child in enumerate(space.spaces))
    return value[step]


def check(path):
    dataset = minari.MinariDataset(path / "data")
    steps = 0
    for episode in dataset.iterate_episodes():
        count = len(episode.rewards)
        steps += count
        if count == 0:
            continue
        assert rows(episode.actions) == count
        assert rows(episode.observations) == count + 1
        assert episode.terminations.dtype == np.bool_
        assert episode.truncations.dtype == np.bool_
        for step in range(count):
            for value, space in (
                    (episode.observations, dataset.observation_space),
                    (episode.actions, dataset.action_space)):
                item = at(value, space, step)
                assert space.contains(item), (space, item)
    assert steps == dataset.total_steps
    assert len(list(dataset.storage.get_episode_metadata(
        dataset.episode_indices))) == dataset.total_episodes
    assert dataset.env_spec is None
    print(f"{path}: {dataset.id}, {dataset.total_episodes} episodes, "
          f"{steps} steps")


def main():
    for argument in sys.argv[1:]:
        check(pathlib.Path(argument))


if __name__ == "__main__":
    main()
