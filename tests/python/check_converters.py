#!/usr/bin/env python3
"""Converts the samples in tests/samples/convert and compares the results with the episodes in them.

    tests/python/check_converters.py [--programs DIRECTORY] [--samples DIRECTORY] NAME...

NAME is a sample of converter_episodes.py, `refusals` (bad input, bad usage), `checksums` (the
reader of TFRecord files), `timestamps`, `img2dataset`, `older-hdf5`, `older-hdf5-sources`,
`wrong-types`, `ascii-locale` or `all`. The datasets are read with h5py, with gato-tokenize and
gato-info of --programs, and with the Minari library if this Python has it. Exits with 77 if nothing
was checked because a Python package that the converter needs is missing.
"""
import argparse
import contextlib
import dataclasses
import importlib.util
import io
import json
import os
import pathlib
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import warnings

import converter_episodes
from checks import CheckFailed, check, loaded_by_minari, value_at

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CONVERTERS = SOURCE / "share" / "gato" / "convert"
SKIPPED = 77  # the SKIP_RETURN_CODE of CTest
# In this environment, Python reads and writes text files as ASCII unless told otherwise.
ASCII_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def missing(modules):
    """Returns the modules that this Python does not have."""
    return [name for name in modules if importlib.util.find_spec(name) is None]


def run(command, status=0, environment=()):
    """Runs a command, checks its exit status and returns its CompletedProcess."""
    done = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8",
                          env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | dict(environment))
    check(done.returncode == status, f"{' '.join(map(str, command))}: status {done.returncode}, "
          f"expected {status}\n{done.stderr}")
    return done


def convert(sample, samples, output, extra=(), environment=()):
    inputs = [samples / name for name in sample.inputs]
    return run([sys.executable, CONVERTERS / sample.converter, *sample.arguments, *extra, *inputs,
                output], environment=environment)


# The content of the HDF5 file.

def read(group, name):
    """Returns the values below `name` by path."""
    import h5py
    node = group[name]
    if isinstance(node, h5py.Group):
        found = {}
        node.visititems(lambda path, item: found.update({path: item})
                         if isinstance(item, h5py.Dataset) else None)
        return {path: values(item) for path, item in found.items()}
    return {name[:-1]: values(node)}


def values(dataset):
    """Returns the values of a dataset: texts, decoded JPEG frames or numbers."""
    import h5py
    import numpy as np
    kind = h5py.check_dtype(vlen=dataset.dtype)
    if kind is str:
        return [text.decode() for text in dataset[()]]
    if kind is not None:  # JPEG frames
        from PIL import Image
        return np.stack([np.asarray(Image.open(io.BytesIO(frame.tobytes())))
                         for frame in dataset[()]])
    return dataset[()]


def check_equal(what, actual, expected, is_lossy=False):
    """Checks texts or an array. Lossy images only need to be close."""
    import numpy as np
    if isinstance(expected, list):
        check(actual == expected, f"{what}: {actual}, expected {expected}")
        return
    check(actual.shape == expected.shape,
          f"{what}: shape {actual.shape}, expected {expected.shape}")
    if is_lossy:
        error = np.abs(actual.astype(int) - expected.astype(int))
        check(error.mean() < 3 and error.max() < 40,
              f"{what}: differs by {error.mean():.1f} on average and {error.max()} at most")
        return
    if expected.dtype.kind == "f":
        check(actual.dtype == expected.dtype, f"{what}: {actual.dtype}, expected {expected.dtype}")
    check(np.array_equal(actual, expected), f"{what}: {actual}, expected {expected}")


