#!/usr/bin/env python3
"""Serves a Fetch task of gymnasium-robotics to gato-rollout, which finds it by name:

  gato-rollout control --check-env --env fetch/push

The tasks are reach, push, slide and pick-and-place. An episode has 50 steps. The
experts are scripts; see fetch_expert.py.
"""
import gato_environment

OPTIONS = gato_environment.parse_arguments(__doc__, [
    ("dense", False, "reward the distance to the goal, instead of -1 until it is reached")])
CAN_RENDER = gato_environment.prepare_mujoco()

import gymnasium  # noqa: E402
import gymnasium_robotics  # noqa: E402

import fetch_expert  # noqa: E402

IDS = {"reach": "FetchReach", "push": "FetchPush", "slide": "FetchSlide",
       "pick-and-place": "FetchPickAndPlace"}


class Task:
    def __init__(self, task):
        gymnasium.register_envs(gymnasium_robotics)
        dense = "Dense" if OPTIONS.dense else ""
        self.simulator = gymnasium.make(
            f"{IDS[task]}{dense}-v4", disable_env_checker=True, max_episode_steps=50,
            **({"render_mode": "rgb_array"} if CAN_RENDER else {}))
        self.observation_space = self.simulator.observation_space
        self.action_space = self.simulator.action_space
        self.render_mode, self.render = self.simulator.render_mode, self.simulator.render
        self.task, self.script, self.observation = task, None, None

    def reset(self, *, seed):
        self.script = fetch_expert.Script(self.task)
        self.observation, info = self.simulator.reset(seed=seed)
        return self.observation, info

    def step(self, action):
        self.observation, *rest = self.simulator.step(action)
        return self.observation, *rest

    def expert(self):
        return self.script.act(self.observation)


TASK = Task(OPTIONS.task)
gato_environment.Server(
    TASK, f"fetch/{OPTIONS.task}", "fetch", expert=TASK.expert, max_steps=50,
    packages=("gymnasium-robotics", "mujoco", "numpy")).serve()
