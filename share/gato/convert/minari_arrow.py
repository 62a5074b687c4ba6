#!/usr/bin/env python3
"""Converts a Minari dataset in the storage format arrow or parquet to one in HDF5.

The metadata and all values stay as they are. JPEG frames are copied without decoding them.

  minari_arrow.py ~/.minari/datasets/D4RL/door/human-v2 door
"""
import re

import conversion
from errors import BadInputError

# Spaces whose values are stored as flat lists of a fixed length.
ARRAYS = ("Box", "MultiDiscrete", "MultiBinary")
# Entries of metadata.json that the writer sets itself.
OWN_ENTRIES = ("observation_space", "action_space", "total_episodes", "total_steps", "data_format",
               "jpeg_encoding", "dataset_size")


def check_space(space, where):
    """Checks that a value describes a space. Its type may be unknown."""
    conversion.check_json(space, {"!type": str}, where)
    if space["type"] in SPACES:
        conversion.check_json(space, SPACES[space["type"]], where)


def check_integers(value, where):
    """Checks that a value is an array of integers: lists of any depth, all of one length."""
    import numpy as np
    try:
        is_integer_array = np.asarray(value).dtype.kind == "i"
    except (ValueError, OverflowError):
        is_integer_array = False
    if not is_integer_array:
        raise BadInputError(f"{where}: expected integers, in lists of the same length")


# What is read of metadata.json of the dataset and of an episode, and of spaces.
METADATA = {"data_format": str, "observation_space": str, "action_space": str,
            "total_episodes": int}
EPISODE_METADATA = {"seed": (int, conversion.NULL), "options": (dict, conversion.NULL)}
SPACES = {"Box": {"!shape": [int]}, "MultiDiscrete": {"!nvec": check_integers},
          "MultiBinary": {"!n": check_integers}, "Dict": {"!subspaces": {"*": check_space}},
          "Tuple": {"!subspaces": [check_space]}}


def shape_of(space):
    """Returns the shape of the values of an array space."""
    import numpy as np
    if space["type"] == "Box":
        return tuple(space["shape"])
    if space["type"] == "MultiDiscrete":
        return np.shape(space["nvec"])
    return tuple(space["n"]) if isinstance(space["n"], list) else (space["n"],)


