"""The episodes in tests/samples/convert, defined by formulas: make_converter_samples.py writes
them, and check_converters.py compares the converted datasets with them."""
import dataclasses
import math

import numpy as np


@dataclasses.dataclass
class Episode:
    """Values by path, as gato-tokenize names them. Observations have one row per step, plus one
    if the format stores the final observation."""
    observations: dict
    actions: dict
    rewards: np.ndarray
    terminated: bool = False
    truncated: bool = False
    success: bool | None = None


@dataclasses.dataclass
class Sample:
    converter: str
    inputs: list  # paths relative to tests/samples/convert
    arguments: list
    episodes: list
    task: str
    spaces: dict  # expected entries of the JSON spaces, by path
    lossy: tuple = ()  # observations that a lossy codec has changed
    needs: tuple = ()  # required Python modules


def image(number, step, shape):
    """Returns an image that is smooth, so that codecs preserve it, and at most 255 at 48 x 64."""
    rows, columns, channels = np.indices(shape)
    return (rows + columns + 20 * channels + 12 * number + 4 * step).astype(np.uint8)


def images(number, rows, shape):
    return np.stack([image(number, step, shape) for step in range(rows)])


def numbers(number, rows, width, dtype=np.float32):
    """Returns values in [-1, 1], all different. The last bit of numpy's own sine depends on its
    version and on the processor."""
    values = [math.sin(0.7 * i + number) for i in range(rows * width)]
    return np.array(values).reshape(rows, width).astype(dtype)


def counts(number, rows, n):
    return (np.arange(rows) * 5 + number) % n


def rewards(number, steps):
    return (np.arange(steps) * 0.5 - number).astype(np.float32)


JAT_ATARI_LENGTHS = (3, 1, 4)
JAT_ATARI = [Episode({"observation": images(i, steps, (32, 40, 4))},
                     {"action": counts(i, steps, 6)}, rewards(i, steps))
             for i, steps in enumerate(JAT_ATARI_LENGTHS)]

MISSIONS = ("go to the red ball", "öffne die blaue Tür")
JAT_BABYAI = [Episode({"text": [MISSIONS[i]] * steps,
                       "discrete": (np.arange(steps * 5).reshape(steps, 5) * 3 + i) % 11},
                      {"action": counts(i, steps, 7)}, rewards(i, steps))
              for i, steps in enumerate((4, 2))]

JAT_MUJOCO = [Episode({"observation": 20 * numbers(i, steps, 5)},
                      {"action": numbers(i + 9, steps, 2)}, rewards(i, steps))
              for i, steps in enumerate((5, 3))]


def lerobot(version):
    """Version 2.1 has images and outcomes in its tables; 2.0 and 3.0 have videos and no
    outcomes."""
    episodes = []
    for i, steps in enumerate((4, 3, 5)):
        observations = {"state": 90 * numbers(i, steps, 3),
                        "task": [("pick up the cube", "put it down")[i % 2]] * steps}
        if version == "v2.1":
            observations |= {"images.top": images(i, steps, (24, 32, 3)),
                             "gripper": numbers(i + 5, steps, 1)}
            episodes.append(Episode(observations, {"action": 90 * numbers(i + 9, steps, 2)},
                                    rewards(i, steps), terminated=True, success=i == 1))
        else:
            observations["images.top"] = images(i, steps, (48, 64, 3))
            episodes.append(Episode(observations, {"action": 90 * numbers(i + 9, steps, 2)},
                                    np.zeros(steps)))
    return episodes


LEROBOT_20, LEROBOT_21, LEROBOT_30 = map(lerobot, ("v2.0", "v2.1", "v3.0"))

RLDS_ROWS = (4, 1, 6)  # including the final observation: the second episode has no steps


def rlds_rows(i):
    """Returns all rows of an episode. The last action and reward are filler."""
    rows = RLDS_ROWS[i]
    return Episode(
        {"observation/image": images(i, rows, (16, 24, 3)),
         "observation/state/joints": numbers(i, rows, 4),
         "observation/state/ticks": counts(i, rows, 2000) - 3,
         "observation/depth": images(i, rows, (6, 5, 1))[..., 0].astype(np.uint16),
         "language_instruction": ["pick up the block"] * rows},
        {"action/gripper": counts(i, rows, 3), "action/world_vector": numbers(i + 9, rows, 3),
         "action/is_open": counts(i, rows, 2).astype(bool)},
        rewards(i, rows), terminated=i == 0, truncated=i == 2)


def rlds(keep_last):
    """Returns the episodes as converted with language_instruction in the observation."""
    episodes = []
    for i, rows in enumerate(RLDS_ROWS):
        stored, steps = rlds_rows(i), rows if keep_last else rows - 1
        if steps == 0:
            continue
        observations = {path.removeprefix("observation/"): value
                        for path, value in stored.observations.items()}
        terminated, truncated = (i == 0, i != 0) if keep_last else (
            stored.terminated, stored.truncated)
        episodes.append(Episode(
            observations, {path.removeprefix("action/"): value[:steps]
                           for path, value in stored.actions.items()},
            stored.rewards[:steps], terminated, truncated))
    return episodes


