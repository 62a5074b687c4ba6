#!/usr/bin/env python3
"""Serves an environment with every kind of space through the module gato_environment.

The classes have the names of Gymnasium's spaces, by which the module recognizes
them. The environment prints to standard output, as it must not, and echoes its
action in the observation.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../share/gato/envs"))
import gato_environment  # noqa: E402

import numpy as np  # noqa: E402

print("printed at import")


class Box:
    def __init__(self, low, high, shape, dtype):
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.low, self.high = np.full(shape, low, dtype), np.full(shape, high, dtype)


class Discrete:
    shape, dtype = (), np.dtype(np.int64)

    def __init__(self, n, start=0):
        self.n, self.start = np.int64(n), np.int64(start)


class MultiDiscrete:
    dtype = np.dtype(np.int64)

    def __init__(self, nvec):
        self.nvec = np.array(nvec)
        self.shape = self.nvec.shape


class MultiBinary:
    dtype = np.dtype(np.int8)

    def __init__(self, n):
        self.shape = (n,)


class Text:
    pass


class Dict:
    def __init__(self, **spaces):
        self.spaces = spaces


class Tuple:
    def __init__(self, *spaces):
        self.spaces = spaces


class SubclassedBox(Box):
    pass


class Echo:
    observation_space = Dict(
        mission=Text(), camera=Box(0, 255, (3, 16, 20), np.uint8),
        codes=Box(-3, 5, (2,), np.int16), pair=Tuple(Discrete(6, start=-2), MultiBinary(3)),
        state=SubclassedBox(-np.inf, 1, (2,), np.float32))
    action_space = Dict(
        turn=Tuple(Discrete(3, start=5), MultiDiscrete([2, 9])), force=Box(-2, 2, (2,), np.float16))

    def observe(self, pair, state):
        print("printed at every step")
        return {"mission": "go é", "camera": np.full((3, 16, 20), 9, np.uint8),
                "codes": [-3, 5], "pair": pair, "state": state}

    def reset(self, *, seed):
        return self.observe((-2, [0, 1, 0]), [0, 0]), {"note": "text is left out", "lives": 3}

    def step(self, action):
        assert isinstance(action["turn"][0], int)
        return (self.observe((action["turn"][0] - 4, [*(action["turn"][1] > 0), 1]), action["force"]),
                np.array([0.5], np.float32), np.bool_(False), True,
                {"success": np.array([True]), "camera": np.zeros(3)})


gato_environment.Server(Echo(), "echo", "test", settings={"frame_skip": 4},
                        packages=("numpy",)).serve()
