#!/usr/bin/env python3
"""Serves an environment of gymnasium, by its id, to gato-rollout:

  gato-rollout control --check-env --env-command \\
    'venv/bin/python gymnasium_env.py --task CartPole-v1'

venv/bin/python is a Python that has gymnasium, numpy and whatever else the
environment needs. Box, Discrete, MultiDiscrete, MultiBinary and Text spaces are
served, in Dict and Tuple too.
"""
import argparse
import importlib


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", required=True, metavar="ID",
                        help="environment, e.g. CartPole-v1, or ALE/Pong-v5 with --import ale_py")
    parser.add_argument("--import", dest="modules", action="append", default=[], metavar="MODULE",
                        help="load the module that registers the environment; may be repeated")
    parser.add_argument("--domain", default="gymnasium", metavar="NAME",
                        help="family of tasks that scores are averaged over (default: gymnasium)")
    parser.add_argument("--render", action="store_true",
                        help="make pictures, for gato-rollout control --video")
    return parser, parser.parse_args()


def main():
    parser, options = arguments()  # before the imports, so that --help needs none of them
    import gato_environment
    import gymnasium
    try:
        for module in options.modules:
            importlib.import_module(module)
        # Not every environment has the argument.
        rendering = {"render_mode": "rgb_array"} if options.render else {}
        environment = gymnasium.make(options.task, **rendering)
    except (ImportError, gymnasium.error.Error) as error:
        parser.error(error)
    gato_environment.Server(environment, options.task, options.domain,
                            max_steps=environment.spec.max_episode_steps).serve()


if __name__ == "__main__":
    main()
