"""Gymnasium's spaces as entries of the protocol's spec, and their values as bytes.

A space is recognized by the names of its class and its base classes, so that this
module does not import Gymnasium. Dict and Tuple are flattened to their leaves, with
the names that the Minari library gives them.
"""
import numpy as np

_SPACE_KINDS = ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Text", "Dict", "Tuple")
_MAX_DISCRETE_VALUES = 1024  # more integers than that are continuous
_MIN_IMAGE_SIDE = 16


def _kind(space):
    """Returns the name of the Gymnasium space that this is, or is derived from, else None."""
    for cls in type(space).__mro__:
        if cls.__name__ in _SPACE_KINDS:
            return cls.__name__
    return None


def _members(space):
    """Returns the (key, space) pairs of a Dict or Tuple."""
    return space.spaces.items() if _kind(space) == "Dict" else enumerate(space.spaces)


def leaves(space, bare_name, path=(), keys=()):
    """Returns the leaves of a space as (name, leaf space, keys that lead to its value)."""
    kind = _kind(space)
    if kind is None:
        name = "/".join(path) or bare_name
        raise TypeError(f"{name}: the space {type(space).__name__} is not supported")
    if kind not in ("Dict", "Tuple"):
        return [("/".join(path) or bare_name, space, keys)]
    found = []
    for key, child in _members(space):
        part = str(key) if kind == "Dict" else f"_index_{key}"
        found += leaves(child, bare_name, (*path, part), (*keys, key))
    return found


def _dtype(space):
    """Returns the little-endian dtype on the wire. The protocol has no float16."""
    return np.dtype(np.float32 if space.dtype == np.float16 else space.dtype).newbyteorder("<")


def _is_image(space):
    """Returns whether a Box is uint8 of rank 2 to 4 whose height and width, with channels first or
    last, are at least _MIN_IMAGE_SIDE."""
    sides = list(space.shape[-3:])
    if len(sides) == 3:
        sides.pop(0 if sides[0] < min(sides[1:]) else -1)
    return (space.dtype == np.uint8 and len(space.shape) in (2, 3, 4)
            and min(sides) >= _MIN_IMAGE_SIDE)


def spec_entry(name, space):
    """Returns a leaf as an entry of the spec."""
    kind = _kind(space)
    if kind == "Text":
        return {"name": name, "role": "text"}
    entry = {"name": name, "dtype": _dtype(space).name, "shape": list(space.shape)}
    if kind != "Box":
        return entry | _discrete_range(space)
    if _is_image(space):
        return entry | {"role": "image", "low": 0, "high": 255}
    low, high = np.ravel(space.low), np.ravel(space.high)
    span = float(high.max()) - float(low.min())
    is_discrete = space.dtype.kind in "iub" and span < _MAX_DISCRETE_VALUES
    return entry | {"role": "discrete" if is_discrete else "continuous",
                    "low": _bounds(low), "high": _bounds(high)}


def _discrete_range(space):
    """Returns role, n and start of a Discrete, MultiDiscrete or MultiBinary."""
    kind = _kind(space)
    if kind == "MultiBinary":
        n = np.full(int(np.prod(space.shape)), 2)
    else:
        n = np.ravel(space.n if kind == "Discrete" else space.nvec)
    start = np.broadcast_to(np.ravel(getattr(space, "start", 0)), n.shape)
    return {"role": "discrete", "n": n.tolist(), "start": start.tolist()}


def _bounds(values):
    """Returns one bound per element, or a single one if all are equal; None is unbounded."""
    bounds = [float(value) if np.isfinite(value) else None for value in values]
    return bounds[0] if len(set(bounds)) == 1 else bounds


def encode(named_leaves, value, header):
    """Returns the header, completed by the texts and the byte count, and the payload."""
    texts, payload = {}, b""
    for name, space, keys in named_leaves:
        leaf_value = value
        for key in keys:
            leaf_value = leaf_value[key]
        if _kind(space) == "Text":
            texts[name] = str(leaf_value)
            continue
        array = np.asarray(leaf_value, _dtype(space))
        if array.shape != tuple(space.shape):
            raise ValueError(f"{name} has the shape {array.shape}, not {space.shape}")
        payload += array.tobytes()
    if texts:
        header = header | {"text": texts}
    return header | {"bytes": len(payload)}, payload


def decode(space, payload):
    """Returns a value of `space` and the rest of the payload."""
    kind = _kind(space)
    if kind in ("Dict", "Tuple"):
        values = {}
        for key, child in _members(space):
            values[key], payload = decode(child, payload)
        return (values if kind == "Dict" else tuple(values.values())), payload
    count = int(np.prod(space.shape))
    array = np.frombuffer(payload, _dtype(space), count).reshape(space.shape)
    value = array.item() if kind == "Discrete" else array.astype(space.dtype)
    return value, payload[array.nbytes:]
