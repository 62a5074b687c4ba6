#!/usr/bin/env python3
"""Any gymnasium environment by its id: gymnasium_env.py --task CartPole-v1."""
import gato_environment

import argparse  # noqa: E402
import importlib  # noqa: E402

import gymnasium  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", required=True, help="environment id, e.g. CartPole-v1")
    parser.add_argument("--import", dest="modules", action="append", default=[], metavar="MODULE",
                        help="module that registers the id, e.g. ale_py; may be repeated")
    parser.add_argument("--domain", default="gymnasium", help="domain of the task")
    parser.add_argument("--render", action="store_true", help="make pictures for --video")
    options = parser.parse_args()
    for module in options.modules:
        importlib.import_module(module)
    environment = gymnasium.make(options.task, render_mode="rgb_array" if options.render else None)
    gato_environment.Server(environment, options.task, options.domain,
                            max_steps=environment.spec.max_episode_steps).serve()


if __name__ == "__main__":
    main()
