"""Functions that check-environments and environment-table share: names of environments, and runs
of gato-rollout."""
import fnmatch
import os
import pathlib
import re
import subprocess
import sys
import time


# The programs of the checkout are used if none are on the PATH.
os.environ["PATH"] += f":{pathlib.Path(__file__).resolve().parent.parent / 'build/release/bin'}"


def fail(message):
    sys.exit(f"{sys.argv[0].rsplit('/', 1)[-1]}: error: {message}")


def add_environment_options(parser):
    """Adds the options that gato-rollout control gets from environment_options()."""
    parser.add_argument("--env-path", action="append", default=[], metavar="DIR",
                        help="a directory with descriptions of domains, DOMAIN.toml")
    parser.add_argument("--env-option", "--option", action="append", default=[],
                        metavar="NAME=VALUE", help="an option of the domain")


def environment_options(arguments):
    return [*(word for path in arguments.env_path for word in ("--env-path", path)),
            *(word for option in arguments.env_option for word in ("--env-option", option))]


def names_of(patterns, directories):
    """Returns the names of the environments that match: a domain, or a pattern such as
    metaworld/door-*. The directories are those of --env-path."""
    paths = [word for path in directories for word in ("--env-path", path)]
    try:
        listed = subprocess.run(["gato-rollout", "control", "--list-envs", *paths], check=True,
                                encoding="utf-8", stdout=subprocess.PIPE).stdout.split("\n")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # its message is on standard error
    except OSError as error:
        fail(f"cannot run gato-rollout: {error.strerror}: build it, or put it on the PATH")
    known = [line.split()[0] for line in listed if line]
    names = []
    for pattern in patterns:
        matching = fnmatch.filter(known, pattern if "/" in pattern else f"{pattern}/*")
        if not matching:
            fail(f"{pattern}: no environment of this name is built in or installed:"
                 " scripts/environments --list shows the domains; --env-path finds others")
        names += [name for name in matching if name not in names]
    return names


class Run:
    """A finished run of gato-rollout control; everything that it printed is in the file `log`."""

    def __init__(self, log, *arguments):
        command = ["gato-rollout", "control", *arguments]
        log.write(f"$ {' '.join(command)}\n")
        started = time.monotonic()
        result = subprocess.run(command, encoding="utf-8", errors="replace",
                                capture_output=True)
        self.seconds = time.monotonic() - started
        self.status, self.output = result.returncode, result.stdout
        counts = re.search(r"counts: .*\bsteps (\d+)", result.stderr)
        self.steps = int(counts.group(1)) if counts else 0
        log.write(f"{result.stdout}{result.stderr}# status {self.status}, {self.seconds:.1f} s\n")
        log.flush()


def start_seconds(log, folder, *arguments):
    """Returns how long a run of one step takes."""
    return Run(log, "--policy", "random", "--episodes", "1", "--max-steps", "1", "--batch", "1",
               "-o", str(folder / "start"), "--force", *arguments).seconds


def speed(run, start):
    """Returns the steps per second of a run without its startup, None if it was too short."""
    return run.steps / (run.seconds - start) if run.seconds > 1.2 * start else None
