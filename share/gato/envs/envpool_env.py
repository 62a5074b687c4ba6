#!/usr/bin/env python3
"""Serves an environment of EnvPool to gato-rollout, which finds it by its ID:

  gato-rollout control --check-env --env envpool/CoinrunEasy-v0

EnvPool seeds environments when it creates them, so each episode is played in a new one.
Missions are text. Some environments have the experts of other domains.
"""
import ast
import os
import sys

import gato_environment


def list_tasks():
    """Returns all IDs, from a cache next to the packages, because importing them takes seconds."""
    cache = os.path.join(sys.prefix, "envpool-tasks.txt")
    if not os.path.exists(cache):
        import envpool
        with open(f"{cache}.{os.getpid()}", "w", encoding="utf-8") as file:
            print(*sorted(envpool.list_all_envs()), sep="\n", file=file)
        os.replace(file.name, cache)
    with open(cache, encoding="utf-8") as file:
        return file.read().split()


OPTIONS = gato_environment.parse_arguments(__doc__, [
    ("arguments", "", "additional arguments of EnvPool's make(), as in stack_num=1,img_height=96")],
    list_tasks)

import envpool  # noqa: E402
import numpy as np  # noqa: E402
from gymnasium import spaces  # noqa: E402

import ale_experts  # noqa: E402
import fetch_expert  # noqa: E402
import gymnasium_experts  # noqa: E402

ATARI_ACTIONS = {"Pong": ("NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"),
                 "Breakout": ("NOOP", "FIRE", "RIGHT", "LEFT"), "Freeway": ("NOOP", "UP", "DOWN")}
FETCH = {"FetchReach": "reach", "FetchPush": "push", "FetchPickAndPlace": "pick-and-place",
         "FetchSlide": "slide"}
CLASSIC = ("CartPole", "Acrobot", "MountainCar", "MountainCarContinuous", "Pendulum")
SUCCESS = ("success", "is_success", "solved", "prev_level_complete")
TEXT_BYTES = 512


def clean(name, space):
    """Returns a space with its intended bounds, and texts as Text."""
    if isinstance(space, spaces.Dict):
        return spaces.Dict({key: clean(key, child) for key, child in space.items()})
    if name == "mission" and space.shape == (TEXT_BYTES,):
        return spaces.Text(max_length=TEXT_BYTES)
    if not isinstance(space, spaces.Box) or space.dtype.kind != "f":
        return space
    low, high = space.low.astype(float), space.high.astype(float)
    low[(low < -1e30) | ((0 < low) & (low < 1e-37))] = -np.inf  # also the smallest positive number
    high[high > 1e30] = np.inf
    return spaces.Box(low, high, space.shape, space.dtype)


def first(name, space, value):
    """Returns the value of the only environment of the pool."""
    if isinstance(space, spaces.Dict):
        return {key: first(key, child, value[key]) for key, child in space.items()}
    if isinstance(space, spaces.Text):
        return bytes(value[0]).rstrip(b"\0").decode()
    return value[0]


class Pool:
    def __init__(self, task):
        self.task, self.name = task, task.rpartition("-v")[0].replace("Dense", "")
        pairs = [item.split("=", 1) for item in OPTIONS.arguments.split(",") if item]
        self.arguments = {key: ast.literal_eval(value.capitalize() if value in ("true", "false")
                                                else value) for key, value in pairs}
        self.config = envpool.make_spec(task, **self.arguments).config
        self.policy = self.ram = None
        self.make(0)
        self.observation_space = clean("observation", self.pool.observation_space)
        self.action_space = self.pool.action_space

    def make(self, seed):
        self.pool = envpool.make_gymnasium(self.task, num_envs=1, seed=seed, **self.arguments)

    def observe(self, value, info):
        self.observation = first("observation", self.observation_space, value)
        self.ram = info["ram"][0] if "ram" in info else None
        reported = [info[key][0] for key in SUCCESS if key in info]
        scalars = {key: item[0] for key, item in info.items() if np.shape(item) == (1,)}
        return self.observation, scalars | ({"success": float(reported[0])} if reported else {})

    def reset(self, *, seed):
        self.make(seed % 2**31)
        self.policy = self.make_policy()
        return self.observe(*self.pool.reset())

    def step(self, action):
        value, reward, terminated, truncated, info = self.pool.step(np.asarray(action)[None])
        observation, info = self.observe(value, info)
        return observation, reward, terminated, truncated, info

    def make_policy(self):
        if self.name in ATARI_ACTIONS:
            expert, actions = ale_experts.EXPERTS[self.name](), ATARI_ACTIONS[self.name]
            return lambda _: actions.index(expert.act(self.ram))
        if self.name in FETCH:
            return fetch_expert.Script(FETCH[self.name]).act
        return gymnasium_experts.EXPERTS[self.name](None) if self.name in CLASSIC else None


POOL = Pool(OPTIONS.task)
gato_environment.Server(
    POOL, f"envpool/{OPTIONS.task}", "envpool",
    expert=POOL.make_policy() and (lambda: POOL.policy(POOL.observation)),
    max_steps=getattr(POOL.config, "max_episode_steps", 0),
    settings={"frame_skip": getattr(POOL.config, "frame_skip", 1)},
    packages=("envpool", "envpool-assets")).serve()