MINARI = [Episode({"camera": images(i, steps + 1, (32, 48, 3)),
                   "mission": [f"go to the größte {'wall' * step}" for step in range(steps + 1)],
                   "pair/_index_0": numbers(i, steps + 1, 2, np.float64),
                   "pair/_index_1": counts(i, steps + 1, 5) - 2,
                   "dials": np.stack([counts(i, steps + 1, 4), counts(i, steps + 1, 9) + 10], 1)},
                  {"force": 2 * numbers(i, steps, 2), "move": counts(i, steps, 3) + 1},
                  rewards(i, steps).astype(np.float64), terminated=i == 0, truncated=i == 1)
          for i, steps in enumerate((3, 2))]
MINARI_SEEDS = (7, 2**63 + 5)


SAMPLES = {
    "jat-atari": Sample(
        "jat.py", ["jat/atari-pong"], ["--split", "train"], JAT_ATARI, "atari-pong",
        {"observation": {"type": "Box", "dtype": "uint8", "shape": [32, 40, 4]},
         "action": {"type": "Discrete", "n": 6, "start": 0}}, needs=("pyarrow", "PIL")),
    "jat-babyai": Sample(
        "jat.py", ["jat/babyai-go-to"], ["--split", "train", "--bounds", "action=0,6"],
        JAT_BABYAI, "babyai-go-to",
        {"text": {"type": "Text", "max_length": 19},
         "discrete": {"type": "MultiDiscrete", "nvec": [11] * 5, "start": [0] * 5},
         "action": {"type": "Discrete", "n": 7}}, needs=("pyarrow",)),
    "jat-mujoco": Sample(
        "jat.py", ["jat/mujoco-ant/train-00000-of-00001.parquet"], ["--bounds", "action=-1,1"],
        JAT_MUJOCO, "mujoco-ant",
        {"observation": {"type": "Box", "low": [-np.inf] * 5},
         "action": {"type": "Box", "dtype": "float32", "low": [-1, -1], "high": [1, 1]}},
        needs=("pyarrow",)),
    "lerobot-v2.0": Sample(
        "lerobot.py", ["lerobot/v2.0"], ["--task", "stack"], LEROBOT_20, "stack",
        {"images.top": {"type": "Box", "shape": [48, 64, 3]}, "task": {"type": "Text"}},
        lossy=("images.top",), needs=("pyarrow", "av")),
    "lerobot-v2.1": Sample(
        "lerobot.py", ["lerobot/v2.1"], ["--task", "stack"], LEROBOT_21, "stack",
        {"images.top": {"type": "Box", "shape": [24, 32, 3], "high": np.full((24, 32, 3), 255)},
         "gripper": {"type": "Box", "shape": [1]}, "task": {"type": "Text"},
         "action": {"type": "Box", "low": [-np.inf] * 2}}, needs=("pyarrow", "PIL")),
    "lerobot-v3.0": Sample(
        "lerobot.py", ["lerobot/v3.0"], ["--task", "stack"], LEROBOT_30, "stack",
        {"images.top": {"type": "Box", "shape": [48, 64, 3]}, "task": {"type": "Text"}},
        lossy=("images.top",), needs=("pyarrow", "av")),
    "rlds": Sample(
        "rlds.py", ["rlds/blocks/1.0.0"],
        ["--split", "train", "--observation", "language_instruction"], rlds(False), "blocks",
        {"image": {"type": "Box", "dtype": "uint8", "shape": [16, 24, 3]},
         "state/ticks": {"type": "Discrete", "n": 28, "start": -3},
         # No action has the fourth value, but the ClassLabel declares it.
         "gripper": {"type": "Discrete", "n": 4}, "is_open": {"type": "Discrete", "n": 2},
         "depth": {"type": "MultiDiscrete"}}, needs=("PIL",)),
    "rlds-keep": Sample(
        "rlds.py", ["rlds/blocks/1.0.0"],
        ["--split", "train", "--observation", "language_instruction", "--last-step", "keep"],
        rlds(True), "blocks", {}, needs=("PIL",)),
    "minari-arrow": Sample(
        "minari_arrow.py", ["minari-arrow"], ["--task", "spaces"], MINARI, "spaces",
        {"pair/_index_1": {"type": "Discrete", "n": 5, "start": -2},
         "dials": {"type": "MultiDiscrete", "nvec": [4, 9], "start": [0, 10]},
         "force": {"type": "Box", "low": [-2, -2]}}, lossy=("camera",), needs=("pyarrow",)),
    "minari-parquet": Sample(
        "minari_arrow.py", ["minari-parquet"], ["--task", "spaces"], MINARI, "spaces", {},
        needs=("pyarrow",)),
}
