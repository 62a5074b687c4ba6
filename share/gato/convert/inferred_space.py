"""Spaces of Gymnasium, as Minari serialises them, inferred from the values of all episodes.

    text                           Text, as long as the longest, of the characters that occur
    bool                           Discrete(2); arrays MultiBinary
    uint8 arrays                   Box 0..255
    other integers                 Discrete or MultiDiscrete over the values from the least (0
                                   where none is negative) to the greatest; Box beyond 1024 values
    real numbers                   Box without bounds

Bounds that are given replace those found, and values beyond them are an error.
"""
import copy
import dataclasses
import json
import string

import numpy as np

from conversion import BadInput, UsageError

PRINTABLE = "".join(c for c in string.printable if " " <= c <= "~")
MOST_DISCRETE = 1024  # values that have tokens of their own


def _stored(value):
    """The value in the type in which it is written."""
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
    """The episode with its values in the types of their spaces."""
    return dataclasses.replace(
        episode,
        observations={path: _stored(v) for path, v in episode.observations.items()},
        actions={path: _stored(v) for path, v in episode.actions.items()})


class Leaf:
    """One key: its type and shape, and what its values span."""

    def __init__(self, value, bounds):
        """`bounds`: "none", None for those of the data, or (low, high)."""
        self.bounds = bounds
        self.kind, self.shape = self._type(value)
        self.low, self.high = np.inf, -np.inf
        self.longest, self.characters = 0, set()

    @staticmethod
    def _type(value):
        if isinstance(value, list):
            return "text", ()
        kind = {"f": value.dtype.name}.get(value.dtype.kind, "integer")
        if value.dtype == np.uint8:
            kind = "uint8"
        if value.dtype == np.int8:  # made of bool
            kind = "binary"
        return kind, tuple(value.shape[1:])

    def add(self, value):
        """ValueError where it does not go with the values before."""
        if self._type(value) != (self.kind, self.shape):
            raise ValueError("{} of shape {}, but {} of shape {} before".format(
                *self._type(value), self.kind, self.shape))
        if self.kind == "text":
            self.longest = max([self.longest, *map(len, value)])
            self.characters = self.characters.union(*value)
        elif isinstance(value, np.ndarray) and value.size:
            low, high = value.min(), value.max()
            if isinstance(self.bounds, tuple) and not (
                    self.bounds[0] <= low and high <= self.bounds[1]):
                beyond = low if low < self.bounds[0] else high
                raise ValueError(f"the value {beyond} is beyond --bounds {self.bounds}")
            self.low, self.high = min(self.low, low), max(self.high, high)

    def space(self):
        if self.kind == "text":
            extra = "".join(sorted(self.characters - set(PRINTABLE)))
            return {"type": "Text", "max_length": max(self.longest, 1), "min_length": 0,
                    "charset": PRINTABLE + extra}
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
        if n > MOST_DISCRETE:
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
    """The space of leaves by path: itself where the path is "", else Dicts by part."""
    if "" in leaves:
        return leaves[""].space()
    children = {}
    for path, leaf in leaves.items():
        part, _, rest = path.partition("/")
        children.setdefault(part, {})[rest] = leaf
    for part, below in children.items():
        if "" in below and len(below) > 1:
            raise BadInput(f"the key {part} is both a value and a group of values")
    return {"type": "Dict",
            "subspaces": {part: nested(children[part]) for part in sorted(children)}}


class EpisodeSpaces:
    """The spaces of a dataset. Keys of `bounds` are paths; a space that is no Dict is
    `observation` or `action`."""

    def __init__(self, bounds):
        self.bounds = bounds
        self.leaves = {"observations": {}, "actions": {}}

    def add(self, episode, label):
        """BadInput, and nothing added, where the episode is unlike those before."""
        leaves = {kind: {path: copy.copy(leaf) for path, leaf in below.items()}
                  for kind, below in self.leaves.items()}
        self._add(episode, label, leaves)
        self.leaves = leaves

    def _add(self, episode, label, all_leaves):
        for kind, leaves in all_leaves.items():
            values = getattr(episode, kind)
            if leaves and set(values) != set(leaves):
                raise BadInput(f"{label}: {kind} {sorted(values)}, but {sorted(leaves)} before")
            for path, value in values.items():
                name = path or kind[:-1]
                try:
                    if path not in leaves:
                        leaves[path] = Leaf(value, self.bounds.get(name, "none"))
                    leaves[path].add(value)
                except ValueError as error:
                    raise BadInput(f"{label}: {name}: {error}") from None

    def to_json(self):
        known = {path or kind[:-1] for kind, leaves in self.leaves.items() for path in leaves}
        for key in self.bounds:
            if key not in known:
                raise UsageError(f"--bounds {key}: there is no such key "
                                 f"(there are {', '.join(sorted(known))})")
        return {kind: json.dumps(nested(leaves)) for kind, leaves in self.leaves.items()}
