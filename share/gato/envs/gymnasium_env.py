#!/usr/bin/env python3
"""Serves a Gymnasium environment, given by its ID, to gato-rollout:

  gato-rollout control --check-env --env-command \\
    'venv/bin/python gymnasium_env.py --task CartPole-v1'

venv/bin/python is a Python interpreter with gymnasium, numpy and whatever else
the environment needs. The spaces may be Box, Discrete, MultiDiscrete,
MultiBinary and Text, and Dict and Tuple of these.
"""
import argparse
import importlib


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", required=True, metavar="ID",
                        help="environment, such as CartPole-v1, or ALE/Pong-v5 with "
                             "--import ale_py")
    parser.add_argument("--import", dest="modules", action="append", default=[], metavar="MODULE",
                        help="import a module that registers environments; may be repeated")
    parser.add_argument("--domain", default="gymnasium", metavar="NAME",
                        help="domain of the task, over which scores are averaged "
                             "(default: gymnasium)")
    parser.add_argument("--render", action="store_true",
                        help="render images, for gato-rollout control --video")
    return parser, parser.parse_args()


def main():
    # Parsed before the imports, so that --help needs none of the modules.
    parser, options = parse_arguments()
    import gato_environment
    import gymnasium
    try:
        for module in options.modules:
            importlib.import_module(module)
        # Not every environment accepts render_mode, so pass it only if it is needed.
        render_arguments = {"render_mode": "rgb_array"} if options.render else {}
        environment = gymnasium.make(options.task, **render_arguments)
    except (ImportError, gymnasium.error.Error) as error:
        parser.error(error)
    gato_environment.Server(environment, options.task, options.domain,
                            max_steps=environment.spec.max_episode_steps).serve()


if __name__ == "__main__":
    main()
