#!/usr/bin/env python3
"""Loads datasets with the Minari library and compares them with what gato-info reports.

    pip install "minari[hdf5]==0.5.4" pillow
    tests/python/check_minari.py [--gato-info PROGRAM] DATASET...

Exits with 0 if each DATASET (a directory with data/ in it) loads by its id, the
values of its episodes are in their spaces, sampling and filtering work, and counts
and returns equal those of gato-info. Otherwise it reports what is wrong and exits
with 1.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np

from checks import CheckFailed, check, loaded_by_minari, value_at


def check_close(what, value, expected):
    check(np.isclose(value, expected, rtol=1e-12, atol=1e-12),
          f"{what} is {value}, expected {expected}")


def leaves(value):
    """Returns the arrays and lists of a nested value."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return [leaf for child in value for leaf in leaves(child)]
    return [value]


def check_values(what, value, space, rows):
    for leaf in leaves(value):
        check(len(leaf) == rows, f"{what}: {len(leaf)} rows, expected {rows}")
    for step in range(rows):
        item = value_at(value, step)
        check(space.contains(item),
              f"{what}, row {step}: not in its space: {str(item)[:300]}")


def check_episode(episode, dataset, metadata):
    name, steps = f"episode {episode.id}", len(episode.rewards)
    check_close(f"{name}: total_steps", metadata["total_steps"], steps)
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
              f"{name}: unexpected flags {flags.dtype} {flags.shape}")
        check(not flags[:-1].any(), f"{name}: ends before its last step")
    for key, value in (("sum", episode.rewards.sum()), ("mean", episode.rewards.mean()),
                       ("std", episode.rewards.std()), ("max", episode.rewards.max()),
                       ("min", episode.rewards.min())):
        check_close(f"{name}: rewards_{key}", metadata[f"rewards_{key}"], value)


def check_dataset(path, gato_info):
    with loaded_by_minari(path) as dataset:
        check(dataset.env_spec is None, "the dataset has an environment specification")
        episodes = list(dataset.iterate_episodes())
        metadata = list(dataset.storage.get_episode_metadata(dataset.episode_indices))
        check_close("total_episodes", dataset.total_episodes, len(episodes))
        check_close("total_steps", dataset.total_steps, sum(len(e.rewards) for e in episodes))
        for episode, episode_metadata in zip(episodes, metadata, strict=True):
            check_episode(episode, dataset, episode_metadata)

        dataset.set_seed(1)
        check(len(dataset.sample_episodes(min(3, len(episodes)))) == min(3, len(episodes)),
              "sampling returns a wrong number of episodes")
        median = np.median([e.rewards.sum() for e in episodes])
        better = dataset.filter_episodes(lambda e: e.rewards.sum() >= median)
        check(len(better) == sum(e.rewards.sum() >= median for e in episodes),
              "filtering keeps a wrong number of episodes")

    mean = np.mean([e.rewards.sum() for e in episodes])
    if gato_info:
        report = json.loads(subprocess.check_output([gato_info, "--json", path]))
        for key, value in (("episodes", len(episodes)), ("mean_return", mean),
                           ("steps", dataset.total_steps)):
            check_close(f"gato-info's {key}", report[key], value)
    print(f"{path}: {dataset.id}, {len(episodes)} episodes, "
          f"{dataset.total_steps} steps, mean return {mean:g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gato-info", metavar="PROGRAM",
                        help="compare with what this gato-info reports")
    parser.add_argument("datasets", metavar="DATASET", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    for path in options.datasets:
        try:
            check_dataset(path, options.gato_info)
        except CheckFailed as error:
            sys.exit(f"{path}: {error}")


if __name__ == "__main__":
    main()
