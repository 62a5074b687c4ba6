#!/usr/bin/env python3
"""MiniGrid and BabyAI levels: minigrid_env.py --task BabyAI-GoToRedBallGrey-v0.

Observation: the mission, the agent's direction and what it sees, 7 x 7 cells:
each three numbers (object, colour, state), or with --tile N a picture with
N x N pixels a cell. BabyAI levels have BabyAIBot as their expert.
"""
import gato_environment

import argparse  # noqa: E402
import signal  # noqa: E402

import gymnasium  # noqa: E402
import minigrid  # noqa: E402, F401
from gymnasium import spaces  # noqa: E402
from minigrid.envs.babyai.core.roomgrid_level import RoomGridLevel  # noqa: E402
from minigrid.utils.baby_ai_bot import BabyAIBot  # noqa: E402
from minigrid.wrappers import RGBImgPartialObsWrapper  # noqa: E402

REPLAN_SECONDS = 5  # in some positions the bot would replan forever


class Level:
    """A level whose mission is a Text, with success told and the bot at hand."""

    def __init__(self, environment):
        self.environment = environment
        inner = environment.observation_space.spaces
        self.observation_space = spaces.Dict({
            "direction": inner["direction"], "image": inner["image"],
            "mission": spaces.Text(max_length=512)})
        self.action_space = environment.action_space
        self.render_mode, self.render = environment.render_mode, environment.render
        self.bot = self.proposal = self.last_action = None

    def reset(self, *, seed):
        self.bot = self.proposal = self.last_action = None
        return self.environment.reset(seed=seed)

    def step(self, action):
        if self.proposal is None:
            self.bot = None  # it must see every step; the next one asked starts afresh
        self.proposal, self.last_action = None, action
        observation, reward, terminated, truncated, info = self.environment.step(action)
        return observation, reward, terminated, truncated, info | {"success": float(reward > 0)}

    def expert(self):
        if self.bot is None:
            self.bot, self.last_action = BabyAIBot(self.environment.unwrapped), None
        if self.proposal is None:
            signal.alarm(REPLAN_SECONDS)
            try:
                self.proposal = int(self.bot.replan(self.last_action))
            finally:
                signal.alarm(0)
        return self.proposal


def give_up_replanning(*_):
    raise TimeoutError(f"the bot found no plan within {REPLAN_SECONDS} s")


def main():
    parser = argparse.ArgumentParser(description="MiniGrid and BabyAI levels.")
    parser.add_argument("--task", required=True, help="level, e.g. BabyAI-GoToLocal-v0")
    parser.add_argument("--tile", type=int, default=0, metavar="N",
                        help="show the view as a picture with N x N pixels a cell")
    parser.add_argument("--render", action="store_true", help="make pictures for --video")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, give_up_replanning)
    environment = gymnasium.make(options.task, render_mode="rgb_array" if options.render else None)
    if options.tile:
        environment = RGBImgPartialObsWrapper(environment, tile_size=options.tile)
    level = Level(environment)
    has_bot = isinstance(environment.unwrapped, RoomGridLevel)
    gato_environment.Server(level, options.task, "babyai" if has_bot else "minigrid",
                            expert=level.expert if has_bot else None).serve()


if __name__ == "__main__":
    main()
