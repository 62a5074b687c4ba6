#!/usr/bin/env python3
"""Load datasets with the Minari library and compare them with what gato says.

    pip install "minari[hdf5]==0.5.4" pillow
    tests/python/check_minari.py [--gato-info PROGRAM] DATASET...

Exits 0 where each DATASET (a directory with data/ in it) loads by its id, each
of its episodes holds what its spaces promise, sampling and filtering work, and
numbers and returns are those that gato-info reads. Else it says what is wrong
and exits 1.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import minari
import numpy as np
from gymnasium import spaces


class Wrong(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Wrong(message)


def same(what, value, expected):
    check(np.isclose(value, expected, rtol=1e-12, atol=1e-12),
          f"{what} is {value}, not {expected}")


def leaves(value):
    """The arrays and lists of a nested value."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return [leaf for child in value for leaf in leaves(child)]
    return [value]


def at(value, space, step):
    if isinstance(space, spaces.Dict):
        return {key: at(value[key], child, step)
                for key, child in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(at(value[i], child, step)
                     for i, child in enumerate(space.spaces))
    return value[step]


def check_values(what, value, space, rows):
    for leaf in leaves(value):
        check(len(leaf) == rows, f"{what}: {len(leaf)} rows, not {rows}")
    for step in range(rows):
        item = at(value, space, step)
        check(space.contains(item),
              f"{what}, row {step}: not in its space: {str(item)[:300]}")


def check_episode(episode, dataset, metadata):
    name, steps = f"episode {episode.id}", len(episode.rewards)
    same(f"{name}: total_steps", metadata["total_steps"], steps)
    if steps == 0:
        return
    check_values(f"{name}: observations", episode.observations,
                 dataset.observation_space, steps + 1)
    check_values(f"{name}: actions", episode.actions, dataset.action_space, steps)
    if "expert_action" in episode.infos:
        check_values(f"{name}: expert_action", episode.infos["expert_action"],
                     dataset.action_space, steps)
    for flags in (episode.terminations, episode.truncations):
        check(flags.dtype == np.bool_ and flags.shape == (steps,),
              f"{name}: flags {flags.dtype} {flags.shape}")
        check(not flags[:-1].any(), f"{name}: ends before its last step")
    for key, value in (("sum", episode.rewards.sum()), ("mean", episode.rewards.mean()),
                       ("std", episode.rewards.std()), ("max", episode.rewards.max()),
                       ("min", episode.rewards.min())):
        same(f"{name}: rewards_{key}", metadata[f"rewards_{key}"], value)


def check_dataset(path, gato_info):
    described = json.loads((path / "data/metadata.json").read_text())["dataset_id"]
    with tempfile.TemporaryDirectory() as root:
        # Where Minari looks for the dataset of that id.
        place = pathlib.Path(root) / described
        place.parent.mkdir(parents=True)
        place.symlink_to(path.resolve(), target_is_directory=True)
        os.environ["MINARI_DATASETS_PATH"] = root
        dataset = minari.load_dataset(described)
        check(dataset.env_spec is None, "an environment is promised")
        episodes = list(dataset.iterate_episodes())
        metadata = list(dataset.storage.get_episode_metadata(dataset.episode_indices))
        same("total_episodes", dataset.total_episodes, len(episodes))
        same("total_steps", dataset.total_steps, sum(len(e.rewards) for e in episodes))
        for episode, its_metadata in zip(episodes, metadata, strict=True):
            check_episode(episode, dataset, its_metadata)

        dataset.set_seed(1)
        check(len(dataset.sample_episodes(min(3, len(episodes)))) == min(3, len(episodes)),
              "sampling gives another number of episodes")
        median = np.median([e.rewards.sum() for e in episodes])
        better = dataset.filter_episodes(lambda e: e.rewards.sum() >= median)
        check(len(better) == sum(e.rewards.sum() >= median for e in episodes),
              "filtering keeps another number of episodes")

    mean = np.mean([e.rewards.sum() for e in episodes])
    if gato_info:
        said = json.loads(subprocess.check_output([gato_info, "--json", path]))
        for key, value in (("episodes", len(episodes)), ("mean_return", mean),
                           ("steps", dataset.total_steps)):
            same(f"gato-info's {key}", said[key], value)
    print(f"{path}: {described}, {len(episodes)} episodes, "
          f"{dataset.total_steps} steps, mean return {mean:g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gato-info", metavar="PROGRAM",
                        help="compare with what this gato-info reads")
    parser.add_argument("datasets", metavar="DATASET", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    for path in options.datasets:
        try:
            check_dataset(path, options.gato_info)
        except Wrong as error:
            sys.exit(f"{path}: {error}")


if __name__ == "__main__":
    main()
