"""Serves an environment with Gymnasium's interface to gato-rollout (see README.md).

Import this module before any other: it reserves the program's standard output
for the protocol and redirects everything else that is printed to standard error.
"""
import os
import sys

_reply_stream = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

import argparse  # noqa: E402
import atexit  # noqa: E402
import contextlib  # noqa: E402
import ctypes  # noqa: E402
import importlib.metadata  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import tempfile  # noqa: E402

try:
    import numpy as np
except ImportError:
    sys.exit(f"gato_environment needs numpy, which {sys.executable} does not have: list it in the"
             " requirements of the domain, or start a Python that has it")

from . import spaces  # noqa: E402


def _boolean(text):
    return {"true": True, "on": True, "false": False, "off": False}[text.lower()]


def parse_arguments(description, options=(), list_tasks=None):
    """Parses --task and the options, each given as (NAME, default, help) and with the type of its
    default; a bool is true, on, false or off. --list-tasks prints what list_tasks() returns."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", required=True, help="name of the task")
    for name, default, text in options:
        kind = _boolean if isinstance(default, bool) else type(default)
        shown = str(default).lower() if isinstance(default, bool) else default or "none"
        parser.add_argument(f"--{name}", type=kind, default=default, metavar=kind.__name__.strip("_"),
                            help=f"{text} (default: {shown})")
    replies = os.fdopen(os.dup(_reply_stream.fileno()), "wb")
    with io.TextIOWrapper(replies, encoding="utf-8") as output, \
            contextlib.redirect_stdout(output):
        if list_tasks and "--list-tasks" in sys.argv[1:]:
            print(*list_tasks(), sep="\n")
            parser.exit()
        return parser.parse_args()


def prepare_mujoco():
    """Call this before MuJoCo is imported. Makes it render without a display, and enters a scratch
    directory for its log, which is removed at the end. Returns whether it can render."""
    directory = tempfile.mkdtemp(prefix="gato-environment-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.chdir(directory)
    if "MUJOCO_GL" not in os.environ:
        try:
            ctypes.CDLL("libEGL.so.1")
            os.environ["MUJOCO_GL"] = "egl"
        except OSError:
            os.environ["MUJOCO_GL"] = "disabled"
    return os.environ["MUJOCO_GL"] not in ("disable", "disabled", "off", "false", "0")


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
    now. `max_steps` is the environment's own time limit, 0 or None if it has none. `settings`,
    names and values such as frame_skip, and the versions of the Python `packages` are recorded
    with the episodes.
    """

    def __init__(self, environment, task, domain, *, expert=None, max_steps=0, settings=None,
                 packages=()):
        self.environment, self.expert, self.is_running = environment, expert, False
        self.observation_leaves = spaces.leaves(environment.observation_space, "observation")
        self.action_leaves = spaces.leaves(environment.action_space, "action")
        capabilities = ["seed"]
        if expert is not None:
            capabilities.append("expert")
        if getattr(environment, "render_mode", None) == "rgb_array":
            capabilities.append("render")
        self.spec = {
            "type": "spec", "version": 1, "task": task, "domain": domain,
            "observation": [spaces.spec_entry(*leaf[:2]) for leaf in self.observation_leaves],
            "action": [spaces.spec_entry(*leaf[:2]) for leaf in self.action_leaves],
            "max_steps": max_steps or 0, "capabilities": capabilities,
            "settings": {
                "adapter": os.path.basename(sys.argv[0]), **(settings or {}),
                "packages": {name: importlib.metadata.version(name) for name in packages}}}

    def answer(self, request, payload):
        """Returns header and payload of the reply to a request other than "close"."""
        request_type, environment = request["type"], self.environment
        if request_type == "hello":
            return self.spec, b""
        if request_type == "reset":
            self.is_running = False
            # Gymnasium's seeds have 32 bits.
            observation, info = environment.reset(seed=request["seed"] % 2**32)
            self.is_running = True
            header = {"type": "observation", "info": _scalars(info)}
            return spaces.encode(self.observation_leaves, observation, header)
        if request_type == "render":
            image = np.ascontiguousarray(environment.render(), np.uint8)
            return {"type": "image", "shape": image.shape, "bytes": image.nbytes}, image.tobytes()
        if not self.is_running:
            raise RuntimeError(f"{request_type} outside an episode: call reset first")
        if request_type == "expert":
            return spaces.encode(self.action_leaves, self.expert(), {"type": "action"})
        action, _ = spaces.decode(environment.action_space, payload)
        observation, reward, terminated, truncated, info = environment.step(action)
        terminated, truncated = (bool(_number(name, value)) for name, value in
                                 (("terminated", terminated), ("truncated", truncated)))
        self.is_running = not (terminated or truncated)
        header = {"type": "observation", "reward": float(_number("reward", reward)),
                  "terminated": terminated, "truncated": truncated, "info": _scalars(info)}
        return spaces.encode(self.observation_leaves, observation, header)

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
