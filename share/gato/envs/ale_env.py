#!/usr/bin/env python3
"""Serves an Atari game to gato-rollout, which finds it by name:

  gato-rollout control --check-env --env ale/Pong

The names are those of ale-py without its prefix and version: ale/Pong is
ALE/Pong-v5, and the defaults are those of version 5. The wheel of ale-py contains
the games. Pong, Freeway and Breakout have experts, for a frame skip of 4.
"""
import re
import sys

import gato_environment

OPTIONS = gato_environment.parse_arguments(__doc__, [
    ("frame-skip", 4, "frames per step"),
    ("stickiness", 0.25, "probability that a frame repeats the action of the previous frame"),
    ("resize", "", "resize the image to HEIGHTxWIDTH, by the mean of the pixels"),
    ("gray", False, "observe a grayscale image"),
    ("all-actions", False, "18 actions in every game, instead of those that it uses")])

import ale_py  # noqa: E402
import gymnasium  # noqa: E402
import numpy as np  # noqa: E402
from gymnasium import spaces  # noqa: E402
from PIL import Image  # noqa: E402

import ale_experts  # noqa: E402

MAX_FRAMES = 108000  # half an hour of play


class Game:
    def __init__(self, task, size):
        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
        self.console = gymnasium.make(
            f"ALE/{task}-v5", frameskip=OPTIONS.frame_skip,
            repeat_action_probability=OPTIONS.stickiness, full_action_space=OPTIONS.all_actions,
            obs_type="grayscale" if OPTIONS.gray else "rgb",
            max_num_frames_per_episode=MAX_FRAMES, render_mode="rgb_array",
            disable_env_checker=True).unwrapped
        self.size = size or self.console.observation_space.shape[:2]
        channels = () if OPTIONS.gray else (3,)
        self.observation_space = spaces.Box(0, 255, (*self.size, *channels), np.uint8)
        self.action_space = self.console.action_space
        self.render_mode, self.render = "rgb_array", self.console.render
        self.make_expert = ale_experts.EXPERTS.get(task)
        self.heuristic = self.choice = None

    def observe(self, image):
        if self.size == image.shape[:2]:
            return image
        return np.asarray(Image.fromarray(image).resize(self.size[::-1], Image.Resampling.BOX))

    def reset(self, *, seed):
        image, info = self.console.reset(seed=seed)
        self.choice = None
        self.heuristic = self.make_expert() if self.make_expert else None
        return self.observe(image), info

    def step(self, action):
        image, reward, terminated, truncated, info = self.console.step(action)
        self.choice = None
        return self.observe(image), reward, terminated, truncated, info

    def expert(self):
        if self.choice is None:  # it must see every step once
            meaning = self.heuristic.act(self.console.ale.getRAM())
            self.choice = self.console.get_action_meanings().index(meaning)
        return self.choice


def main():
    size = re.fullmatch(r"(?:([1-9]\d*)x([1-9]\d*))?", OPTIONS.resize)
    if not size:
        sys.exit(f"ale_env.py: error: --resize {OPTIONS.resize}: expected HEIGHTxWIDTH, as in 84x84")
    game = Game(OPTIONS.task, tuple(map(int, size.groups())) if size.group(1) else None)
    has_expert = game.make_expert and OPTIONS.frame_skip == 4
    gato_environment.Server(
        game, f"ale/{OPTIONS.task}", "ale", expert=game.expert if has_expert else None,
        max_steps=MAX_FRAMES // OPTIONS.frame_skip,
        settings={"frame_skip": OPTIONS.frame_skip, "stickiness": OPTIONS.stickiness},
        packages=("ale-py", "gymnasium", "pillow")).serve()


main()
