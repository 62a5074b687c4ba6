#!/usr/bin/env python3
"""A child of the environment protocol for the tests: child.py [FAULT].

It counts: an observation is a text, two float64 and the number of steps taken
(discrete); an action is one of three numbers; the reward is the action; an
episode ends after three steps. FAULT makes it break in one way.
"""
import json
import os
import signal
import struct
import sys
import time

FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
SPEC = {
    "type": "spec", "version": 1, "task": "test/count", "domain": "test",
    # Not in token order: the wire has its own.
    "observation": [
        {"name": "state", "role": "continuous", "dtype": "float64", "shape": [2],
         "low": None, "high": [1000, None]},
        {"name": "count", "role": "discrete", "dtype": "int32", "shape": [], "n": 5, "start": 0},
        {"name": "a/goal", "role": "text"}],
    "action": [{"name": "action", "role": "discrete", "dtype": "int64", "shape": [], "n": [3]}],
    "max_steps": 3, "capabilities": ["seed", "expert", "render"]}


def send(header, payload=b""):
    if payload:
        header["bytes"] = len(payload)
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + payload)
    sys.stdout.buffer.flush()


def fail(place):
    """The fault, if it is one of this place."""
    if FAULT == f"exit-at-{place}":
        print("first words", file=sys.stderr)
        print("last words", file=sys.stderr)
        sys.exit(3)
    if FAULT == f"killed-at-{place}":
        os.kill(os.getpid(), signal.SIGKILL)
    if FAULT == f"hang-at-{place}":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    if FAULT == f"garbage-at-{place}":
        print("Loading level 3 ...", flush=True)
    if FAULT == f"number-at-{place}":
        print("42", flush=True)
    if FAULT == f"partial-at-{place}":
        print('{"type": "obs', end="", flush=True)
        sys.exit(0)
    if FAULT == f"noise-at-{place}":  # more than a pipe holds
        sys.stderr.write("chatter\n" * 100000)
    if FAULT == f"error-at-{place}":
        send({"type": "error", "message": "out of fuel", "fatal": False})
        return True
    if FAULT == f"fatal-at-{place}":
        send({"type": "error", "message": "out of fuel", "fatal": True})
        return True
    return False


def observe(header, seed, count):
    state = [float(seed), float("nan") if FAULT == "nan" and count == 2 else -float(count)]
    payload = struct.pack("<ddi", *state, 7 if FAULT == "range" and count == 2 else count)
    if FAULT == "size" and count == 2:
        payload += b"more"
    header["text"] = {} if FAULT == "no-text" and count == 2 else {"a/goal": "count to three"}
    if FAULT == "nul-text" and count == 2:
        header["text"] = {"a/goal": "count\0to three"}
    send(header, payload)


def main():
    seed = count = 0
    running = False
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        request = json.loads(line)
        payload = sys.stdin.buffer.read(request.get("bytes", 0))
        kind = request["type"]
        if kind == "close":
            return
        if fail(kind):
            continue
        if kind == "hello":
            send(SPEC | json.loads(os.environ.get("GATO_TEST_SPEC", "{}")))
        elif kind == "reset":
            seed, count, running = request["seed"], 0, True
            observe({"type": "observation", "info": {}}, seed, count)
        elif kind == "render":
            send({"type": "image", "shape": [1, 2, 3]}, bytes([1, 2, 3, 4, 5, 6]))
        elif not running:
            send({"type": "error", "message": "no episode", "fatal": False})
        elif kind == "expert":
            send({"type": "action"}, struct.pack("<q", 2))
        else:
            count += 1
            running = count < 3
            reward = struct.unpack("<q", payload)[0]
            if FAULT == "nan-reward" and count == 2:
                reward = float("nan")
            observe({"type": "observation", "reward": reward, "terminated": not running,
                     "truncated": False,
                     "info": {"success": not running, "note": "not a number"}}, seed, count)


main()
