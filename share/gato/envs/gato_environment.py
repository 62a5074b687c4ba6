"""Serves a gymnasium-style environment to gato-rollout (see README.md).

Import this module before any other: it keeps the program's standard output for
the protocol and sends whatever else is printed to standard error.
"""
import os
import sys

_reply_stream = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

import json  # noqa: E402

import numpy as np  # noqa: E402


def _kind(space):
    """The name of a gymnasium space, also of a class derived from one."""
    known = ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Text", "Dict", "Tuple")
    return next((c.__name__ for c in type(space).__mro__ if c.__name__ in known), None)


def _leaves(space, bare_name, path=""):
    """The leaves of a space as (joined name, space, function that takes it out of a value)."""
    kind = _kind(space)
    if kind == "Dict":
        members = [(str(key), key, child) for key, child in space.spaces.items()]
    elif kind == "Tuple":
        members = [(f"_index_{i}", i, child) for i, child in enumerate(space.spaces)]
    elif kind is None:
        raise TypeError(f"{path or bare_name}: {type(space).__name__} has no encoding")
    else:
        return [(path or bare_name, space, lambda value: value)]
    return [(name, leaf, lambda value, key=key, get=get: get(value[key]))
            for part, key, child in members
            for name, leaf, get in _leaves(child, bare_name, f"{path}/{part}" if path else part)]


def _dtype(space):
    return np.dtype(np.float32 if space.dtype == np.float16 else space.dtype).newbyteorder("<")


def _is_image(space):
    """uint8 of rank 2 to 4 whose sides, channels first or last, are 16 or more."""
    sides = list(space.shape[-3:])
    if len(sides) == 3:
        sides.pop(0 if sides[0] < min(sides[1:]) else -1)
    return space.dtype == np.uint8 and len(space.shape) in (2, 3, 4) and min(sides) >= 16


def _entry(name, space):  # a leaf as the protocol describes it
    kind = _kind(space)
    if kind == "Text":
        return {"name": name, "role": "text"}
    entry = {"name": name, "dtype": _dtype(space).name, "shape": list(space.shape)}
    if kind != "Box":
        n = {"Discrete": "n", "MultiDiscrete": "nvec", "MultiBinary": None}[kind]
        n = np.ravel(getattr(space, n)) if n else np.full(int(np.prod(space.shape)), 2)
        start = np.broadcast_to(np.ravel(getattr(space, "start", 0)), n.shape)
        return entry | {"role": "discrete", "n": n.tolist(), "start": start.tolist()}
    if _is_image(space):
        return entry | {"role": "image", "low": 0, "high": 255}
    bounds = {"low": np.ravel(space.low), "high": np.ravel(space.high)}
    span = float(bounds["high"].max()) - float(bounds["low"].min())
    role = "discrete" if space.dtype.kind in "iub" and span < 1024 else "continuous"
    lists = {key: [float(v) if np.isfinite(v) else None for v in bounds[key]] for key in bounds}
    return entry | {"role": role} | {k: v[0] if len(set(v)) == 1 else v for k, v in lists.items()}


def _scalars(info):
    return {str(key): float(value) for key, value in info.items()
            if isinstance(value, (bool, int, float, np.bool_, np.number))}


class Server:
    """One environment with the methods and spaces of gymnasium's `Env`; `expert`, a function
    without arguments, gives the action that the demonstrator would take now."""

    def __init__(self, environment, task, domain, *, expert=None, max_steps=0):
        self.environment, self.expert, self.is_running = environment, expert, False
        self.observation = _leaves(environment.observation_space, "observation")
        self.action = _leaves(environment.action_space, "action")
        can = {"seed": True, "expert": expert is not None,
               "render": getattr(environment, "render_mode", None) == "rgb_array"}
        self.spec = {"type": "spec", "version": 1, "task": task, "domain": domain,
                     "observation": [_entry(name, space) for name, space, _ in self.observation],
                     "action": [_entry(name, space) for name, space, _ in self.action],
                     "max_steps": max_steps or 0, "capabilities": [name for name in can if can[name]]}

    def encode(self, leaves, value, header):  # to the header, completed, and the bytes
        texts, payload = {}, b""
        for name, space, get in leaves:
            if _kind(space) == "Text":
                texts[name] = str(get(value))
                continue
            array = np.asarray(get(value), _dtype(space))
            if array.shape != tuple(space.shape):
                raise ValueError(f"{name} has the shape {array.shape}, not {space.shape}")
            payload += array.tobytes()
        return header | ({"text": texts} if texts else {}) | {"bytes": len(payload)}, payload

    def decode(self, space, payload):
        """A value of `space` and the rest of the bytes."""
        if (kind := _kind(space)) in ("Dict", "Tuple"):
            members = space.spaces.items() if kind == "Dict" else enumerate(space.spaces)
            values = {}
            for key, child in members:
                values[key], payload = self.decode(child, payload)
            return (values if kind == "Dict" else tuple(values.values())), payload
        array = np.frombuffer(payload, _dtype(space), int(np.prod(space.shape))).reshape(space.shape)
        return (array.item() if kind == "Discrete" else array.astype(space.dtype)), payload[array.nbytes:]

    def answer(self, request, payload):
        kind, environment = request["type"], self.environment
        if kind == "hello":
            return self.spec, b""
        if kind == "reset":
            observation, info = environment.reset(seed=request["seed"] % 2**32)
            self.is_running = True
            header = {"type": "observation", "info": _scalars(info)}
            return self.encode(self.observation, observation, header)
        if kind == "render":
            image = np.ascontiguousarray(environment.render(), np.uint8)
            return {"type": "image", "shape": image.shape, "bytes": image.nbytes}, image.tobytes()
        if not self.is_running:
            raise RuntimeError(f"{kind} outside an episode; reset first")
        if kind == "expert":
            return self.encode(self.action, self.expert(), {"type": "action"})
        action, _ = self.decode(environment.action_space, payload)
        observation, reward, terminated, truncated, info = environment.step(action)
        self.is_running = not (terminated or truncated)
        header = {"type": "observation", "reward": float(reward), "terminated": bool(terminated),
                  "truncated": bool(truncated), "info": _scalars(info)}
        return self.encode(self.observation, observation, header)

    def serve(self, requests=sys.stdin.buffer):
        """Answers until "close" or the end of the input. A failure is an error reply."""
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
