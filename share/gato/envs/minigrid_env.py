#!/usr/bin/env python3
"""Serves a MiniGrid or BabyAI level to gato-rollout, which finds it by name:

  gato-rollout control --check-env --env babyai/GoToLocal

A level may also be given by its ID, --task BabyAI-GoToLocal-v0. The agent observes
the mission, its direction, and the 7 x 7 cells in front of it: three numbers per cell
(object, color, state) or, with --tile, an image. The expert of BabyAI levels is
BabyAIBot; that of most MiniGrid levels is a planner that knows the entire grid. The bot
cannot solve KeyInBox, PutNext...Carrying and OpenDoorsOrder...Debug, so these have no
expert.
"""
import signal
import sys

import gato_environment

OPTIONS = gato_environment.parse_arguments(__doc__, [
    ("domain", "babyai", "babyai or minigrid"),
    ("tile", 0, "observe an image with this many pixels per side of a cell; gato-tokenize treats "
                "it as an image if there are at least 3")])

import gymnasium  # noqa: E402
import minigrid  # noqa: E402, F401
from gymnasium import spaces  # noqa: E402
from minigrid.envs.babyai.core.roomgrid_level import RoomGridLevel  # noqa: E402
from minigrid.utils.baby_ai_bot import BabyAIBot, DisappearedBoxError  # noqa: E402
from minigrid.wrappers import RGBImgPartialObsWrapper  # noqa: E402

from minigrid_planner import Planner  # noqa: E402

REPLAN_TIMEOUT = 5  # seconds; in some states the bot would replan forever
PREFIXES = {"babyai": "BabyAI-", "minigrid": "MiniGrid-"}
# Parts of the names of levels that the bot cannot solve.
WITHOUT_EXPERT = ("KeyInBox", "Carrying", "OpenDoorsOrderN2Debug", "OpenDoorsOrderN4Debug")


class Level:
    """A level whose mission is a Text space, with "success" in the info and the bot as expert.

    The bot must see every action that is taken. `proposal` is its plan for the current step if
    expert() was called; `last_action` is the action that it has not seen yet.
    """

    def __init__(self, environment):
        self.environment, self.planner = environment, Planner(environment.unwrapped)
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
            self.bot = None  # it missed a step, so the next call of expert() creates a new one
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
        except DisappearedBoxError:  # the last action opened a box: continue with a new bot
            self.bot = BabyAIBot(self.environment.unwrapped)
            return self.bot.replan(None)


def choose_expert(level, level_id):
    """Returns the expert of a level: the bot, the planner, or None."""
    inner = level.environment.unwrapped
    if isinstance(inner, RoomGridLevel):
        return None if any(part in level_id for part in WITHOUT_EXPERT) else level.expert
    level.reset(seed=0)
    return (lambda: int(level.planner.plan())) if level.planner.target() else None


def full_id(domain, task):
    """Returns the package's ID of a level, of its newest version, None if there is none."""
    names = {task, *(f"{PREFIXES[domain]}{task}-v{version}" for version in range(9))}
    return max(names & set(gymnasium.registry), default=None)


def main():
    def give_up(*_):
        raise TimeoutError(f"the bot found no plan within {REPLAN_TIMEOUT} s")

    signal.signal(signal.SIGALRM, give_up)
    level_id = full_id(OPTIONS.domain, OPTIONS.task)
    if level_id is None:
        sys.exit(f"minigrid_env.py: error: there is no level {OPTIONS.task} in {OPTIONS.domain}")
    environment = gymnasium.make(level_id, render_mode="rgb_array", disable_env_checker=True)
    if OPTIONS.tile:
        environment = RGBImgPartialObsWrapper(environment, tile_size=OPTIONS.tile)
    level = Level(environment)
    domain = "babyai" if level_id.startswith(PREFIXES["babyai"]) else "minigrid"
    gato_environment.Server(
        level, level_id, domain, expert=choose_expert(level, level_id),
        settings={"id": level_id, "tile": OPTIONS.tile}, packages=("minigrid",)).serve()


main()