def check_file(sample, output):
    import h5py
    import numpy as np
    with h5py.File(output / "data" / "main_data.hdf5") as file:
        check(file.attrs["gato_task"] == sample.task, f"gato_task {file.attrs['gato_task']}")
        check(len(file) == len(sample.episodes), f"{len(file)} episodes")
        for i, expected in enumerate(sample.episodes):
            group, what = file[f"episode_{i}"], f"episode {i}"
            steps = len(expected.rewards)
            for kind in ("observations", "actions"):
                actual, wanted = read(group, kind), getattr(expected, kind)
                check(set(actual) == set(wanted),
                      f"{what}: {kind} {set(actual)}, expected {set(wanted)}")
                for path, value in wanted.items():
                    check_equal(f"{what}: {path}", actual[path], value, path in sample.lossy)
            is_last = np.arange(steps) == steps - 1
            for name, values_of_steps in (("rewards", expected.rewards.astype(np.float64)),
                                          ("terminations", is_last & expected.terminated),
                                          ("truncations", is_last & expected.truncated)):
                check_equal(f"{what}: {name}", group[name][()], values_of_steps)
            check(group.attrs["total_steps"] == steps, f"{what}: total_steps")
            success = group.attrs.get("gato_success")
            check((success is None) == (expected.success is None)
                  and (success is None or bool(success) == expected.success),
                  f"{what}: gato_success {success}")


def leaves(space, path, root_name):
    """Returns the leaves of a JSON space by path. A space that is a leaf itself is `root_name`."""
    if space["type"] in ("Dict", "Tuple"):
        members = (space["subspaces"].items() if space["type"] == "Dict"
                   else ((f"_index_{i}", s) for i, s in enumerate(space["subspaces"])))
        return {k: v for key, child in members
                for k, v in leaves(child, f"{path}/{key}" if path else key, root_name).items()}
    return {path or root_name: space}


def check_spaces(sample, output):
    import numpy as np
    metadata = json.loads((output / "data" / "metadata.json").read_text())
    found = {key: space for kind in ("observation", "action") for key, space in
             leaves(json.loads(metadata[f"{kind}_space"]), "", kind).items()}
    for key, wanted in sample.spaces.items():
        for name, value in wanted.items():
            check(np.array_equal(found[key][name], value),
                  f"{key}: {name} {found[key][name]}, expected {value}")


# What the programs of gato read.

def is_close(actual, expected):
    """Whether the difference is within one bin of companded values up to 256, or of actions in
    [-128, 128]."""
    return abs(actual - expected) <= 0.005 + 0.03 * abs(expected)


def check_decoded(sample, text):
    """Compares the output of gato-info --decode with the episodes."""
    import numpy as np
    rows = re.findall(
        r"^document (\d+)|^  step (\d+)|^    (observation|action) (\S+) = (.*)$", text,
        re.MULTILINE)
    document = step = None
    checked_count = 0
    for new_document, new_step, kind, key, decoded in rows:
        document = int(new_document) if new_document else document
        step = int(new_step) if new_step else step
        if not kind:
            continue
        expected = getattr(sample.episodes[document], f"{kind}s")[key][step]
        what = f"document {document}, step {step}, {key}"
        if isinstance(expected, str):
            if expected.isascii():
                check(json.loads(decoded) == expected, f"{what}: {decoded}, expected {expected}")
        elif decoded.startswith("image"):
            continue
        else:
            actual = np.ravel(json.loads(decoded))
            check(len(actual) == np.size(expected)
                  and all(map(is_close, actual, np.ravel(expected).astype(float))),
                  f"{what}: {decoded}, expected {expected}")
        checked_count += 1
    steps = sum(len(e.rewards) for e in sample.episodes)
    check(checked_count >= steps, f"{checked_count} values decoded for {steps} steps")


def check_programs(sample, output, programs, folder):
    import numpy as np
    report = json.loads(run([programs / "gato-info", "--json", output]).stdout)
    returns = [float(e.rewards.astype(np.float64).sum()) for e in sample.episodes]
    steps = sum(len(e.rewards) for e in sample.episodes)
    for name, value in (("episodes", len(returns)), ("steps", steps),
                        ("mean_return", np.mean(returns))):
        check(np.isclose(report[name], value),
              f"gato-info: {name} {report[name]}, expected {value}")
    run([programs / "gato-tokenize", "episodes", "--discrete", "separate", "--text-model",
         SOURCE / "tests/reference/text.model", "-o", folder / "tokens.h5", "--force",
         *(["--role", "state/ticks=continuous"] if sample.converter == "rlds.py" else []), output])
    check_decoded(sample, run([programs / "gato-info", "--decode", folder / "tokens.h5"]).stdout)


