#!/usr/bin/env python3
"""Records demonstrations with the Minari library (pip install "minari[hdf5,create]" pillow).

    record_minari.py --task CartPole-v1 --episodes 100 --noise 0.3 --seed 1 DIRECTORY

writes the Minari dataset DIRECTORY. A scripted policy of a few lines plays with
noise on its actions. The noise-free action is recorded as the info
"expert_action" of each observation, which gato-tokenize takes as the label. A network
thus learns to act well in the states that the noise leads to.
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
    position, velocity, angle, angular_velocity = observation
    return int(angle + 0.5 * angular_velocity + 0.02 * position + 0.1 * velocity > 0)


def swing_up_pendulum(observation):
    cosine, sine, angular_velocity = observation
    if cosine > 0.8:  # near the top: proportional-derivative control
        torque = -12 * np.arctan2(sine, cosine) - 3 * angular_velocity
    else:  # drives the energy toward 0, that of the pendulum upright and at rest
        energy = angular_velocity**2 / 6 + 5 * (cosine - 1)
        torque = 2 * np.copysign(1, angular_velocity) * (1 if energy < 0 else -1)
    return np.clip([torque], -2, 2).astype(np.float32)


POLICIES = {"CartPole-v1": balance_pole, "Pendulum-v1": swing_up_pendulum}


class ExpertActionWrapper(gymnasium.Wrapper):
    """Adds the action of the policy to the info of every observation."""

    def __init__(self, environment, policy):
        super().__init__(environment)
        self.policy = policy

    def reset(self, **options):
        observation, info = self.env.reset(**options)
        return observation, info | {"expert_action": self.policy(observation)}

    def step(self, action):
        observation, *outcome, info = self.env.step(action)
        return observation, *outcome, info | {"expert_action": self.policy(observation)}


def add_noise(action, space, noise, rng):
    """Replaces a discrete action with a random one with probability `noise`. Adds Gaussian noise
    to a continuous one, whose standard deviation is `noise` times half its range."""
    if isinstance(space, gymnasium.spaces.Discrete):
        return int(rng.integers(space.n)) if rng.random() < noise else action
    deviation = noise * (space.high - space.low) / 2
    return np.clip(action + rng.normal(0, deviation), space.low, space.high).astype(space.dtype)


def record(options):
    environment = minari.DataCollector(
        ExpertActionWrapper(gymnasium.make(options.task), POLICIES[options.task]),
        record_infos=True)
    rng = np.random.default_rng(options.seed)
    for _ in range(options.episodes):
        _, info = environment.reset(seed=int(rng.integers(2**31)))
        ended = False
        while not ended:
            action = add_noise(info["expert_action"], environment.action_space, options.noise, rng)
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
                        help="probability that a discrete action is replaced by a random one, or "
                             "standard deviation of the noise on a continuous one, as a "
                             "fraction of half its range")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.directory.exists():
        parser.error(f"{options.directory} exists")
    # Minari warns that a published dataset should have an author, a description, ...
    warnings.filterwarnings("ignore", category=UserWarning, module="minari")
    # Minari writes into a temporary root, and the complete dataset is moved out of it.
    with tempfile.TemporaryDirectory(dir=options.directory.absolute().parent) as root:
        os.environ["MINARI_DATASETS_PATH"] = root
        dataset = record(options)
        os.rename(pathlib.Path(dataset.storage.data_path).parent, options.directory)
    print(f"{options.directory}: {dataset.total_episodes} episodes, {dataset.total_steps} steps")


if __name__ == "__main__":
    main()
