"""What the samples in tests/samples/convert hold, by formulas: the script that makes the samples
writes these episodes, and the check of the converters compares with them."""
import dataclasses

import numpy as np


@dataclasses.dataclass
class Episode:
    """Values by path, as gato-tokenize names them. `observations` have `steps` rows, or one
    more where the format keeps the last one."""
    observations: dict
    actions: dict
    rewards: np.ndarray
    terminated: bool = False
    truncated: bool = False
    success: bool | None = None


@dataclasses.dataclass
class Sample:
    converter: str
    inputs: list  # below tests/samples/convert
    arguments: list
    episodes: list
    task: str
    spaces: dict  # space JSON by path, or parts of it
    lossy: tuple = ()  # observations that a codec has changed
    needs: tuple = ()  # Python modules


def picture(number, step, shape):
    """Smooth, so that codecs keep it; at most 255 in a picture of 48 x 64."""
    rows, columns, channels = np.indices(shape)
    return (rows + columns + 20 * channels + 12 * number + 4 * step).astype(np.uint8)


def pictures(number, rows, shape):
    return np.stack([picture(number, step, shape) for step in range(rows)])


def numbers(number, rows, width, dtype=np.float32):
    """In [-1, 1], all different."""
    return np.sin(0.7 * np.arange(rows * width) + number).reshape(rows, width).astype(dtype)


def counts(number, rows, n):
    return (np.arange(rows) * 5 + number) % n


def rewards(number, steps):
    return (np.arange(steps) * 0.5 - number).astype(np.float32)


JAT_ATARI_LENGTHS = (3, 1, 4)
JAT_ATARI = [Episode({"observation": pictures(i, steps, (32, 40, 4))},
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
    """Of 2.1 with images in the tables and outcomes, of 2.0 and 3.0 with videos and neither."""
    episodes = []
    for i, steps in enumerate((4, 3, 5)):
        observations = {"state": 90 * numbers(i, steps, 3),
                        "task": [("pick up the cube", "put it down")[i % 2]] * steps}
        if version == "v2.1":
            observations |= {"images.top": pictures(i, steps, (24, 32, 3)),
                             "gripper": numbers(i + 5, steps, 1)}
            episodes.append(Episode(observations, {"action": 90 * numbers(i + 9, steps, 2)},
                                    rewards(i, steps), terminated=True, success=i == 1))
        else:
            observations["images.top"] = pictures(i, steps, (48, 64, 3))
            episodes.append(Episode(observations, {"action": 90 * numbers(i + 9, steps, 2)},
                                    np.zeros(steps)))
    return episodes


LEROBOT_20, LEROBOT_21, LEROBOT_30 = map(lerobot, ("v2.0", "v2.1", "v3.0"))

RLDS_ROWS = (4, 1, 6)  # of them the last is an observation alone; the second has no step


def rlds_rows(i):
    """All rows of an episode; the values of the last action and reward are filler."""
    rows = RLDS_ROWS[i]
    return Episode(
        {"observation/image": pictures(i, rows, (16, 24, 3)),
         "observation/state/joints": numbers(i, rows, 4),
         "observation/state/ticks": counts(i, rows, 2000) - 3,
         "observation/depth": pictures(i, rows, (6, 5, 1))[..., 0].astype(np.uint16),
         "language_instruction": ["pick up the block"] * rows},
        {"action/gripper": counts(i, rows, 3), "action/world_vector": numbers(i + 9, rows, 3),
         "action/is_open": counts(i, rows, 2).astype(bool)},
        rewards(i, rows), terminated=i == 0, truncated=i == 2)


def rlds(keep_last):
    """As converted with language_instruction in the observation."""
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


MINARI = [Episode({"camera": pictures(i, steps + 1, (32, 48, 3)),
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
         # No action takes the fourth value: the ClassLabel says that there is one.
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
