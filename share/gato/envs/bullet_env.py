#!/usr/bin/env python3
"""Serves a task of PyBullet to gato-rollout, which finds it by name:

  gato-rollout control --check-env --env bullet/Ant

bullet/Ant is AntBulletEnv-v0. The experts are the networks that the wheel of
pybullet contains.
"""
import importlib
import os
import sys
import types

import gato_environment

OPTIONS = gato_environment.parse_arguments(__doc__)

import numpy as np  # noqa: E402

MODULES = {
    "gym_locomotion_envs": ("Ant", "HalfCheetah", "Hopper", "Humanoid", "HumanoidFlagrun",
                            "HumanoidFlagrunHarder", "Walker2D"),
    "gym_pendulum_envs": ("InvertedPendulum", "InvertedDoublePendulum", "InvertedPendulumSwingup"),
    "gym_manipulator_envs": ("Reacher", "Pusher")}
MAX_STEPS = {"Reacher": 150, "Pusher": 150}  # 1000 for the others


def import_environments(module):
    """Imports a module of pybullet_envs, which was written for gym, with gymnasium. The package's
    own __init__ would register its environments and fail."""
    for name in ("", ".spaces", ".utils", ".utils.seeding"):
        sys.modules["gym" + name] = importlib.import_module("gymnasium" + name)
    folder = os.path.dirname(importlib.util.find_spec("pybullet_data").origin)
    package = types.ModuleType("pybullet_envs")
    package.__path__ = [os.path.join(os.path.dirname(folder), "pybullet_envs")]
    sys.modules["pybullet_envs"] = package
    sys.path.insert(0, package.__path__[0])
    return importlib.import_module(f"pybullet_envs.{module}")


class Task:
    def __init__(self, task):
        module, = (module for module, tasks in MODULES.items() if task in tasks)
        self.make = getattr(import_environments(module), f"{task}BulletEnv")
        self.simulator, self.state, self.steps = self.make(), None, 0
        self.observation_space = self.simulator.observation_space
        self.action_space = self.simulator.action_space
        self.max_steps = MAX_STEPS.get(task, 1000)
        self.render_mode = "rgb_array"
        self.policy = self.load_policy(task)

    def load_policy(self, task):
        folder = os.path.join(sys.modules["pybullet_envs"].__path__[0], "examples")
        for name in os.listdir(folder):
            if name.startswith(f"enjoy_TF_{task}BulletEnv"):
                network = importlib.import_module(f"pybullet_envs.examples.{name[:-3]}")
                return network.SmallReactivePolicy(self.observation_space, self.action_space)
        return None

    def reset(self, *, seed):
        # A reset does not restore a simulation exactly, so make a new one.
        self.simulator.close()
        self.simulator = self.make()
        self.simulator.np_random = self.simulator.robot.np_random = np.random.RandomState(seed)
        self.state, self.steps = self.simulator.reset(), 0
        return self.state, {}

    def step(self, action):
        self.state, reward, terminated, info = self.simulator.step(action)
        self.steps += 1
        return self.state, reward, terminated, self.steps == self.max_steps and not terminated, info

    def expert(self):
        return np.clip(self.policy.act(self.state), -1, 1)

    def render(self):
        return self.simulator.render("rgb_array")


TASK = Task(OPTIONS.task)
gato_environment.Server(
    TASK, f"bullet/{OPTIONS.task}", "bullet", expert=TASK.policy and TASK.expert,
    max_steps=TASK.max_steps, packages=("pybullet", "numpy")).serve()
