"""Gymnasium spaces, as Minari serializes them, inferred from the values of all episodes.

    text                           Text with the maximum length and all characters that occur
    bool                           Discrete(2); arrays: MultiBinary
    uint8 arrays                   Box 0..255
    other integers                 Discrete or MultiDiscrete from the minimum (0 if no value is
                                   negative) to the maximum; Box if that is over 1024 values
    real numbers                   Box without bounds

Bounds given by the user replace the inferred ones; values outside them are an error.
"""
import copy
import dataclasses
import json
import string

import numpy as np

from errors import BadInputError, UsageError

PRINTABLE_CHARACTERS = "".join(c for c in string.printable if " " <= c <= "~")
MAX_DISCRETE_VALUES = 1024  # gato has one token for each


def _stored(value):
    """Converts a value to the type that its space has in the file."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype == np.float16:
        return value.astype(np.float32)
    if value.dtype == bool:
        return value.astype(np.int8)
    if value.dtype.kind in "iu" and not (value.dtype == np.uint8 and value.ndim > 1):
        return value.astype(np.int64)
    return value


def stored_episode(episode):
    """Returns the episode with its values in the types of their spaces."""
    return dataclasses.replace(
        episode,
        observations={path: _stored(v) for path, v in episode.observations.items()},
        actions={path: _stored(v) for path, v in episode.actions.items()})


class Leaf:
    """The type, the shape and the range of the values of one key."""

    def __init__(self, value, bounds):
        """`bounds` is (low, high), None for those of the data, or "none"."""
        self.bounds = bounds
        self.kind, self.shape = self._type(value)
        self.low, self.high = np.inf, -np.inf
        self.max_length, self.characters = 0, set()

    @staticmethod
    def _type(value):
        if isinstance(value, list):
            return "text", ()
        kind = {"f": value.dtype.name}.get(value.dtype.kind, "integer")
        if value.dtype == np.uint8:
            kind = "uint8"
        if value.dtype == np.int8:  # _stored made it from bool
            kind = "binary"
        return kind, tuple(value.shape[1:])

    def add(self, value):
        """Extends the range by `value`, one row per step. Raises ValueError if its type or shape
        differs from the earlier values, or if it is out of bounds."""
        if self._type(value) != (self.kind, self.shape):
            raise ValueError("{} of shape {}, but earlier values are {} of shape {}".format(
                *self._type(value), self.kind, self.shape))
        if self.kind == "text":
            self.max_length = max([self.max_length, *map(len, value)])
            self.characters = self.characters.union(*value)
        elif isinstance(value, np.ndarray) and value.size:
            low, high = value.min(), value.max()
            if isinstance(self.bounds, tuple) and not (
                    self.bounds[0] <= low and high <= self.bounds[1]):
                outlier = low if low < self.bounds[0] else high
                raise ValueError(f"the value {outlier} is outside --bounds {self.bounds}")
            self.low, self.high = min(self.low, low), max(self.high, high)

    def space(self):
        """Returns the JSON value of the space."""
        if self.kind == "text":
            extra = "".join(sorted(self.characters - set(PRINTABLE_CHARACTERS)))
            return {"type": "Text", "max_length": max(self.max_length, 1), "min_length": 0,
                    "charset": PRINTABLE_CHARACTERS + extra}
        if self.kind == "binary":
            return ({"type": "MultiBinary", "n": list(self.shape)} if self.shape
                    else {"type": "Discrete", "dtype": "int64", "n": 2, "start": 0})
        if self.kind == "integer":
            return self._integers()
        low, high = {"uint8": (0, 255)}.get(self.kind, (-np.inf, np.inf))
        if self.bounds != "none":
            low, high = self.bounds or (self.low, self.high)
        return self._box(self.kind, low, high)

    def _integers(self):
        low, high = min(self.low, 0), self.high
        if isinstance(self.bounds, tuple):
            low, high = self.bounds
        low, n = int(low), int(high) - int(low) + 1
        if n > MAX_DISCRETE_VALUES:
            return self._box("int64", low, int(high))
        if not self.shape:
            return {"type": "Discrete", "dtype": "int64", "n": n, "start": low}
        return {"type": "MultiDiscrete", "dtype": "int64",
                "nvec": np.full(self.shape, n).tolist(),
                "start": np.full(self.shape, low).tolist()}

    def _box(self, dtype, low, high):
        def bound(value):
            return np.full(self.shape, value, dtype).tolist()
        return {"type": "Box", "dtype": dtype, "shape": list(self.shape),
                "low": bound(low), "high": bound(high)}


def nested(leaves):
    """Returns the space of {path: Leaf}: the leaf itself if its path is "", or nested Dicts."""
    if "" in leaves:
        return leaves[""].space()
    children = {}
    for path, leaf in leaves.items():
        part, _, rest = path.partition("/")
        children.setdefault(part, {})[rest] = leaf
    for part, members in children.items():
        if "" in members and len(members) > 1:
            raise BadInputError(f"the key {part} is both a value and a group of values")
    return {"type": "Dict",
            "subspaces": {part: nested(children[part]) for part in sorted(children)}}


class EpisodeSpaces:
    """Infers the spaces of a dataset. Keys of `bounds` are paths; the key of a space that is not a
    Dict is `observation` or `action`."""

    def __init__(self, bounds):
        self.bounds = bounds
        self.leaves = {"observations": {}, "actions": {}}

    def add(self, episode, label):
        """Adds the values of an episode. Raises BadInputError, and adds nothing, if its keys, types
        or shapes differ from those of earlier episodes."""
        leaves = {kind: {path: copy.copy(leaf) for path, leaf in members.items()}
                  for kind, members in self.leaves.items()}
        self._add(episode, label, leaves)
        self.leaves = leaves

    def _add(self, episode, label, all_leaves):
        for kind, leaves in all_leaves.items():
            values = getattr(episode, kind)
            if leaves and set(values) != set(leaves):
                raise BadInputError(f"{label}: {kind} {sorted(values)}, but the episodes before "
                                    f"have {sorted(leaves)}")
            for path, value in values.items():
                name = path or kind[:-1]
                try:
                    if path not in leaves:
                        leaves[path] = Leaf(value, self.bounds.get(name, "none"))
                    leaves[path].add(value)
                except ValueError as error:
                    raise BadInputError(f"{label}: {name}: {error}") from None

    def to_json(self):
        """Returns {"observations": JSON text, "actions": JSON text}."""
        known = {path or kind[:-1] for kind, leaves in self.leaves.items() for path in leaves}
        for key in self.bounds:
            if key not in known:
                raise UsageError(f"--bounds {key}: there is no such key "
                                 f"(there are {', '.join(sorted(known))})")
        return {kind: json.dumps(nested(leaves)) for kind, leaves in self.leaves.items()}