def check_minari(sample, output):
    """Reads the dataset with the Minari library."""
    import numpy as np
    with warnings.catch_warnings(), loaded_by_minari(output) as dataset:
        warnings.simplefilter("ignore")
        episodes = list(dataset.iterate_episodes())
        check(len(episodes) == len(sample.episodes), f"Minari: {len(episodes)} episodes")
        for episode, expected in zip(episodes, sample.episodes):
            check_equal("Minari: rewards", episode.rewards, expected.rewards.astype(np.float64))
            for kind in ("observation", "action"):
                space = getattr(dataset, f"{kind}_space")
                for step in range(len(expected.rewards)):
                    value = value_at(getattr(episode, f"{kind}s"), step)
                    check(space.contains(value), f"Minari: {kind} {step} {value} not in {space}")
        check(len(dataset.sample_episodes(1)) == 1, "Minari: sampling failed")


def check_sample(name, options, folder):
    sample = converter_episodes.SAMPLES[name]
    output = folder / "out"
    convert(sample, options.samples, output, ["--no-provenance"])
    check_file(sample, output)
    check_spaces(sample, output)
    first = (output / "data/main_data.hdf5").read_bytes()
    convert(sample, options.samples, output, ["--no-provenance", "--force"])
    check(first == (output / "data/main_data.hdf5").read_bytes(),
          "the second conversion wrote different bytes")
    if options.programs:
        check_programs(sample, output, options.programs, folder)
    if not missing(["minari"]):
        check_minari(sample, output)
    leftovers = {path.name for path in folder.iterdir()} - {"out", "tokens.h5"}
    check(not leftovers, f"left behind: {leftovers}")


# Refusals.

def check_refused(folder, status, message, converter, *arguments):
    """Checks that the converter fails with this status and message, and leaves nothing behind."""
    output = folder / "refused"
    done = run([sys.executable, CONVERTERS / converter, *arguments, output], status)
    check(message in done.stderr and done.stderr.count("\n") <= 2,
          f"{converter}: expected '{message}' in:\n{done.stderr}")
    check(not list(folder.glob("*refused*")), f"{converter} left something behind")


def corrupted_copy(samples, folder, name, change):
    """Returns a copy of the samples in which `change` was applied to the bytes of one file."""
    shutil.rmtree(folder / "copy", ignore_errors=True)
    copy = shutil.copytree(samples, folder / "copy")
    path = next(copy.glob(name))
    path.write_bytes(change(path.read_bytes()))
    return copy


