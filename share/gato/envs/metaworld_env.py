#!/usr/bin/env python3
"""Serves a task of Meta-World v3 to gato-rollout, which finds it by name:

  gato-rollout control --check-env --env metaworld/reach

The goal is part of the observation and sampled from the seed. The expert is the
scripted policy of the package. The simulator ends every episode after 500
steps, whether it succeeded or not.
"""
import gato_environment

OPTIONS = gato_environment.parse_arguments(__doc__, [
    ("mission", True, "also observe the task in words"),
    ("end-on-success", False, "end the episode at the first success"),
    ("camera", "corner2", "camera of the video, such as corner, corner3 or topview")])
CAN_RENDER = gato_environment.prepare_mujoco()

import numpy as np  # noqa: E402
from gymnasium import spaces  # noqa: E402
from metaworld.env_dict import ALL_V3_ENVIRONMENTS, ML1_ARGS_KWARGS  # noqa: E402
from metaworld.policies import ENV_POLICY_MAP  # noqa: E402

from metaworld_missions import MISSIONS  # noqa: E402


class Task:
    def __init__(self, name):
        self.simulator = ALL_V3_ENVIRONMENTS[name](
            render_mode="rgb_array", camera_name=OPTIONS.camera)
        # What MT1 does, except that every reset samples a new goal, not one from a list of 50.
        self.simulator._partially_observable = False  # before the observation space is cached
        self.simulator.__dict__.pop("sawyer_observation_space", None)
        self.simulator._freeze_rand_vec, self.simulator.seeded_rand_vec = False, True
        self.simulator._set_task_called = True
        arguments = dict(ML1_ARGS_KWARGS[name]["kwargs"])
        del arguments["task_id"]
        self.simulator._set_task_inner(**arguments)
        self.policy, self.state = ENV_POLICY_MAP[name](), None
        self.mission = MISSIONS[OPTIONS.task] if OPTIONS.mission else None
        self.observation_space = self.simulator.sawyer_observation_space
        if self.mission:
            self.observation_space = spaces.Dict(
                {"mission": spaces.Text(max_length=64), "state": self.observation_space})
        self.action_space = self.simulator.action_space
        self.render_mode = "rgb_array" if CAN_RENDER else None

    def observe(self, state):
        self.state = state
        return {"mission": self.mission, "state": state} if self.mission else state

    def reset(self, *, seed):
        self.simulator.seed(seed)  # reset() would ignore it
        state, info = self.simulator.reset()
        return self.observe(state), info

    def step(self, action):
        state, reward, terminated, truncated, info = self.simulator.step(action)
        terminated = OPTIONS.end_on_success and info["success"] > 0.5
        return self.observe(state), reward, terminated, truncated and not terminated, info

    def expert(self):
        return np.clip(self.policy.get_action(self.state), -1, 1)

    def render(self):
        return self.simulator.render()[::-1] if OPTIONS.camera == "corner2" else \
            self.simulator.render()


TASK = Task(f"{OPTIONS.task}-v3")
gato_environment.Server(
    TASK, f"metaworld/{OPTIONS.task}", "metaworld", expert=TASK.expert,
    max_steps=TASK.simulator.max_path_length,
    settings={"frame_skip": TASK.simulator.frame_skip},
    packages=("metaworld", "mujoco", "numpy")).serve()
