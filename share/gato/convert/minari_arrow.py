#!/usr/bin/env python3
"""Converts a Minari dataset in the storage formats arrow or parquet to one in HDF5.

The metadata stays as it is, and so does every value: JPEG frames are copied, not decoded.

  minari_arrow.py ~/.minari/datasets/D4RL/door/human-v2 door
"""
import json
import re

import conversion
from conversion import BadInput

# Those that the storage keeps as lists of fixed length.
ARRAYS = ("Box", "MultiDiscrete", "MultiBinary")
SEPARATE = ("observation_space", "action_space", "total_episodes", "total_steps", "data_format",
            "jpeg_encoding", "dataset_size")


def shape_of(space):
    """Of one value of an array space."""
    import numpy as np
    if space["type"] == "Box":
        return tuple(space["shape"])
    if space["type"] == "MultiDiscrete":
        return np.shape(space["nvec"])
    return tuple(space["n"]) if isinstance(space["n"], list) else (space["n"],)


class MinariArrow:
    task = domain = agent = None  # the metadata says them

    def __init__(self, options):
        import arrow_input
        self.arrow = arrow_input
        given = options.inputs[0]
        self.folder = given / "data" if (given / "data").is_dir() else given
        self.inputs, self.left_out = [self.folder / "metadata.json"], set()
        described = self._load(self.inputs[0])
        self.format = described.get("data_format")
        if self.format not in ("arrow", "parquet"):
            raise BadInput(f"{given}: the storage format is {self.format}, not arrow or parquet"
                           + (": gato reads it as it is" if self.format == "hdf5" else ""))
        self.spaces, self.trees = {}, {}
        for kind in ("observation", "action"):
            text = described.get(f"{kind}_space")
            if not text:
                raise BadInput(f"{self.inputs[0]}: there is no {kind}_space")
            self.spaces[f"{kind}s"] = text
            self.trees[f"{kind}s"] = json.loads(text)
        self.metadata = {k: v for k, v in described.items() if k not in SEPARATE}
        self.metadata["jpeg_encoding"] = False  # until a frame is met
        self.total = described.get("total_episodes")

    def _load(self, path):
        try:
            return json.loads(path.read_text())
        except FileNotFoundError:
            raise BadInput(f"{path.parent}: no Minari dataset: there is no {path.name}") from None
        except ValueError as error:
            raise BadInput(f"{path}: {error}") from None

    def records(self):
        folders = sorted((int(path.name), path) for path in self.folder.iterdir()
                         if path.is_dir() and re.fullmatch(r"\d+", path.name))
        if self.total is not None and len(folders) != self.total:
            raise BadInput(f"{self.folder}: {len(folders)} episodes, metadata.json says "
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
            raise BadInput(f"{folder}: no file *.{self.format} with rows")
        table = pa.Table.from_batches(found).combine_chunks()
        described = self._load(folder / "metadata.json")
        steps = described.get("total_steps")
        if not isinstance(steps, int) or not steps <= table.num_rows <= steps + 1:
            raise BadInput(f"{folder}: {table.num_rows} rows, metadata.json says {steps} steps")

        def column(name, rows=steps):
            if name not in table.column_names:
                raise BadInput(f"{folder}: there is no column {name}")
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
                       seed=described.get("seed"), options=flat(described.get("options") or {}))

    def _values(self, space, values, path, what):
        """(path, value) of each leaf of a space."""
        from minari_writer import JpegFrames
        kind = space["type"]
        if kind in ("Dict", "Tuple"):
            members = (space["subspaces"].items() if kind == "Dict"
                       else ((str(i), child) for i, child in enumerate(space["subspaces"])))
            for key, child in members:
                name = key if kind == "Dict" else f"_index_{key}"
                place = f"{path}/{name}" if path else name
                if values.type.get_field_index(key) < 0:
                    raise BadInput(f"{what}: there is no field {key}")
                yield from self._values(child, self.arrow.field(values, key), place,
                                        f"{what}/{key}")
        elif kind == "Text":
            yield path, self.arrow.texts(values, what)
        elif kind == "Discrete":
            yield path, self.arrow.dense(values, what)
        elif kind not in ARRAYS:
            raise BadInput(f"{what}: the space type {kind} is not supported")
        elif self.arrow.is_image(values.type):
            self.metadata["jpeg_encoding"] = True
            yield path, JpegFrames(values.to_pylist())
        else:
            array = self.arrow.dense(values, what)
            try:
                yield path, array.reshape(-1, *shape_of(space))
            except ValueError:
                raise BadInput(f"{what}: {array.shape[1:]} numbers a row, the space says "
                               f"{shape_of(space)}") from None

    def _infos(self, values, path, folder):
        pa = self.arrow.pa
        for index in range(values.type.num_fields):
            field = values.type.field(index)
            place = f"{path}/{field.name}" if path else field.name
            below = self.arrow.field(values, field.name)
            if pa.types.is_struct(field.type):
                yield from self._infos(below, place, folder)
                continue
            try:
                value = self.arrow.column(below, f"{folder}: infos/{place}")
            except BadInput:  # lists of any length, missing values
                self.left_out.add(place)
                continue
            shape = (field.metadata or {}).get(b"shape")
            if shape is not None:
                value = value.reshape(len(value), *map(int, filter(None, shape.split(b","))))
            yield place, value

    def notes(self):
        if self.left_out:
            yield ("left out, infos that are no arrays: "
                   f"{', '.join(sorted(self.left_out))}")


def flat(options, prefix=""):
    """Nested options by path, as attributes of HDF5."""
    values = {}
    for key, value in options.items():
        if isinstance(value, dict):
            values |= flat(value, f"{prefix}{key}/")
        elif value is not None:
            values[prefix + key] = value
    return values


def main():
    parser = conversion.argument_parser(
        __doc__, "folder of the dataset, or its data folder", many_inputs=False)
    conversion.main(parser, MinariArrow)


if __name__ == "__main__":
    main()