def check_refusals(options, folder):
    blocks = options.samples / "rlds/blocks/1.0.0"
    check_refused(folder, 4, "no such file", "rlds.py", folder / "absent")
    check_refused(folder, 2, "train, val", "rlds.py", blocks)
    check_refused(folder, 2, "no such key", "rlds.py", "--split", "val", "--bounds", "speed=0,1",
                  blocks)
    check_refused(folder, 2, "KEY=LOW,HIGH", "rlds.py", "--split", "val", "--bounds", "gripper=1",
                  blocks)
    check_refused(folder, 3, "outside --bounds", "rlds.py", "--split", "val", "--bounds",
                  "world_vector=0,0.1", blocks)
    shard = "rlds/blocks/1.0.0/blocks-train*00000-of*"
    for change, message in (
            (lambda data: data[:-9], "record 1, byte"),
            (lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:], "checksum of its"),
            (lambda data: b"\x01" + data[1:], "checksum of its length"),
            (lambda data: b"", "0 records, but dataset_info.json says 2")):
        copy = corrupted_copy(options.samples, folder, shard, change)
        check_refused(folder, 3, message, "rlds.py", "--split", "train", copy / "rlds/blocks/1.0.0")
    existing = folder / "existing"
    existing.mkdir()
    run([sys.executable, CONVERTERS / "rlds.py", "--force", "--split", "val", blocks, existing], 2)
    check(not list(existing.iterdir()), "a directory that is not a dataset was replaced")
    if missing(["pyarrow"]):
        print("skipped: refusals that need pyarrow")
        return
    check_refused(folder, 2, "test, train", "jat.py", options.samples / "jat/atari-pong")
    check_refused(folder, 3, "not a control task", "jat.py",
                  options.samples / "minari-parquet/data/0")
    check_refused(folder, 3, "row 0", "jat.py", "--bounds", "action=0,1",
                  options.samples / "jat/atari-pong/train-00000-of-00002.parquet")
    copy = corrupted_copy(options.samples, folder, "jat/mujoco-ant/*.parquet",
                          lambda data: data[:900])
    check_refused(folder, 3, "train-00000-of-00001.parquet", "jat.py", copy / "jat/mujoco-ant")
    copy = corrupted_copy(options.samples, folder, "lerobot/v2.1/meta/tasks.jsonl",
                          lambda data: data.splitlines(True)[0])
    check_refused(folder, 3, "task_index 1", "lerobot.py", copy / "lerobot/v2.1")
    (next(copy.glob("lerobot/v2.1/data/chunk-000/*2.parquet"))).unlink()
    check_refused(folder, 3, "total_episodes 3", "lerobot.py", "--exclude", "task",
                  copy / "lerobot/v2.1")
    copy = corrupted_copy(options.samples, folder, "minari-arrow/data/1/metadata.json",
                          lambda data: data.replace(b'"total_steps": 2', b'"total_steps": 9'))
    check_refused(folder, 3, "9 steps", "minari_arrow.py", copy / "minari-arrow")
    output = folder / "skipped"
    done = run([sys.executable, CONVERTERS / "minari_arrow.py", "--skip-bad", "1",
                copy / "minari-arrow", output])
    check("read 2, written 1, empty 0, skipped 1, steps 3" in done.stderr, done.stderr)


def mutations(value):
    """Yields copies of a JSON value, each with one value at any depth replaced or removed, and what
    was changed. Of lists, the first and the last item are changed."""
    def paths(node, path):
        yield path
        children = node.items() if isinstance(node, dict) else (
            [(0, node[0]), (len(node) - 1, node[-1])] if isinstance(node, list) and node else [])
        for key, child in children:
            yield from paths(child, [*path, key])

    for path in paths(value, []):
        for new in (None, 7, -1, "x", True, [None], {"a": 1}, ...):
            copy = json.loads(json.dumps(value))
            parent = copy
            for key in path[:-1]:
                parent = parent[key]
            if not path:
                copy = new
            elif new is ...:
                del parent[path[-1]]
            else:
                parent[path[-1]] = new
            if copy is not ...:
                yield copy, f"{'.'.join(map(str, path))} = {new}"


def convert_here(converter, arguments):
    """Runs a converter in this process. Returns its exit status and its messages."""
    messages = io.StringIO()
    previous = sys.argv, sys.path[:]
    sys.argv = [converter, *map(str, arguments)]
    sys.path.insert(0, str(CONVERTERS))
    try:
        with contextlib.redirect_stderr(messages):
            runpy.run_path(str(CONVERTERS / converter), run_name="__main__")
    except SystemExit as error:
        return error.code, messages.getvalue()
    finally:
        sys.argv, sys.path = previous
    return 0, messages.getvalue()


