"""Code that all converters share: the command line, the loop over episodes, and the counts.

A converter describes its source as an object with

    task, domain, agent  names for the dataset, or None
    spaces               {"observations": JSON text, "actions": JSON text} if the source declares
                         its spaces; None to infer them from the values
    metadata             additional entries of metadata.json
    inputs               the files that it reads
    records()            yields (label, function that returns the Episode)
    notes()              yields remarks on what was left out or filled in, after all records

and passes a function that opens the source to `main`.

The modules that need numpy and h5py are imported inside functions, so that `main` can first report
which packages to install.
"""
import argparse
import json
import os
import pathlib
import signal
import sys

from errors import BadInputError, ConversionError, IoError, UsageError, require_module

EXIT_STATUSES = """\
exit status: 0 success, 1 the run failed, 2 invalid options or a missing Python package,
3 invalid input, 4 a file is missing, or cannot be read or written, 130 or 143 interrupted.

The output is a Minari 0.5 dataset (OUTPUT_DIR/data/main_data.hdf5 and metadata.json). It appears
complete or not at all. README.md next to this program lists what is converted and what is lost."""


def argument_parser(description, inputs_help, many_inputs=True):
    """Returns a parser with the options of every converter."""
    parser = argparse.ArgumentParser(
        description=description, epilog=EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", metavar="INPUT", nargs="+" if many_inputs else 1,
                        type=pathlib.Path, help=inputs_help)
    parser.add_argument("output", metavar="OUTPUT_DIR", type=pathlib.Path,
                        help="the Minari dataset to write")
    parser.add_argument("--force", action="store_true",
                        help="replace OUTPUT_DIR if it is a Minari dataset")
    parser.add_argument("--task", metavar="NAME", help="name of the task: the attribute gato_task")
    parser.add_argument("--domain", metavar="NAME",
                        help="domain of the task: the attribute gato_domain")
    parser.add_argument("--source", metavar="NAME",
                        help="name of the agent that played: the attribute gato_source, shown "
                             "in tables and part of the dataset id")
    parser.add_argument("--skip-bad", metavar="N", type=int, default=0,
                        help="skip and count up to N bad episodes")
    parser.add_argument("--no-provenance", action="store_true",
                        help="omit gato_provenance, so that the same input gives the same bytes")
    return parser


def add_space_options(parser):
    """Adds the options for sources that do not declare their spaces."""
    parser.add_argument(
        "--bounds", metavar="KEY=LOW,HIGH", action="append", default=[],
        help="bounds of a key; KEY=data takes the minimum and maximum of the data. By default, "
             "real numbers have no bounds and integers those of the data. Give actions the "
             "bounds of their environment: gato-tokenize scales bounded actions by them. The "
             "key of a single observation is `observation`, that of a single action `action`")


def parse_bounds(options):
    """Parses --bounds into {key: (low, high)}, or {key: None} for the bounds of the data."""
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
            raise UsageError(f"--bounds {text}: LOW is greater than HIGH")
        bounds[key] = low_high
    return bounds


def first_of(*values):
    """Returns the first value that is neither None nor empty, or None."""
    return next((value for value in values if value), None)


def as_utf8(text):
    """Returns text from the command line or from a path, whose bytes Python keeps as surrogates if
    they are not in the encoding of the locale, as text that can be stored."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def provenance(program, arguments, inputs):
    """Returns provenance as gato's programs store it, but without digests of the inputs, which
    would require reading them twice."""
    return json.dumps({
        "program": program, "version": "", "argv": list(map(as_utf8, [program, *arguments])),
        "configuration": {}, "seed": 0, "parents": [],
        "inputs": [{"path": as_utf8(str(path)), "size": path.stat().st_size} for path in inputs]})


NULL = type(None)
TYPE_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false",
              list: "a list", dict: "an object", NULL: "null"}


def check_json(value, shape, where):
    """Raises BadInputError, beginning with `where`, unless a JSON value has a shape: a type, a
    tuple of types, a list of the shape of all its items, a dictionary of the shapes of some keys,
    or a function that checks a value and takes the arguments of this one except the shape. A key
    that begins with `!` is required, and `*` means all keys."""
    if isinstance(shape, (list, dict)):
        check_json(value, type(shape), where)
        if isinstance(shape, list):
            for index, item in enumerate(value):
                check_json(item, shape[0], f"{where}[{index}]")
            return
        for key, child in shape.items():
            name = key.removeprefix("!")
            if name != key and name not in value:
                raise BadInputError(f"{where}: there is no {name}")
            for found in (value if key == "*" else {name} & value.keys()):
                check_json(value[found], child, f"{where}: {found}")
    elif isinstance(shape, (type, tuple)):
        types = shape if isinstance(shape, tuple) else (shape,)
        # bool is a subclass of int.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            expected = " or ".join(dict.fromkeys(TYPE_NAMES[each] for each in types))
            raise BadInputError(f"{where}: expected {expected}, not {json.dumps(value)[:80]}")
    else:
        shape(value, where)


def parse_json(text, shape, where):
    """Returns JSON of a shape of check_json. Raises BadInputError, beginning with `where`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{where}: {error}") from None
    check_json(value, shape, where)
    return value


def read_text(path):
    """Returns the content of a text file. Raises BadInputError if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except ValueError as error:
        raise BadInputError(f"{path}: {error}") from None


def load_json(path, missing_message, shape):
    """Returns the content of a JSON file. Raises BadInputError if it is not valid JSON of a shape
    of check_json, or with `missing_message` if there is no such file."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise BadInputError(missing_message) from None
    return parse_json(text, shape, str(path))


def write_dataset(writer, source, spaces, skip_bad):
    """Writes all episodes and returns the counts. `spaces` is an EpisodeSpaces that collects
    what the values span, or None if the source declares its spaces."""
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
        except BadInputError as error:
            counts["skipped"] += 1
            if counts["skipped"] > skip_bad:
                raise
            print(f"skipped: {error}", file=sys.stderr)
    if counts["written"] == 0:
        raise BadInputError(f"no episode to write: read {counts['read']}, of which "
                            f"{counts['empty']} have no steps and {counts['skipped']} are bad")
    return counts


def convert(options, open_source):
    """Converts the source that `open_source(options)` returns to options.output."""
    import inferred_space
    import minari_writer
    if options.skip_bad < 0:
        raise UsageError("--skip-bad must not be negative")
    minari_writer.check_output(options.output, options.force)
    for path in options.inputs:
        if not path.exists():
            raise IoError(f"{path}: no such file or directory")
    source = open_source(options)
    # The source may have added bounds that it declares itself.
    bounds = parse_bounds(getattr(options, "bounds", []))
    with minari_writer.MinariWriter(options.output, options.force) as writer:
        spaces = None if source.spaces else inferred_space.EpisodeSpaces(bounds)
        counts = write_dataset(writer, source, spaces, options.skip_bad)
        names = {"gato_task": first_of(options.task, source.task),
                 "gato_domain": first_of(options.domain, source.domain),
                 "gato_source": first_of(options.source, source.agent)}
        attributes = {key: as_utf8(name) for key, name in names.items() if name}
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
    """Runs the program. `open_source` returns the source for the parsed options."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    options = parser.parse_args()
    try:
        require_module("numpy", "numpy")
        require_module("h5py", "h5py")
        convert(options, open_source)
    except ConversionError as error:
        status, message = error.status, str(error)
    except OSError as error:
        status, message = IoError.status, str(error)
    else:
        return
    print(f"{parser.prog}: error: {message}", file=sys.stderr)
    sys.exit(status)
