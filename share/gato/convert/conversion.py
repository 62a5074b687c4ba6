"""What the converters share: command line, exit statuses, counts, the loop over episodes.

A converter describes its source as an object with

    task, domain, agent  names for the dataset, or None
    spaces               None, or {"observations": JSON text, "actions": JSON text}
                         where the source itself says what its spaces are
    metadata             further entries of metadata.json
    inputs               the files it reads
    records()            yields (label, function that reads the Episode)
    notes()              remarks on what was left out or filled in, after all records

and passes a function that opens it to `main`.
"""
import argparse
import json
import os
import pathlib
import signal
import sys

EXIT_STATUSES = """\
exit status: 0 done, 1 the run failed, 2 usage or a missing Python package, 3 bad input data,
4 input or output cannot be read or written, 130 or 143 interrupted.

The output is a Minari 0.5 dataset (OUTPUT/data/main_data.hdf5 and metadata.json); it appears
whole or not at all. README.md beside this program says what is converted and what is lost."""


class Failure(Exception):
    """Ends the program with `status` and one line."""
    status = 1


class UsageError(Failure):
    status = 2


class BadInput(Failure):
    status = 3


class IoError(Failure):
    status = 4


def need(module, package):
    """Imports `module`, or says which package to install."""
    try:
        return __import__(module, fromlist=["*"])
    except ImportError as error:
        raise UsageError(f"{package} is needed here ({error}): "
                         f"{sys.executable} -m pip install {package}") from error


def argument_parser(description, inputs_help, many_inputs=True):
    """The options that every converter has; the first line of `description` is its purpose."""
    parser = argparse.ArgumentParser(
        description=description, epilog=EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", metavar="INPUT", nargs="+" if many_inputs else 1,
                        type=pathlib.Path, help=inputs_help)
    parser.add_argument("output", metavar="OUTPUT_DIR", type=pathlib.Path,
                        help="the Minari dataset to write")
    parser.add_argument("--force", action="store_true",
                        help="replace OUTPUT_DIR where it is a Minari dataset")
    parser.add_argument("--task", metavar="NAME", help="the task's name, gato_task of the dataset")
    parser.add_argument("--domain", metavar="NAME", help="its domain, gato_domain")
    parser.add_argument("--source", metavar="NAME",
                        help="the agent that acted, gato_source (for tables and the dataset's id)")
    parser.add_argument("--skip-bad", metavar="N", type=int, default=0,
                        help="leave out up to N episodes that are bad, and count them")
    parser.add_argument("--no-provenance", action="store_true",
                        help="leave out gato_provenance: the same input gives the same bytes")
    return parser


def add_space_options(parser):
    """For sources that do not say what their spaces are."""
    parser.add_argument(
        "--bounds", metavar="KEY=LOW,HIGH", action="append", default=[],
        help="bounds of a key, or KEY=data for the least and greatest value found. Without: none "
             "for real numbers, those found for integers. Give an action the bounds of its "
             "environment: gato-tokenize scales bounded actions from them. The key of a single "
             "observation is `observation`, of a single action `action`")


def parse_bounds(options):
    """{key: None for those of the data, or (low, high)}"""
    bounds = {}
    for text in options:
        key, equals, values = text.rpartition("=")
        try:
            low_high = None if values == "data" else tuple(float(v) for v in values.split(","))
            if not equals or not key or (low_high and len(low_high) != 2):
                raise ValueError
        except ValueError:
            raise UsageError(f"--bounds {text}: write KEY=LOW,HIGH or KEY=data") from None
        if low_high and not low_high[0] <= low_high[1]:
            raise UsageError(f"--bounds {text}: the low bound is above the high one")
        bounds[key] = low_high
    return bounds


def first_of(*values):
    return next((value for value in values if value), None)


def provenance(program, arguments, inputs):
    """As the programs of gato store it, without digests: inputs are read only once."""
    return json.dumps({
        "program": program, "version": "", "argv": [program, *arguments], "configuration": {},
        "seed": 0, "parents": [],
        "inputs": [{"path": str(path), "size": path.stat().st_size} for path in inputs]})


def write_dataset(writer, source, spaces, skip_bad):
    """Appends all episodes; returns the counts. `spaces` infers spaces, or is None."""
    import inferred_space
    counts = {"read": 0, "written": 0, "empty": 0, "skipped": 0}
    for label, read in source.records():
        counts["read"] += 1
        try:
            episode = read()
            if episode.steps == 0:
                counts["empty"] += 1
                continue
            if spaces:
                episode = inferred_space.stored_episode(episode)
            with writer.episode(episode, label):
                if spaces:
                    spaces.add(episode, label)
            counts["written"] += 1
        except BadInput as error:
            counts["skipped"] += 1
            if counts["skipped"] > skip_bad:
                raise
            print(f"skipped: {error}", file=sys.stderr)
    if counts["written"] == 0:
        raise BadInput(f"no episode to write: {counts['read']} read, {counts['empty']} of them "
                       f"without a step, {counts['skipped']} bad")
    return counts


def convert(options, open_source):
    import inferred_space
    import minari_writer
    if options.skip_bad < 0:
        raise UsageError("--skip-bad must not be negative")
    minari_writer.check_output(options.output, options.force)
    for path in options.inputs:
        if not path.exists():
            raise IoError(f"{path}: no such file or directory")
    source = open_source(options)
    # After the source, which may know bounds itself and add them.
    bounds = parse_bounds(getattr(options, "bounds", []))
    with minari_writer.MinariWriter(options.output, options.force) as writer:
        spaces = None if source.spaces else inferred_space.EpisodeSpaces(bounds)
        counts = write_dataset(writer, source, spaces, options.skip_bad)
        attributes = {"gato_task": first_of(options.task, source.task),
                      "gato_domain": first_of(options.domain, source.domain),
                      "gato_source": first_of(options.source, source.agent)}
        if not options.no_provenance:
            attributes["gato_provenance"] = provenance(
                os.path.basename(sys.argv[0]), sys.argv[1:], source.inputs)
        writer.commit(attributes, source.spaces or spaces.to_json(), source.metadata)
    program = os.path.basename(sys.argv[0])
    for note in source.notes():
        print(f"{program}: {note}", file=sys.stderr)
    texts = [f"{name} {count}" for name, count in (counts | {"steps": writer.steps}).items()]
    print(f"{program}: counts: {', '.join(texts)}", file=sys.stderr)


def _stop(number, _frame):
    raise SystemExit(128 + number)


def main(parser, open_source):
    """Runs the program; `open_source` makes the source from the parsed options."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    options = parser.parse_args()
    try:
        need("numpy", "numpy")
        need("h5py", "h5py")
        convert(options, open_source)
    except Failure as error:
        status, message = error.status, str(error)
    except OSError as error:
        status, message = IoError.status, str(error)
    else:
        return
    print(f"{parser.prog}: error: {message}", file=sys.stderr)
    sys.exit(status)
