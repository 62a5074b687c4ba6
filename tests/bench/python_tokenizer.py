"""A straightforward tokenizer of Minari episodes with h5py and numpy, for comparison with
`gato-tokenize episodes`. It gives the same tokens in the same order, for spaces without
text that are either a flat Dict or not a Dict.

    python3 tests/bench/python_tokenizer.py MAIN_DATA.HDF5 OUTPUT.NPZ TEXT_SIZE
"""

import json
import pathlib
import sys

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "reference"))
from tokenize_reference import BINS, bin_of, compand  # noqa: E402

TEXT, PATCH, DISCRETE, CONTINUOUS, SEPARATOR, DISCRETE_ACTION, \
    CONTINUOUS_ACTION = 1, 2, 3, 4, 5, 6, 7


class Tokenizer:
    def __init__(self, text_size):
        self.text_size = text_size
        self.separator = text_size + 2 * BINS  # discrete values have separate tokens
        self.tokens, self.modality, self.steps = [], [], [0]
        self.patches, self.rows = {}, []

    def add(self, ids, modality):
        ids = np.asarray(ids).reshape(-1).tolist()
        self.tokens += ids
        self.modality += [modality] * len(ids)

    def add_image(self, image):
        height, width = image.shape[:2]
        padded = np.pad(image, ((0, -height % 16), (0, -width % 16), (0, 0)))
        for y in range(0, padded.shape[0], 16):
            for x in range(0, padded.shape[1], 16):
                patch = padded[y:y + 16, x:x + 16].tobytes()
                if patch not in self.patches:
                    self.patches[patch] = len(self.patches)
                self.add([-1 - self.patches[patch]], PATCH)

    def add_continuous(self, values, modality, bounds=None):
        x = np.asarray(values, np.float64)
        if np.isnan(x).any():
            raise ValueError("nan")
        y = compand(x)
        if bounds is not None:
            low, high = bounds
            y = (x - low) / (high - low) * 2 - 1
        self.add(self.text_size + bin_of(y), modality)

    def add_step(self, images, discrete, continuous, actions):
        for image in images:
            self.add_image(image)
        for values, start in discrete:
            self.add(self.text_size + BINS + values - start, DISCRETE)
        for values in continuous:
            self.add_continuous(values, CONTINUOUS)
        self.add([self.separator], SEPARATOR)
        for values, space in actions:
            if space["type"] == "Discrete":
                self.add(self.text_size + BINS + values - space.get("start", 0),
                         DISCRETE_ACTION)
            else:
                bounds = np.asarray(space["low"]), np.asarray(space["high"])
                self.add_continuous(values, CONTINUOUS_ACTION, bounds)
        self.steps.append(len(self.tokens))


def role_of(space):
    if space["type"] == "Discrete":
        return "discrete"
    return "image" if space["dtype"] == "uint8" else "continuous"


def leaves(space):
    """Returns (key, space) in the order of the keys. The key is None unless it is a Dict."""
    if space["type"] == "Dict":
        return sorted(space["subspaces"].items())
    return [(None, space)]


def main():
    path, output, text_size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    tokenizer = Tokenizer(text_size)
    with h5py.File(path) as file:
        metadata = json.loads(
            (pathlib.Path(path).parent / "metadata.json").read_text())
        spaces = {name: leaves(json.loads(metadata[f"{name}_space"]))
                  for name in ("observation", "action")}
        names = sorted(file, key=lambda name: int(name.split("_")[1]))
        for name in names:
            episode = file[name]

            def columns(kind):
                group = episode[f"{kind}s"]
                return [(group[key][:] if key else group[:], space)
                        for key, space in spaces[kind]]

            observation, action = columns("observation"), columns("action")
            for t in range(len(episode["rewards"])):
                values_by_role = {"image": [], "discrete": [], "continuous": []}
                for values, space in observation:
                    role = role_of(space)
                    values_by_role[role].append(
                        (values[t], space.get("start", 0))
                        if role == "discrete" else values[t])
                tokenizer.add_step(*values_by_role.values(),
                                   [(values[t], space)
                                    for values, space in action])
    np.savez(output, tokens=np.asarray(tokenizer.tokens, np.int32),
             modality=np.asarray(tokenizer.modality, np.uint8),
             steps=np.asarray(tokenizer.steps, np.int64),
             patches=np.frombuffer(b"".join(tokenizer.patches), np.uint8))


if __name__ == "__main__":
    main()