def check_wrong_types(options, folder):
    """Converts datasets with values of wrong types in their JSON: each is converted or refused with
    a message that names the file or the dataset, and none ends with an exception of Python."""
    for name, path in (("lerobot-v2.0", "meta/info.json"), ("lerobot-v2.0", "meta/tasks.jsonl"),
                       ("lerobot-v3.0", "meta/info.json"), ("rlds", "dataset_info.json"),
                       ("rlds", "features.json"), ("minari-arrow", "data/metadata.json"),
                       ("minari-arrow", "data/0/metadata.json"),
                       ("minari-arrow", "observation_space"), ("jat-babyai", "state.json")):
        sample = converter_episodes.SAMPLES[name]
        dataset = folder / name
        if not dataset.exists():
            shutil.copytree(options.samples / sample.inputs[0], dataset)
        file = next(dataset.rglob(path), None) or dataset / "data/metadata.json"
        lines = file.read_text().split("\n") if path.endswith("l") else [file.read_text()]
        first = json.loads(lines[0])
        is_space = path == "observation_space"
        for changed, what in mutations(json.loads(first[path]) if is_space else first):
            text = json.dumps({**first, path: json.dumps(changed)} if is_space else changed)
            file.write_text("\n".join([text, *lines[1:]]))
            try:
                status, messages = convert_here(sample.converter, [
                    *sample.arguments, "--force", dataset, folder / "out"])
            except Exception as error:
                raise CheckFailed(f"{name}, {path}: {what}: {error!r}") from error
            check(status in (0, 2, 3, 4), f"{name}, {path}: {what}: status {status}\n{messages}")
            check(status == 0 or str(dataset) in messages or status == 2,
                  f"{name}, {path}: {what}: the message names no file: {messages}")
        file.write_text("\n".join([json.dumps(first), *lines[1:]]))