class MinariArrow:
    task = domain = agent = None  # they are in the metadata

    def __init__(self, options):
        import arrow_input
        self.arrow = arrow_input
        given = options.inputs[0]
        self.folder = given / "data" if (given / "data").is_dir() else given
        self.inputs, self.left_out = [self.folder / "metadata.json"], set()
        metadata = self._load(self.inputs[0], METADATA)
        self.format = metadata.get("data_format")
        if self.format not in ("arrow", "parquet"):
            raise BadInputError(f"{given}: the storage format is {self.format}, not arrow or "
                                "parquet" + (": gato reads it without conversion"
                                             if self.format == "hdf5" else ""))
        self.spaces, self.trees = {}, {}
        for kind in ("observation", "action"):
            text = metadata.get(f"{kind}_space")
            if not text:
                raise BadInputError(f"{self.inputs[0]}: there is no {kind}_space")
            self.spaces[f"{kind}s"] = text
            self.trees[f"{kind}s"] = conversion.parse_json(
                text, check_space, f"{self.inputs[0]}: {kind}_space")
        self.metadata = {k: v for k, v in metadata.items() if k not in OWN_ENTRIES}
        self.metadata["jpeg_encoding"] = False  # set when a frame is found
        self.total = metadata.get("total_episodes")

    @staticmethod
    def _load(path, shape):
        return conversion.load_json(
            path, f"{path.parent}: not a Minari dataset: there is no {path.name}", shape)

    def records(self):
        folders = sorted((int(path.name), path) for path in self.folder.iterdir()
                         if path.is_dir() and re.fullmatch(r"\d+", path.name))
        if self.total is not None and len(folders) != self.total:
            raise BadInputError(f"{self.folder}: {len(folders)} episodes, but metadata.json says "
                                f"{self.total}")
        for _, folder in folders:
            yield str(folder), lambda folder=folder: self.episode(folder)

    def episode(self, folder):
        from minari_writer import Episode
        pa = self.arrow.pa
        parts = sorted(folder.glob(f"*.{self.format}"), key=lambda path: (len(path.name), path))
        self.inputs += parts
        found = [batch for path in parts for batch in self.arrow.batches(path, 1 << 20)]
        if not found:
            raise BadInputError(f"{folder}: there is no file *.{self.format} with rows")
        table = pa.Table.from_batches(found).combine_chunks()
        metadata = self._load(folder / "metadata.json", EPISODE_METADATA)
        steps = metadata.get("total_steps")
        if not isinstance(steps, int) or not steps <= table.num_rows <= steps + 1:
            raise BadInputError(f"{folder}: {table.num_rows} rows, but metadata.json says "
                                f"{steps} steps")

        def column(name, rows=steps):
            if name not in table.column_names:
                raise BadInputError(f"{folder}: there is no column {name}")
            return self.arrow.single(table.column(name)).slice(0, rows)

        def series(name):
            return self.arrow.dense(column(name), f"{folder}: {name}")

        values = {kind: dict(self._values(self.trees[kind], column(kind, rows), "",
                                          f"{folder}: {kind}"))
                  for kind, rows in (("observations", None), ("actions", steps))}
        infos = {}
        if "infos" in table.column_names:
            infos = dict(self._infos(column("infos", None), "", folder))
        return Episode(values["observations"], values["actions"], series("rewards"),
                       series("terminations"), series("truncations"), infos,
                       seed=metadata.get("seed"),
                       options=self._options(metadata.get("options") or {}))

    def _options(self, options):
        """Returns the options that an HDF5 attribute can contain, and notes the others."""
        import numpy as np
        kept = {}
        for path, value in flat(options).items():
            try:
                is_kept = np.asarray(value).dtype.kind in "biufU"
            except ValueError:  # lists of different lengths
                is_kept = False
            if is_kept:
                kept[path] = value
            else:
                self.left_out.add(f"options/{path}")
        return kept

    def _values(self, space, values, path, what):
        """Yields (path, value) for each leaf of a space."""
        from minari_writer import JpegFrames
        kind = space["type"]
        if kind in ("Dict", "Tuple"):
            members = (space["subspaces"].items() if kind == "Dict"
                       else ((str(i), child) for i, child in enumerate(space["subspaces"])))
            for key, child in members:
                name = key if kind == "Dict" else f"_index_{key}"
                child_path = f"{path}/{name}" if path else name
                if values.type.get_field_index(key) < 0:
                    raise BadInputError(f"{what}: there is no field {key}")
                yield from self._values(child, self.arrow.field(values, key), child_path,
                                        f"{what}/{key}")
        elif kind == "Text":
            yield path, self.arrow.texts(values, what)
        elif kind == "Discrete":
            yield path, self.arrow.dense(values, what)
        elif kind not in ARRAYS:
            raise BadInputError(f"{what}: the space type {kind} is not supported")
        elif self.arrow.is_image(values.type):
            self.metadata["jpeg_encoding"] = True
            yield path, JpegFrames(values.to_pylist())
        else:
            array = self.arrow.dense(values, what)
            try:
                yield path, array.reshape(-1, *shape_of(space))
            except ValueError:
                raise BadInputError(f"{what}: each row is {array.shape[1:]}, but the space says "
                                    f"{shape_of(space)}") from None

    def _infos(self, values, path, folder):
        """Yields (path, value) for each info that is an array; notes the others as left out."""
        pa = self.arrow.pa
        for index in range(values.type.num_fields):
            field = values.type.field(index)
            child_path = f"{path}/{field.name}" if path else field.name
            member = self.arrow.field(values, field.name)
            if pa.types.is_struct(field.type):
                yield from self._infos(member, child_path, folder)
                continue
            try:
                value = self.arrow.column(member, f"{folder}: infos/{child_path}")
            except BadInputError:  # lists of different lengths, missing values
                self.left_out.add(child_path)
                continue
            shape = (field.metadata or {}).get(b"shape")
            if shape is not None:
                value = value.reshape(len(value), *map(int, filter(None, shape.split(b","))))
            yield child_path, value

    def notes(self):
        if self.left_out:
            yield ("ignored these infos and options, which are not arrays: "
                   f"{', '.join(sorted(self.left_out))}")


def flat(options, prefix=""):
    """Returns nested options by path, as they are stored in HDF5 attributes."""
    values = {}
    for key, value in options.items():
        if isinstance(value, dict):
            values |= flat(value, f"{prefix}{key}/")
        elif value is not None:
            values[prefix + key] = value
    return values


def main():
    parser = conversion.argument_parser(
        __doc__, "directory of the dataset, or its subdirectory data", many_inputs=False)
    conversion.main(parser, MinariArrow)


if __name__ == "__main__":
    main()
