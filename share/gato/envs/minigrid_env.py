#!/usr/bin/env python3
"""Serves a MiniGrid or BabyAI level to gato-rollout:

  gato-rollout control --check-env --env-command \\
    'venv/bin/python minigrid_env.py --task BabyAI-GoToLocal-v0'

venv/bin/python is a Python interpreter with minigrid 3.2
(pip install minigrid==3.2.0).

The agent observes the mission, its direction, and the 7 x 7 cells in front of
it: three numbers per cell (object, color, state) or, with --tile, an image. The
expert of BabyAI levels is BabyAIBot. It solves all levels except KeyInBox and
PutNext...Carrying.
"""
import argparse
import signal


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", required=True, metavar="LEVEL",
                        help="level, such as BabyAI-GoToLocal-v0 or MiniGrid-DoorKey-5x5-v0")
    parser.add_argument("--tile", type=int, default=0, metavar="N",
                        help="observe an image with N x N pixels per cell; gato-tokenize treats "
                             "it as an image if N is at least 3")
    parser.add_argument("--render", action="store_true",
                        help="render images of the entire level, for gato-rollout control --video")
    return parser, parser.parse_args()


if __name__ == "__main__":
    # Parsed before the imports, so that --help needs none of the modules.
    PARSER, OPTIONS = parse_arguments()

import gato_environment  # noqa: E402

import gymnasium  # noqa: E402
import minigrid  # noqa: E402, F401
from gymnasium import spaces  # noqa: E402
from minigrid.envs.babyai.core.roomgrid_level import RoomGridLevel  # noqa: E402
from minigrid.minigrid_env import MiniGridEnv  # noqa: E402
from minigrid.utils.baby_ai_bot import BabyAIBot, DisappearedBoxError  # noqa: E402
from minigrid.wrappers import RGBImgPartialObsWrapper  # noqa: E402

REPLAN_TIMEOUT = 5  # seconds; in some states the bot would replan forever


class Level:
    """A level whose mission is a Text space, with "success" in the info and the bot as expert.

    The bot must see every action that is taken. `proposal` is its plan for the current step if
    expert() was called; `last_action` is the action that it has not seen yet.
    """

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
            self.bot = None  # it missed a step, so the next call of expert() makes a new one
        self.proposal, self.last_action = None, action
        observation, reward, terminated, truncated, info = self.environment.step(action)
        return observation, reward, terminated, truncated, info | {"success": float(reward > 0)}

    def expert(self):
        if self.bot is None:
            self.bot, self.last_action = BabyAIBot(self.environment.unwrapped), None
        if self.proposal is None:
            signal.alarm(REPLAN_TIMEOUT)
            try:
                self.proposal = int(self.replan())
            except AssertionError as error:
                raise RuntimeError(f"the bot has no plan ({error})") from error
            finally:
                signal.alarm(0)
        return self.proposal

    def replan(self):
        try:
            return self.bot.replan(self.last_action)
        except DisappearedBoxError:
            # The last action opened a box: continue with a new bot.
            self.bot = BabyAIBot(self.environment.unwrapped)
            return self.bot.replan(None)


def give_up_replanning(*_):
    raise TimeoutError(f"the bot found no plan within {REPLAN_TIMEOUT} s")


def main(parser, options):
    signal.signal(signal.SIGALRM, give_up_replanning)
    try:
        environment = gymnasium.make(options.task,
                                     render_mode="rgb_array" if options.render else None)
    except gymnasium.error.Error as error:
        parser.error(error)
    if not isinstance(environment.unwrapped, MiniGridEnv):
        parser.error(f"{options.task} is not a MiniGrid level; use gymnasium_env.py")
    if options.tile:
        environment = RGBImgPartialObsWrapper(environment, tile_size=options.tile)
    level = Level(environment)
    has_bot = isinstance(environment.unwrapped, RoomGridLevel)
    gato_environment.Server(level, options.task, "babyai" if has_bot else "minigrid",
                            expert=level.expert if has_bot else None).serve()


if __name__ == "__main__":
    main(PARSER, OPTIONS)
