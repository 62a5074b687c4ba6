#!/usr/bin/env python3
"""Records demonstrations with the Minari library (pip install "minari[hdf5,create]" pillow).

    record_minari.py --task CartPole-v1 --episodes 100 --noise 0.3 --seed 1 DIRECTORY

makes the Minari dataset DIRECTORY. A policy of a few lines plays, disturbed by
noise on every action. What it would have done is recorded beside, as the info
"expert_action" of the observation, which gato-tokenize makes the label: a
network learns to act well in the places that noise leads to.
"""
import argparse
import os
import pathlib
import tempfile
import warnings

import gymnasium
import minari
import numpy as np


def balance_pole(observation):
    position, speed, angle, turn = observation
    return int(angle + 0.5 * turn + 0.02 * position + 0.1 * speed > 0)


def swing_up_pendulum(observation):
    cosine, sine, turn = observation
    if cosine > 0.8:  # near the top: a spring and a damper
        torque = -12 * np.arctan2(sine, cosine) - 3 * turn
    else:  # towards the energy that it has upright and at rest
        torque = 2 * np.copysign(1, turn) * (1 if turn**2 / 6 + 5 * (cosine - 1) < 0 else -1)
    return np.clip([torque], -2, 2).astype(np.float32)


POLICIES = {"CartPole-v1": balance_pole, "Pendulum-v1": swing_up_pendulum}


class Advice(gymnasium.Wrapper):
    """Tells with every observation what the policy would do now."""

    def __init__(self, environment, policy):
        super().__init__(environment)
        self.policy = policy

    def reset(self, **options):
        observation, info = self.env.reset(**options)
        return observation, info | {"expert_action": self.policy(observation)}

    def step(self, action):
        observation, *outcome, info = self.env.step(action)
        return observation, *outcome, info | {"expert_action": self.policy(observation)}


def disturb(action, space, noise, chance):
    if isinstance(space, gymnasium.spaces.Discrete):
        return int(chance.integers(space.n)) if chance.random() < noise else action
    spread = noise * (space.high - space.low) / 2
    return np.clip(action + chance.normal(0, spread), space.low, space.high).astype(space.dtype)


def record(options):
    environment = minari.DataCollector(
        Advice(gymnasium.make(options.task), POLICIES[options.task]), record_infos=True)
    chance = np.random.default_rng(options.seed)
    for _ in range(options.episodes):
        _, info = environment.reset(seed=int(chance.integers(2**31)))
        ended = False
        while not ended:
            action = disturb(info["expert_action"], environment.action_space, options.noise, chance)
            _, _, terminated, truncated, info = environment.step(action)
            ended = terminated or truncated
    return environment.create_dataset(
        f"gymnasium/{options.task.split('-')[0].lower()}/scripted-v0",
        algorithm_name="scripted policy", eval_env=options.task)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", metavar="DIRECTORY", type=pathlib.Path)
    parser.add_argument("--task", required=True, choices=POLICIES)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--noise", type=float, default=0,
                        help="probability that a discrete action is drawn anew, or deviation "
                             "added to a continuous one, in halves of its range")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.directory.exists():
        parser.error(f"{options.directory} exists")
    # That a dataset to be published should have an author, a description ...
    warnings.filterwarnings("ignore", category=UserWarning, module="minari")
    # Where Minari keeps its datasets; what is whole is moved out of there.
    with tempfile.TemporaryDirectory(dir=options.directory.absolute().parent) as root:
        os.environ["MINARI_DATASETS_PATH"] = root
        dataset = record(options)
        os.rename(pathlib.Path(dataset.storage.data_path).parent, options.directory)
    print(f"{options.directory}: {dataset.total_episodes} episodes, {dataset.total_steps} steps")


if __name__ == "__main__":
    main()
