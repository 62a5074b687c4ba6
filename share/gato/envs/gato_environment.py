"""Serves an environment with Gymnasium's interface to gato-rollout (see README.md).

Import this module before any other: it reserves the program's standard output
for the protocol and redirects everything else that is printed to standard error.
"""
import os
import sys

_reply_stream = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

import json  # noqa: E402

import numpy as np  # noqa: E402

_SPACE_KINDS = ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Text", "Dict", "Tuple")
_MAX_DISCRETE_VALUES = 1024  # more integers than that are continuous
_MIN_IMAGE_SIDE = 16


def _kind(space):
    """Returns the name of the Gymnasium space that this is, or is derived from, else None."""
    for cls in type(space).__mro__:
        if cls.__name__ in _SPACE_KINDS:
            return cls.__name__
    return None


def _leaves(space, bare_name, path=(), keys=()):
    """Returns the leaves of a space as (name, leaf space, keys that lead to its value)."""
    kind = _kind(space)
    if kind is None:
        name = "/".join(path) or bare_name
        raise TypeError(f"{name}: the space {type(space).__name__} is not supported")
    if kind not in ("Dict", "Tuple"):
        return [("/".join(path) or bare_name, space, keys)]
    leaves = []
    for key, child in _members(space):
        part = str(key) if kind == "Dict" else f"_index_{key}"
        leaves += _leaves(child, bare_name, (*path, part), (*keys, key))
    return leaves


def _members(space):
    """Returns the (key, space) pairs of a Dict or Tuple."""
    return space.spaces.items() if _kind(space) == "Dict" else enumerate(space.spaces)


def _value_at(value, keys):
    for key in keys:
        value = value[key]
    return value


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


def _entry(name, space):
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


def _number(name, value):
    """Returns a number, or the only element of an array, which some environments return."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"{name} is not a number but {value!r}")
    return array.item()


def _scalars(info):
    """Returns the items of an info dictionary that are numbers or arrays of one number."""
    arrays = {str(key): np.asarray(value) for key, value in info.items()
              if isinstance(value, (bool, int, float, np.bool_, np.number, np.ndarray))}
    return {key: float(array.item()) for key, array in arrays.items()
            if array.size == 1 and array.dtype.kind in "biuf"}


class Server:
    """Serves one environment that has the methods and spaces of Gymnasium's `Env`.

    `expert` is a function without arguments that returns the action that the expert would take
    now. `max_steps` is the environment's own time limit, 0 or None if it has none.
    """

    def __init__(self, environment, task, domain, *, expert=None, max_steps=0):
        self.environment, self.expert, self.is_running = environment, expert, False
        self.observation_leaves = _leaves(environment.observation_space, "observation")
        self.action_leaves = _leaves(environment.action_space, "action")
        capabilities = ["seed"]
        if expert is not None:
            capabilities.append("expert")
        if getattr(environment, "render_mode", None) == "rgb_array":
            capabilities.append("render")
        self.spec = {
            "type": "spec", "version": 1, "task": task, "domain": domain,
            "observation": [_entry(name, space) for name, space, _ in self.observation_leaves],
            "action": [_entry(name, space) for name, space, _ in self.action_leaves],
            "max_steps": max_steps or 0, "capabilities": capabilities}

    def encode(self, leaves, value, header):
        """Returns the header, completed by the texts and the byte count, and the payload."""
        texts, payload = {}, b""
        for name, space, keys in leaves:
            leaf_value = _value_at(value, keys)
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

    def decode(self, space, payload):
        """Returns a value of `space` and the rest of the payload."""
        kind = _kind(space)
        if kind in ("Dict", "Tuple"):
            values = {}
            for key, child in _members(space):
                values[key], payload = self.decode(child, payload)
            return (values if kind == "Dict" else tuple(values.values())), payload
        count = int(np.prod(space.shape))
        array = np.frombuffer(payload, _dtype(space), count).reshape(space.shape)
        value = array.item() if kind == "Discrete" else array.astype(space.dtype)
        return value, payload[array.nbytes:]

    def answer(self, request, payload):
        """Returns header and payload of the reply to a request other than "close"."""
        request_type, environment = request["type"], self.environment
        if request_type == "hello":
            return self.spec, b""
        if request_type == "reset":
            # Gymnasium's seeds have 32 bits.
            observation, info = environment.reset(seed=request["seed"] % 2**32)
            self.is_running = True
            header = {"type": "observation", "info": _scalars(info)}
            return self.encode(self.observation_leaves, observation, header)
        if request_type == "render":
            image = np.ascontiguousarray(environment.render(), np.uint8)
            return {"type": "image", "shape": image.shape, "bytes": image.nbytes}, image.tobytes()
        if not self.is_running:
            raise RuntimeError(f"{request_type} outside an episode: call reset first")
        if request_type == "expert":
            return self.encode(self.action_leaves, self.expert(), {"type": "action"})
        action, _ = self.decode(environment.action_space, payload)
        observation, reward, terminated, truncated, info = environment.step(action)
        terminated, truncated = (bool(_number(name, value)) for name, value in
                                 (("terminated", terminated), ("truncated", truncated)))
        self.is_running = not (terminated or truncated)
        header = {"type": "observation", "reward": float(_number("reward", reward)),
                  "terminated": terminated, "truncated": truncated, "info": _scalars(info)}
        return self.encode(self.observation_leaves, observation, header)

    def serve(self, requests=sys.stdin.buffer):
        """Answers requests until "close" or end of file. An exception becomes an error reply."""
        while (line := requests.readline()):
            request = json.loads(line)
            payload = requests.read(request.get("bytes", 0))
            if request["type"] == "close":
                return
            try:
                header, data = self.answer(request, payload)
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
                header, data = {"type": "error", "message": message, "fatal": False}, b""
            _reply_stream.write(json.dumps(header).encode() + b"\n" + data)
            _reply_stream.flush()
