#!/usr/bin/env python3
"""Converts an RLDS dataset, which TFDS stores in TFRecord files, to a Minari dataset.

The input is the directory of a version, with dataset_info.json, features.json and the TFRecord
files. TensorFlow is not needed. --observation adds other keys of a step to the observation:

  rlds.py --split train tensorflow_datasets/d4rl_mujoco_hopper/v2-expert/1.2.0 hopper
  rlds.py --observation language_instruction --last-step keep bridge/0.1.0 bridge
"""
import itertools
import re
import zlib

import conversion
from errors import BadInputError, UsageError

STEP_KEYS = {"observation", "action", "reward", "discount", "is_first", "is_last", "is_terminal"}


def check_count(value, where):
    """Checks that a value is an integer or the text of one."""
    conversion.check_json(value, (int, str), where)
    try:
        int(value)
    except ValueError:
        raise BadInputError(f"{where}: expected an integer, not {value!r}") from None


# What is read of dataset_info.json and, at any depth, of features.json.
INFO = {"name": str, "configName": str, "fileFormat": str,
        "splits": [{"!name": str, "shardLengths": [check_count]}]}
DETAIL = {"dtype": str, "encoding": str, "!shape": {"dimensions": [check_count]}}
FEATURE = {"pythonClassName": str, "tensor": DETAIL, "image": DETAIL,
           "classLabel": {"numClasses": check_count}}
FEATURE |= {"featuresDict": {"features": {"*": FEATURE}}, "sequence": {"!feature": FEATURE}}


def load_json(path, shape):
    return conversion.load_json(
        path, f"{path.parent}: there is no {path.name}: the input must be the directory of a "
              "version of a TFDS dataset, such as NAME/1.0.0", shape)


class Feature:
    """A leaf of features.json, which describes how a key of all steps is stored."""

    def __init__(self, key, description):
        """Sets `kind` to tensor, text or image, or to None if the feature is not supported."""
        self.key, self.type = key, description.get("pythonClassName", "?").rpartition(".")[2]
        self.kind, self.dtype, self.shape, self.encoding = None, None, (), "none"
        self.classes = None
        for kind in ("tensor", "image"):
            if kind in description:
                detail = description[kind]
                self.kind, self.dtype = kind, detail.get("dtype")
                self.encoding = detail.get("encoding", "none")
                self.shape = tuple(int(d) for d in detail["shape"].get("dimensions", []))
        if "text" in description or self.dtype == "string":
            self.kind = "text"
        if "classLabel" in description:
            self.kind, self.dtype = "tensor", "int64"
            self.classes = int(description["classLabel"].get("numClasses", 0)) or None
        if self.kind == "image" and self.dtype not in (None, "uint8"):
            self.kind = None
        if self.kind == "tensor" and (self.dtype == "bfloat16" or -1 in self.shape):
            self.kind = None

    def values(self, stored, label):
        """Returns the values of parse_example as one row per step. Raises ValueError if they are
        not of this feature's kind."""
        if stored is None:
            raise ValueError("there are no values")
        if self.kind in ("text", "image") or self.encoding != "none":
            if not isinstance(stored, list):
                raise ValueError("expected bytes, not numbers")
            return self._from_bytes(stored, label)
        if isinstance(stored, list):
            raise ValueError("expected numbers, not bytes")
        return self._shaped(stored.view("uint64") if self.dtype == "uint64" else stored)

    def _shaped(self, values):
        import numpy as np
        size = int(np.prod(self.shape))
        if size == 0 or len(values) % size:
            raise ValueError(f"{len(values)} numbers cannot have the shape {self.shape}")
        return values.astype(self.dtype, copy=False).reshape(-1, *self.shape)

    def _from_bytes(self, stored, label):
        import numpy as np
        from images import decoded_frames
        from minari_writer import Frames
        if self.kind == "text":
            return [value.decode() for value in stored]
        if self.kind == "image":
            shape, frames = decoded_frames(stored, f"{label}: {self.key}")
            return Frames(len(stored), shape, frames)
        if self.encoding == "zlib":
            stored = [zlib.decompress(value) for value in stored]
        dtype = np.dtype(self.dtype).newbyteorder("<")
        return self._shaped(np.frombuffer(b"".join(stored), dtype))


