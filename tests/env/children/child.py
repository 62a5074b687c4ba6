#!/usr/bin/env python3
"""A child that speaks the environment protocol, for the tests: child.py [FAULT].

It counts steps. An observation is a text, two float64 and the number of steps
taken (discrete). An action is one of three numbers, and the reward is the
action. An episode ends after three steps. FAULT, or $GATO_TEST_FAULT, selects one way
to fail.

If $GATO_TEST_STOP is a file with the numbers N and S, the child removes it at its
Nth reset and sends signal S to its parent.
"""
import json
import os
import signal
import struct
import sys
import time

FAULT = os.environ.get("GATO_TEST_FAULT") or " ".join(sys.argv[1:2])
SPEC = {
    "type": "spec", "version": 1, "task": "test/count", "domain": "test",
    # Deliberately not in token order: values on the wire are in this order.
    "observation": [
        {"name": "state", "role": "continuous", "dtype": "float64", "shape": [2],
         "low": None, "high": [1000, None]},
        {"name": "count", "role": "discrete", "dtype": "int32", "shape": [], "n": 5, "start": 0},
        {"name": "a/goal", "role": "text"}],
    "action": [{"name": "action", "role": "discrete", "dtype": "int64", "shape": [], "n": [3]}],
    "max_steps": 3, "capabilities": ["seed", "expert", "render"],
    "settings": {"arguments": " ".join(sys.argv[1:])}}


def send(header, payload=b""):
    if payload:
        header["bytes"] = len(payload)
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + payload)
    sys.stdout.buffer.flush()


def fail(stage):
    """Commits FAULT if it belongs to this stage, and returns whether it replied."""
    if FAULT == f"exit-at-{stage}":
        print("first words", file=sys.stderr)
        print("last words", file=sys.stderr)
        sys.exit(3)
    if FAULT == f"killed-at-{stage}":
        os.kill(os.getpid(), signal.SIGKILL)
    if FAULT == f"hang-at-{stage}":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    if FAULT == f"garbage-at-{stage}":
        print("Loading level 3 ...", flush=True)
    if FAULT == f"number-at-{stage}":
        print("42", flush=True)
    if FAULT == f"partial-at-{stage}":
        print('{"type": "obs', end="", flush=True)
        sys.exit(0)
    if FAULT == f"flood-at-{stage}":
        while True:
            sys.stdout.buffer.write(b"x" * 65536)
    if FAULT == f"large-at-{stage}":
        send({"type": "observation", "reward": 0}, bytes(50_000_000))
        return True
    if FAULT == f"announce-at-{stage}":
        send({"type": "observation", "reward": 0, "bytes": 1_000_000_000})
        return True
    if FAULT == f"huge-at-{stage}":
        send({"type": "image", "shape": [16384, 16384, 3], "bytes": 3 * 16384 ** 2})
        return True
    if FAULT == f"noise-at-{stage}":  # more than fits in a pipe
        sys.stderr.write("chatter\n" * 100000)
    if FAULT == f"error-at-{stage}":
        send({"type": "error", "message": "out of fuel", "fatal": False})
        return True
    if FAULT == f"fatal-at-{stage}":
        send({"type": "error", "message": "out of fuel", "fatal": True})
        return True
    return False


def send_observation(header, seed, count):
    state = [float(seed), float("nan") if FAULT == "nan" and count == 2 else -float(count)]
    payload = struct.pack("<ddi", *state, 7 if FAULT == "range" and count == 2 else count)
    if FAULT == "size" and count == 2:
        payload += b"more"
    header["text"] = {} if FAULT == "no-text" and count == 2 else {"a/goal": "count to three"}
    if FAULT == "nul-text" and count == 2:
        header["text"] = {"a/goal": "count\0to three"}
    send(header, payload)


def stop_parent(resets):
    path = os.environ.get("GATO_TEST_STOP", "")
    if os.path.exists(path):
        with open(path) as file:
            at, number = map(int, file.read().split())
        if resets == at:
            os.remove(path)
            os.kill(os.getppid(), number)


def main():
    seed = count = resets = 0
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
            resets += 1
            stop_parent(resets)
            send_observation({"type": "observation", "info": {}}, seed, count)
            if FAULT == "deaf-after-reset":
                time.sleep(600)
            if FAULT == "close-after-reset":
                os.close(0)
                time.sleep(600)
        elif kind == "render" and FAULT == "empty-at-render":
            send({"type": "image", "shape": [0, 0, 3]})
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
            header = {"type": "observation", "reward": reward, "terminated": not running,
                      "truncated": False,
                      "info": {"success": not running, "note": "not a number"}}
            send_observation(header, seed, count)


main()
