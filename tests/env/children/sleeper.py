#!/usr/bin/env python3
"""A child that takes its time, for tests and measurements of rollouts.

It plays test/NAME: the observation is the number of steps so far (one float64), the
action one of three numbers, and the reward the action. It sleeps before it answers
hello, a reset, a step or a request for the expert's action.

With --log FILE it appends a line per message: the monotonic clock in seconds when the
request arrived and when the reply was sent, and the type of the request.
"""
import argparse
import json
import random
import struct
import sys
import time

parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--name", default="sleep")
parser.add_argument("--start", type=float, default=0, help="seconds before hello")
parser.add_argument("--reset", type=float, default=0, help="seconds per reset")
parser.add_argument("--step", type=float, default=0, help="seconds per step")
parser.add_argument("--expert", type=float, default=0, help="seconds per expert's action")
parser.add_argument("--jitter", type=float, default=0,
                    help="steps take up to this many seconds more, at random by the seed")
parser.add_argument("--length", type=int, default=20, help="steps of an episode")
parser.add_argument("--spread", type=int, default=0,
                    help="episodes have up to this many steps more, at random by the seed")
parser.add_argument("--slow-step", type=int, default=-1, help="a step that takes longer ...")
parser.add_argument("--slow", type=float, default=0, help="... by this many seconds")
parser.add_argument("--log")
OPTIONS = parser.parse_args()

SPEC = {
    "type": "spec", "version": 1, "task": f"test/{OPTIONS.name}", "domain": "test",
    "observation": [{"name": "observation", "role": "continuous", "dtype": "float64",
                     "shape": [1], "low": None, "high": None}],
    "action": [{"name": "action", "role": "discrete", "dtype": "int64", "shape": [], "n": 3}],
    "max_steps": OPTIONS.length + OPTIONS.spread, "capabilities": ["seed", "expert"]}


def main():
    log = open(OPTIONS.log, "a", buffering=1) if OPTIONS.log else None
    count = length = 0
    generator = random.Random()
    while line := sys.stdin.buffer.readline():
        arrival = time.monotonic()
        request = json.loads(line)
        payload = sys.stdin.buffer.read(request.get("bytes", 0))
        kind, values = request["type"], b""
        if kind == "close":
            break
        if kind == "hello":
            time.sleep(OPTIONS.start)
            reply = SPEC
        elif kind == "expert":
            time.sleep(OPTIONS.expert)
            reply, values = {"type": "action"}, struct.pack("<q", count % 3)
        else:
            reply = {"type": "observation"}
            if kind == "reset":
                generator.seed(request["seed"])
                count, length = 0, OPTIONS.length + generator.randint(0, OPTIONS.spread)
                time.sleep(OPTIONS.reset)
            else:
                time.sleep(OPTIONS.step + generator.random() * OPTIONS.jitter
                           + (OPTIONS.slow if count == OPTIONS.slow_step else 0))
                count += 1
                reply |= {"reward": struct.unpack("<q", payload)[0],
                          "terminated": count == length}
            values = struct.pack("<d", count)
        sys.stdout.buffer.write(json.dumps(reply | {"bytes": len(values)}).encode() + b"\n" + values)
        sys.stdout.buffer.flush()
        if log:
            log.write(f"{arrival:.6f} {time.monotonic():.6f} {kind}\n")


main()
