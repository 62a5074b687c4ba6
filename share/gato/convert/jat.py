#!/usr/bin/env python3
"""Converts control tasks of the JAT dataset to a Minari dataset.

JAT stores one episode per row in columns of sequences, as Parquet files or as the Arrow files that
datasets.Dataset.save_to_disk writes. Each task needs its own OUTPUT_DIR:

  jat.py jat-dataset/atari-pong pong
  jat.py --split train --bounds action=-1,1 jat-dataset/mujoco-ant ant
"""
import re

import conversion
from errors import BadInputError, UsageError

OBSERVATIONS = {"text_observations": "text", "image_observations": "image",
                "discrete_observations": "discrete", "continuous_observations": "continuous"}
ACTIONS = {"discrete_actions": "discrete", "continuous_actions": "continuous"}
SUFFIXES = (".parquet", ".arrow")


def split_of(path):
    """Returns the split of a file: "train" for train-00000-of-00002.parquet, or the directory of
    an Arrow file."""
    shard = re.fullmatch(r"(.+)-\d+-of-\d+", path.stem)
    name = shard[1] if shard else path.stem
    return path.parent.name if path.suffix == ".arrow" and name == "data" else name


def data_files(inputs, split):
    """Returns the files of the inputs, files or directories, that belong to `split`."""
    files = []
    for path in inputs:
        found = [path] if path.is_file() else sorted(
            file for file in path.rglob("*") if file.suffix in SUFFIXES)
        if not found or found[0].suffix not in SUFFIXES:
            raise BadInputError(f"{path}: there is no Parquet or Arrow file")
        if path.is_dir() and split:
            found = [file for file in found if split_of(file) == split]
            if not found:
                raise UsageError(f"--split {split}: there is no such split in {path}")
        elif len(splits := sorted({split_of(file) for file in found})) > 1:
            raise UsageError(f"{path} contains the splits {', '.join(splits)}: "
                             "choose one with --split")
        files += found
    return files


class Jat:
    spaces, agent, metadata = None, "jat", {}

    def __init__(self, options):
        import arrow_input
        self.arrow = arrow_input
        self.inputs = data_files(options.inputs, options.split)
        first = options.inputs[0].resolve()
        folder = first.parent if first.is_file() else first
        self.task = folder.name if re.search("[a-z]", folder.name) else "jat"
        self.domain = self.task.partition("-")[0]
        self.columns = self._columns(self.inputs[0])
        self.left_out = set()

    def _columns(self, path):
        names = self.arrow.schema(path).names
        known = [*OBSERVATIONS, *ACTIONS, "rewards"]
        if not set(names) & set(OBSERVATIONS) or not set(names) & set(ACTIONS):
            raise BadInputError(f"{path}: not a control task of JAT: the columns are "
                                f"{', '.join(names)}, not *_observations and *_actions")
        return [name for name in known if name in names]

    def records(self):
        for path in self.inputs:
            names = self.arrow.schema(path).names
            if missing := [name for name in self.columns if name not in names]:
                raise BadInputError(f"{path}: there is no column {missing[0]}, which "
                                    f"{self.inputs[0]} has")
            self.left_out.update(set(names) - set(self.columns))
            for row, batch in enumerate(self.arrow.batches(path, 1, self.columns)):
                label = f"{path}: row {row}"
                yield label, lambda batch=batch, label=label: self.episode(batch, label)

    def episode(self, batch, label):
        from minari_writer import Episode
        columns = {}
        for name in self.columns:
            value = batch.column(name)[0]
            # Columns without values belong to other kinds of tasks.
            if value.is_valid and len(value.values):
                columns[name] = self._values(name, value.values, f"{label}, column {name}")
        rewards = columns.get("rewards")
        if rewards is not None and rewards.ndim != 1:
            raise BadInputError(f"{label}, column rewards: expected one number per step, not "
                                f"{rewards.ndim - 1}-dimensional arrays")
        actions = self._named(columns, ACTIONS)
        if columns and not actions:
            raise BadInputError(f"{label}: there are no actions")
        return Episode(self._named(columns, OBSERVATIONS), actions, rewards)

    def _values(self, name, values, what):
        if name == "text_observations":
            return self.arrow.texts(values, what)
        if name == "image_observations":
            return self.arrow.images(values, what)
        array = self.arrow.dense(values, what)
        kinds = "iub" if name.startswith("discrete") else "f"
        if array.dtype.kind not in kinds:
            raise BadInputError(f"{what}: expected "
                                f"{'integers' if kinds == 'iub' else 'real numbers'}, "
                                f"not {array.dtype}")
        return array

    @staticmethod
    def _named(columns, names):
        """Returns the columns of `names` by key, or by "" if there is only one."""
        found = {key: columns[name] for name, key in names.items() if name in columns}
        return {"": value for value in found.values()} if len(found) == 1 else found

    def notes(self):
        if self.left_out:
            yield ("ignored these columns, which JAT does not define: "
                   f"{', '.join(sorted(self.left_out))}")
        if "rewards" not in self.columns:
            yield "there are no rewards; zeros were written"


def main():
    parser = conversion.argument_parser(
        __doc__, "Parquet or Arrow files of one task, or directories of them")
    conversion.add_space_options(parser)
    parser.add_argument("--split", metavar="NAME",
                        help="read only the files of this split (train or test) from directories")
    conversion.main(parser, Jat)


if __name__ == "__main__":
    main()