def check_timestamps(options, folder):
    """Checks that the frames of a video are found by the timestamps of the rows, not by counting
    rows: rows that were taken out of a table take their frames with them."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    sample = converter_episodes.SAMPLES["lerobot-v2.0"]
    dataset = shutil.copytree(options.samples / sample.inputs[0], folder / "copy")
    path = dataset / "data/chunk-000/episode_000002.parquet"
    info = dataset / "meta/info.json"
    info.write_text(info.read_text().replace('"total_frames": 12', '"total_frames": 10'))
    original, kept = pq.read_table(path), [0, 1, 4]

    def write(timestamps):
        table = original.take(kept)
        for name, values in (("frame_index", pa.array(range(len(kept)))),
                             ("timestamp", pa.array(timestamps, pa.float32()))):
            table = table.set_column(table.schema.get_field_index(name), name, values)
        pq.write_table(table, path)

    write([0.0, 0.1, 0.4])
    output = folder / "out"
    run([sys.executable, CONVERTERS / "lerobot.py", *sample.arguments, dataset, output])
    import h5py
    with h5py.File(output / "data/main_data.hdf5") as file:
        found = values(file["episode_2/observations/images.top"])
    expected = sample.episodes[2].observations["images.top"][kept]
    check_equal("the frames of episode 2", found[:len(kept)], expected, is_lossy=True)
    for timestamps, message in (([0.0, 0.1, 0.33], "row 2 of the episode"),
                                ([0.0, 0.1, 0.7], "row 2 of the episode"),
                                ([0.0, 0.1, 0.1], "does not come after")):
        write(timestamps)
        check_refused(folder, 3, message, "lerobot.py", dataset)


def check_img2dataset(_options, folder):
    """Writes the .json files of a folder of img2dataset."""
    import pyarrow
    import pyarrow.parquet
    converter = CONVERTERS / "img2dataset_json.py"
    (folder / "root/00000").mkdir(parents=True)
    rows = [{"key": f"{number:09}", "url": f"http://x.org/{number}", "caption": f"caption {number}",
             "status": "success", "width": 16} for number in range(4)]
    rows[3] |= {"url": "http://x.org/ü", "caption": "größe"}
    rows[1]["status"] = "failed_to_download"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "root/00000.parquet")
    for row in rows[:1] + rows[2:]:
        (folder / "root/00000" / f"{row['key']}.jpg").write_bytes(b"")
    existing = folder / "root/00000/000000002.json"
    existing.write_text("{}")
    done = run([sys.executable, converter, folder / "root"], environment=ASCII_LOCALE)
    check("written 2, already there 1, without an image 1" in done.stderr, done.stderr)
    check(existing.read_text() == "{}", "an existing file was changed")
    entry = json.loads((folder / "root/00000/000000003.json").read_text(encoding="utf-8"))
    check(all(entry[key] == rows[3][key] for key in ("key", "url", "caption")),
          f"wrong entry {entry}")
    check(not list(folder.rglob("*.tmp")), "a temporary file is left")
    check(not (folder / "root/00000/000000001.json").exists(), "a file without an image")
    run([sys.executable, converter, folder], status=3)
    run([sys.executable, converter, folder / "absent"], status=4)
    (folder / "root/00000.parquet").write_bytes(b"PAR1")
    check("00000.parquet" in run([sys.executable, converter, folder / "root"], status=3).stderr,
          "the message does not name the file")


def check_ascii_locale(options, folder):
    """Converts the samples in a locale whose encoding is ASCII: the result is the same, and names
    and texts outside ASCII are kept."""
    task = "größe"
    for name, sample in converter_episodes.SAMPLES.items():
        if not missing(sample.needs):
            convert(sample, options.samples, folder / name, ["--task", task],
                    environment=ASCII_LOCALE)
            check_file(dataclasses.replace(sample, task=task), folder / name)
    sample = converter_episodes.SAMPLES["lerobot-v2.1"]
    if missing(sample.needs):
        print("skipped: the texts of LeRobot")
        return
    # str.splitlines() ends lines at the last two characters, which JSON need not escape.
    text = "größe\u2028\u0085"
    dataset = shutil.copytree(options.samples / sample.inputs[0], folder / "lerobot")
    path = dataset / "meta/tasks.jsonl"
    lines = path.read_text(encoding="utf-8").replace("pick up the cube", text)
    path.write_text(lines, encoding="utf-8")
    changed = [dataclasses.replace(episode, observations=episode.observations | {
        "task": [word.replace("pick up the cube", text) for word in episode.observations["task"]]})
        for episode in sample.episodes]
    sample = dataclasses.replace(sample, inputs=["lerobot"], episodes=changed)
    convert(sample, folder, folder / "out", environment=ASCII_LOCALE)
    check_file(sample, folder / "out")
    path.write_bytes(lines.encode("latin-1", "replace"))
    check_refused(folder, 3, str(path), "lerobot.py", dataset)


def check_older_hdf5(_options, folder):
    """Copies an HDF5 file of the newest version that this h5py writes."""
    import h5py
    import numpy as np
    converter = CONVERTERS / "older_hdf5.py"
    old, new = folder / "old.h5", folder / "new.h5"
    with h5py.File(old, "w", libver="latest") as file:
        file.attrs["name"] = "caf\u00e9"
        file.attrs["flag"] = np.bool_(True)
        group = file.create_group("a/b")
        group.attrs["list"] = ["x", "yy"]
        group.create_dataset("packed", data=np.arange(60).reshape(20, 3), chunks=(7, 3),
                             compression="lzf", maxshape=(None, 3)).attrs["unit"] = 2.5
        group["flags"] = np.array([True, False])
        group["texts"] = ["one", "", "three"]
        group["scalar"], group["none"] = 3, h5py.Empty("f4")
        group["rows"] = np.zeros((0, 4), np.uint8)
        frames = group.create_dataset("frames", (2,), h5py.vlen_dtype(np.uint8))
        frames[0], frames[1] = np.arange(5, dtype=np.uint8), np.arange(2, dtype=np.uint8)
        file["soft"], file["external"] = h5py.SoftLink("/a"), h5py.ExternalLink("x.h5", "/y")
        file["hard"], file["parent"] = group["packed"], file["a"]
        group["loop"] = file["a"]
    run([sys.executable, converter, old, new])
    with h5py.File(old) as one, h5py.File(new) as two:
        def contents(file):
            found = {}

            def visit(name, item):
                is_set = isinstance(item, h5py.Dataset)
                value = item[()] if is_set and item.shape is not None else None
                if is_set and value is not None:
                    value = np.asarray(value).tolist()
                found[name] = (str(item.dtype) if is_set else None, str(value),
                               {key: str(item.attrs[key]) for key in item.attrs})
            file.visititems(visit)
            return found
        check(contents(one) == contents(two), f"{contents(one)} became {contents(two)}")
        check(two.attrs["name"] == "caf\u00e9" and two.attrs["flag"], "the attributes of the file")
        check(two.get("soft", getlink=True).path == "/a", "the soft link")
        check(two.get("external", getlink=True).filename == "x.h5", "the external link")
        check(two["hard"] == two["a/b/packed"] and two["a/b/loop"] == two["a"], "the hard links")
        check(two["a/b/packed"].compression == "gzip", "the compression")
        check(two.libver[1] == "v110", f"the versions {two.libver}")
    run([sys.executable, converter, old, new], status=2)
    run([sys.executable, converter, "--force", old, old], status=2)
    run([sys.executable, converter, folder / "absent", folder / "x"], status=4)
    check(sorted(path.name for path in folder.iterdir()) == ["new.h5", "old.h5"], "files are left")


def check_older_hdf5_sources(_options, folder):
    """Copies virtual datasets, with and without their sources, and datasets with gaps."""
    import h5py
    import numpy as np
    converter = CONVERTERS / "older_hdf5.py"
    rows = np.arange(24, dtype="f4").reshape(8, 3)
    for i in range(2):
        with h5py.File(folder / f"part{i}.h5", "w") as file:
            file["rows"] = rows[4 * i:4 * i + 4]
            file.create_dataset("grown", data=rows[4 * i:4 * i + 4], maxshape=(None, 3))
    with h5py.File(folder / "joined.h5", "w", libver="latest") as file:
        layout = h5py.VirtualLayout((8, 3), "f4")
        for i in range(2):
            layout[4 * i:4 * i + 4] = h5py.VirtualSource(f"part{i}.h5", "rows", (4, 3))
        file.create_virtual_dataset("rows", layout)
    with h5py.File(folder / "nested.h5", "w", libver="latest") as file:
        layout = h5py.VirtualLayout((8, 3), "f4")
        layout[:] = h5py.VirtualSource("joined.h5", "rows", (8, 3))
        file.create_virtual_dataset("rows", layout)
    with h5py.File(folder / "numbered.h5", "w", libver="latest") as file:
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        unlimited = h5py.h5s.UNLIMITED
        space = h5py.h5s.create_simple((8, 3), (unlimited, 3))
        space.select_hyperslab((0, 0), (unlimited, 1), (4, 1), (4, 3))
        create.set_virtual(space, b"part%b.h5", b"rows", h5py.h5s.create_simple((4, 3)))
        h5py.h5d.create(file.id, b"rows", h5py.h5t.IEEE_F32LE,
                        h5py.h5s.create_simple((8, 3), (unlimited, 3)), create)
    with h5py.File(folder / "grown.h5", "w", libver="latest") as file:
        layout = h5py.VirtualLayout((4, 3), "f4", maxshape=(None, 3))
        source = h5py.VirtualSource("part1.h5", "grown", (4, 3), maxshape=(None, 3))
        layout[0:unlimited] = source[0:unlimited]
        file.create_virtual_dataset("rows", layout)
    new = folder / "new.h5"
    names = {"joined.h5": rows, "nested.h5": rows, "numbered.h5": rows, "grown.h5": rows[4:]}
    for name, expected in names.items():
        run([sys.executable, converter, "--force", folder / name, new])
        with h5py.File(new) as file:
            check((file["rows"][()] == expected).all(), f"{name}: the rows")
            check(not file["rows"].is_virtual, f"{name}: a virtual dataset")
    new.unlink()
    (folder / "part1.h5").rename(folder / "away.h5")
    for name in names:
        error = run([sys.executable, converter, folder / name, new], status=4).stderr
        check("part1.h5" in error and "/rows" in error, f"{name}: {error}")
    (folder / "away.h5").rename(folder / "part1.h5")
    with h5py.File(folder / "part1.h5", "a") as file:
        file.move("rows", "other")
    error = run([sys.executable, converter, folder / "nested.h5", new], status=3).stderr
    check("part1.h5" in error and '"rows"' in error, error)
    with h5py.File(folder / "part1.h5", "a") as file:
        file["rows"] = rows[:2]
    run([sys.executable, converter, folder / "joined.h5", new], status=3)

    with h5py.File(folder / "gaps.h5", "w") as file:
        file.create_dataset("a", (8, 3), "f4", chunks=(2, 3), fillvalue=7)[2:4] = rows[2:4]
        file.create_dataset("b", (4,), "i4")
    error = run([sys.executable, converter, folder / "gaps.h5", new]).stderr
    check("/a: 3 of 4 chunks" in error and "1 more" in error, error)
    with h5py.File(folder / "gaps.h5") as one, h5py.File(new) as two:
        check((one["a"][()] == two["a"][()]).all(), "the fill value")
        check(two["a"].id.get_num_chunks() == 1, "chunks that were not written")
        check(two["b"].id.get_storage_size() == 0, "elements that were not written")


def check_checksums(_options, _folder):
    """Compares with known CRCs, and with a bitwise implementation at lengths around those at which
    the number of lanes changes."""
    sys.path.insert(0, str(CONVERTERS))
    import tf_record

    def bitwise_crc32c(data):
        state = 0xFFFFFFFF
        for byte in data:
            state ^= byte
            for _ in range(8):
                state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
        return state ^ 0xFFFFFFFF

    check(tf_record.crc32c(b"123456789") == 0xE3069283, "the CRC of 123456789")
    check(tf_record.crc32c(bytes(32)) == 0x8A9136AA, "the CRC of 32 zeros (RFC 3720, B.4)")
    for length in [*range(70), 1023, 1024, 1025, 5000]:
        data = bytes((7 * i + length) % 251 for i in range(length))
        check(tf_record.crc32c(data) == bitwise_crc32c(data), f"the CRC of {length} bytes")


CHECKS = {"refusals": (check_refusals, ("PIL",)), "checksums": (check_checksums, ()),
          "timestamps": (check_timestamps, ("pyarrow", "av")),
          "wrong-types": (check_wrong_types, ("PIL", "pyarrow", "av")),
          "img2dataset": (check_img2dataset, ("pyarrow",)),
          "ascii-locale": (check_ascii_locale, ()),
          "older-hdf5": (check_older_hdf5, ()),
          "older-hdf5-sources": (check_older_hdf5_sources, ())}


def check_one(name, options):
    """Returns whether the check ran, or was skipped because a module is missing."""
    function, needs = CHECKS.get(name) or (
        lambda options, folder: check_sample(name, options, folder),
        converter_episodes.SAMPLES[name].needs)
    if absent := missing(["h5py", *needs]):
        print(f"skipped: {name}: {sys.executable} does not have {' and '.join(absent)}")
        return False
    with tempfile.TemporaryDirectory() as folder:
        function(options, pathlib.Path(folder))
    print(f"{name}: as expected")
    return True


def main():
    names = [*converter_episodes.SAMPLES, *CHECKS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", metavar="DIRECTORY", type=lambda p: pathlib.Path(p).resolve(),
                        help="the directory of gato-tokenize and gato-info")
    parser.add_argument("--samples", metavar="DIRECTORY", type=pathlib.Path,
                        default=SOURCE / "tests/samples/convert")
    parser.add_argument("names", metavar="NAME", nargs="+", choices=[*names, "all"],
                        help=", ".join([*names, "all"]))
    options = parser.parse_args()
    try:
        checked = [check_one(name, options)
                   for name in (names if "all" in options.names else options.names)]
    except CheckFailed as error:
        sys.exit(f"failed: {error}")
    sys.exit(0 if any(checked) else SKIPPED)


if __name__ == "__main__":
    main()
