#!/usr/bin/env python3
"""Serves an environment of Gymnasium, given by its ID, to gato-rollout:

  gato-rollout control --check-env --env gymnasium/CartPole-v1

or, if another package registers it, with a Python interpreter that has the package:

  gato-rollout control --check-env --env-command \\
    'venv/bin/python -m gymnasium_env --task ALE/Pong-v5 --import ale_py'

The spaces may be Box, Discrete, MultiDiscrete, MultiBinary and Text, and Dict and
Tuple of these.
"""
import importlib
import sys

import gato_environment

OPTIONS = gato_environment.parse_arguments(__doc__, [
    ("import", "", "module that registers the environment"),
    ("domain", "gymnasium", "domain of the task, over which scores are averaged")])
CAN_RENDER = gato_environment.prepare_mujoco()

import gymnasium  # noqa: E402

import gymnasium_experts  # noqa: E402


class Watched(gymnasium.Wrapper):
    """An environment whose expert sees the observations."""

    def __init__(self, environment, make_policy):
        super().__init__(environment)
        self.make_policy, self.policy, self.observation = make_policy, None, None

    def reset(self, *, seed=None, options=None):
        self.observation, info = super().reset(seed=seed, options=options)
        if self.make_policy not in gymnasium_experts.FIXED:
            self.policy = None
        return self.observation, info

    def step(self, action):
        self.observation, *rest = super().step(action)
        return self.observation, *rest

    def expert(self):
        if self.policy is None:
            self.policy = self.make_policy(self.env.unwrapped)
        return self.policy(self.observation)


def make(task):
    # Not every environment accepts render_mode.
    arguments = [{"render_mode": "rgb_array"}, {}] if CAN_RENDER else [{}]
    for argument in arguments:
        try:
            return gymnasium.make(task, disable_env_checker=True, **argument)
        except TypeError as error:
            failure = error
    raise failure


def main():
    try:
        if module := getattr(OPTIONS, "import"):
            importlib.import_module(module)
        environment = make(OPTIONS.task)
    except (ImportError, gymnasium.error.Error) as error:
        sys.exit(f"gymnasium_env.py: error: {error}")
    make_policy = OPTIONS.domain == "gymnasium" and gymnasium_experts.EXPERTS.get(
        OPTIONS.task.rpartition("-v")[0])
    watched = Watched(environment, make_policy)
    packages = ["gymnasium"]
    for module, package in (("mujoco", "mujoco"), ("Box2D", "Box2D")):
        if module in sys.modules:
            packages.append(package)
    gato_environment.Server(
        watched, OPTIONS.task, OPTIONS.domain, expert=watched.expert if make_policy else None,
        max_steps=environment.spec.max_episode_steps, packages=packages).serve()


main()