def leaves(description, path=""):
    """Returns the features of a description by path."""
    if "featuresDict" not in description:
        return {path: Feature(path, description)}
    found = {}
    for key, child in description["featuresDict"].get("features", {}).items():
        found |= leaves(child, f"{path}/{key}" if path else key)
    return found


def without_last(values, rows):
    """Returns the first `rows` rows."""
    from minari_writer import Frames
    if isinstance(values, Frames):
        return Frames(rows, values.shape[1:], itertools.islice(values.frames, rows))
    return values[:rows]


class Rlds:
    spaces, metadata = None, {}

    def __init__(self, options):
        self.folder = options.inputs[0]
        info = load_json(self.folder / "dataset_info.json", INFO)
        self.name = info.get("name", self.folder.name)
        self.task, self.domain = self.name, self.name
        self.agent = conversion.first_of(info.get("configName"), self.name)
        self.keeps_last = options.last_step == "keep"
        if (file_format := info.get("fileFormat", "tfrecord")) != "tfrecord":
            raise BadInputError(f"{self.folder}: the files are {file_format}, not tfrecord: "
                                'prepare the dataset with file_format="tfrecord"')
        self._choose_split(info, options.split)
        self._choose_features(options)
        self.last_rewards = 0

    def _choose_split(self, info, wanted):
        splits = {split["name"]: split for split in info.get("splits", [])}
        if wanted is None and len(splits) == 1:
            wanted = next(iter(splits))
        if wanted not in splits:
            raise UsageError(f"{self.folder} has the splits {', '.join(splits) or 'none'}: "
                             "choose one with --split")
        lengths = [int(length) for length in splits[wanted].get("shardLengths", [])]
        shards = {}
        for path in self.folder.glob(f"*-{wanted}.tfrecord-*-of-*"):
            if found := re.search(r"-(\d+)-of-(\d+)$", path.name):
                shards[int(found[1])] = path
        if not shards:
            raise BadInputError(f"{self.folder}: there are no files *-{wanted}.tfrecord-*-of-*")
        if missing := set(range(len(lengths))) - set(shards):
            raise BadInputError(f"{self.folder}: shard {min(missing)} of {len(lengths)} of the "
                                f"split {wanted} is missing")
        self.inputs = [shards[number] for number in sorted(shards)]
        self.lengths = lengths or [None] * len(shards)

    def _choose_features(self, options):
        path = self.folder / "features.json"
        found = load_json(path, FEATURE).get("featuresDict", {}).get("features")
        if found is None or "sequence" not in found.get("steps", {}):
            raise BadInputError(f"{path}: not an RLDS dataset: there is no dataset `steps`")
        self.features = leaves(found["steps"]["sequence"]["feature"])
        self.observations = self._below("observation")
        for key in options.observation:
            added = self._below(key)
            if not added:
                raise UsageError(f"--observation {key}: there is no such key in a step (there are "
                                 f"{', '.join(sorted(self.features))})")
            self.observations = {path or "observation": k for path, k in self.observations.items()}
            self.observations |= {f"{key}/{path}".rstrip("/"): k for path, k in added.items()}
        self.actions = self._below("action")
        for key in options.exclude:
            chosen = [path for kind in (self.observations, self.actions)
                      for path, k in kind.items() if k == key or k.startswith(key + "/")]
            if not chosen:
                raise UsageError(f"--exclude {key}: no such key is converted")
            self.observations = {p: k for p, k in self.observations.items() if p not in chosen}
            self.actions = {p: k for p, k in self.actions.items() if p not in chosen}
        if not self.observations or not self.actions or "is_last" not in self.features:
            raise BadInputError(f"{path}: observation, action and is_last are required, but "
                                f"steps have {', '.join(sorted(self.features))}")
        self._add_class_bounds(options)
        used = {*self.observations.values(), *self.actions.values()}
        for key in used:
            if self.features[key].kind is None:
                raise BadInputError(f"{path}: {key} is not supported: {self.features[key].type} of "
                                    f"{self.features[key].dtype} {self.features[key].shape}; "
                                    f"--exclude {key} leaves it out")
        self.columns = used | {key for key in ("reward", "is_terminal") if key in self.features}
        self.left_out = sorted(set(self.features) - used - (STEP_KEYS - {"observation", "action"}))
        self.left_out += sorted(f"{key} (of episodes)" for key in found if key != "steps")

    def _add_class_bounds(self, options):
        """Adds the bounds of ClassLabels, which declare their number of values."""
        given = {text.rpartition("=")[0] for text in options.bounds}
        for bare, chosen in (("observation", self.observations), ("action", self.actions)):
            for path, key in chosen.items():
                classes = self.features[key].classes
                if classes and (path or bare) not in given:
                    options.bounds.append(f"{path or bare}=0,{classes - 1}")

    def _below(self, key):
        """Returns the keys of the features of `key`, by their path relative to it."""
        return {path[len(key) + 1:]: path for path in self.features
                if path == key or path.startswith(key + "/")}

    def records(self):
        import tf_record
        for path, length in zip(self.inputs, self.lengths):
            number = -1
            for number, data in enumerate(tf_record.records(path)):
                label = f"{path}: record {number}"
                yield label, lambda data=data, label=label: self.episode(data, label)
            if length is not None and number + 1 != length:
                raise BadInputError(f"{path}: {number + 1} records, but dataset_info.json says "
                                    f"{length}")

    def episode(self, data, label):
        import numpy as np
        import tf_record
        from minari_writer import Episode
        try:
            example = tf_record.parse_example(data)
        except ValueError as error:
            raise BadInputError(f"{label}: {error}") from None

        def values(key):
            name = f"steps/{key}"
            if name not in example:
                raise BadInputError(f"{label}: there is no {name}")
            try:
                return self.features[key].values(example[name], label)
            except (ValueError, TypeError, zlib.error) as error:
                raise BadInputError(f"{label}: {name}: {error}") from None

        is_last = values("is_last")
        rows = len(is_last)
        if is_last[:-1].any():
            raise BadInputError(f"{label}: is_last is true at step "
                                f"{int(is_last.argmax())} of {rows}")
        is_complete = bool(rows and is_last[-1])
        # In RLDS, only the observation of the row with is_last is valid.
        steps = rows - 1 if is_complete and not self.keeps_last else rows
        columns = {key: values(key) for key in self.columns}
        for key, column in columns.items():
            if len(column) != rows:
                raise BadInputError(f"{label}: steps/{key} has {len(column)} rows, but "
                                    f"steps/is_last has {rows}")
        rewards = columns.get("reward")
        if rewards is not None and steps < rows and rewards[-1] != 0:
            self.last_rewards += 1
        episode = Episode(
            {path: columns[key] for path, key in self.observations.items()},
            {path: without_last(columns[key], steps) for path, key in self.actions.items()},
            None if rewards is None else rewards[:steps])
        if "is_terminal" in columns and is_complete and steps:
            last = np.arange(steps) == steps - 1
            is_terminal = bool(columns["is_terminal"][-1])
            episode.terminations = last & is_terminal
            episode.truncations = last & (not is_terminal)
        return episode

    def notes(self):
        if self.left_out:
            yield (f"ignored: {', '.join(self.left_out)} (--observation KEY adds a key of a step "
                   "to the observation)")
        if "reward" not in self.features:
            yield "there are no rewards; zeros were written"
        if self.last_rewards:
            yield (f"{self.last_rewards} episodes have a reward in their last row, where RLDS "
                   "does not define it; if the last row is a complete step, as in Open "
                   "X-Embodiment, convert with --last-step keep")


def main():
    parser = conversion.argument_parser(
        __doc__, "directory with dataset_info.json, features.json and TFRecord files",
        many_inputs=False)
    conversion.add_space_options(parser)
    parser.add_argument("--split", metavar="NAME",
                        help="the split to convert; required if there are several")
    parser.add_argument("--observation", metavar="KEY", action="append", default=[],
                        help="add this key of a step, such as language_instruction, to the "
                             "observation")
    parser.add_argument("--exclude", metavar="KEY", action="append", default=[],
                        help="exclude this key of a step, such as observation/depth, or this "
                             "group of keys")
    parser.add_argument("--last-step", choices=("drop", "keep"), default="drop",
                        help="drop: the last row contains only the final observation, as RLDS "
                             "defines it (default); keep: it is a complete step")
    conversion.main(parser, Rlds)


if __name__ == "__main__":
    main()
