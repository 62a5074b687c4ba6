#!/usr/bin/env python3
"""Serves a task of dm_control's suite to gato-rollout, which finds it by name:

  gato-rollout control --check-env --env dmc/cartpole-swingup

The name is the domain and the task of the suite. The agent observes the state or,
with --pixels, only an image. The experts plan by simulation; see dmc_expert.py.
"""
import re
import sys

import gato_environment

OPTIONS = gato_environment.parse_arguments(__doc__, [
    ("pixels", "", "observe an image of this size, HEIGHTxWIDTH, instead of the state"),
    ("camera", 0, "number of the camera for images and the video")])
CAN_RENDER = gato_environment.prepare_mujoco()

import numpy as np  # noqa: E402
from dm_control import suite  # noqa: E402
from gymnasium import spaces  # noqa: E402

import dmc_expert  # noqa: E402

VIDEO_SIZE = 240, 320


class Task:
    def __init__(self, domain, task, image_size):
        self.simulator = suite.load(domain, task, task_kwargs={"random": 0})
        self.image_size, self.planner = image_size, None
        self.observation_space = spaces.Dict({
            name: spaces.Box(-np.inf, np.inf, spec.shape, np.float64)
            for name, spec in self.simulator.observation_spec().items()})
        if image_size:
            self.observation_space = spaces.Box(0, 255, (*image_size, 3), np.uint8)
        action = self.simulator.action_spec()
        self.action_space = spaces.Box(np.broadcast_to(action.minimum, action.shape),
                                       np.broadcast_to(action.maximum, action.shape),
                                       action.shape, np.float64)
        self.render_mode = "rgb_array" if CAN_RENDER else None
        if f"{domain}-{task}" in dmc_expert.PLANS:
            self.planner = dmc_expert.Planner(self.simulator, domain, task)

    def observe(self, timestep):
        return self.image(*self.image_size) if self.image_size else timestep.observation

    def image(self, height, width):
        return self.simulator.physics.render(height, width, camera_id=OPTIONS.camera)

    def reset(self, *, seed):
        self.simulator.task.random.seed(seed)
        timestep = self.simulator.reset()
        if self.planner:
            self.planner.reset(seed)
        return self.observe(timestep), {}

    def step(self, action):
        timestep = self.simulator.step(action)
        if self.planner:
            self.planner.advance()
        terminated = timestep.last() and timestep.discount == 0
        return (self.observe(timestep), timestep.reward, terminated,
                timestep.last() and not terminated, {})

    def render(self):
        return self.image(*VIDEO_SIZE)


def max_steps(simulator):
    return int(simulator._step_limit) if np.isfinite(simulator._step_limit) else 0


def main():
    size = re.fullmatch(r"(?:([1-9]\d*)x([1-9]\d*))?", OPTIONS.pixels)
    if not size:
        sys.exit(f"dmc_env.py: error: --pixels {OPTIONS.pixels}: expected HEIGHTxWIDTH, as in 84x84")
    image_size = tuple(map(int, size.groups())) if size.group(1) else None
    if image_size and not CAN_RENDER:
        sys.exit("dmc_env.py: error: --pixels needs EGL: apt-get install libegl1 libegl-mesa0 "
                 "libgl1-mesa-dri")
    task = Task(*OPTIONS.task.split("-", 1), image_size)
    gato_environment.Server(
        task, f"dmc/{OPTIONS.task}", "dmc", expert=task.planner and task.planner.action,
        max_steps=max_steps(task.simulator),
        settings={"frame_skip": task.simulator._n_sub_steps},
        packages=("dm_control", "mujoco", "numpy")).serve()


main()
