#!/usr/bin/env python3
"""Writes the .json files that are missing next to the images that img2dataset downloaded.

ROOT is the output directory of img2dataset --output_format files: NNNNN.parquet next to the
directory NNNNN of its images. gato-tokenize captions does not read Parquet, but finds the image of
a row by the URL in the .json file next to the image. Existing .json files are left alone.
"""
import argparse
import json
import os
import pathlib
import sys

from errors import BadInputError, ConversionError, IoError, require_module

EXTENSIONS = (".jpg", ".png", ".webp", ".jpeg")
ROWS = 10000  # rows in memory at a time


def image_keys(folder):
    """Returns the names, without extensions, of the images in a directory."""
    return {path.stem for path in folder.iterdir() if path.suffix in EXTENSIONS}


def write_json(path, entry):
    """Writes a file that appears complete or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(json.dumps(entry, ensure_ascii=False), encoding="utf-8")
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def rows_of(path):
    """Yields the rows of a Parquet file of img2dataset as dictionaries."""
    pyarrow = require_module("pyarrow", "pyarrow")
    parquet = require_module("pyarrow.parquet", "pyarrow")
    try:
        with parquet.ParquetFile(path) as table:
            names = set(table.schema_arrow.names)
            if missing := {"key", "url"} - names:
                raise BadInputError(f"{path}: it has no column {' and '.join(sorted(missing))}: is "
                                    "it a file of img2dataset?")
            columns = [name for name in ("key", "url", "caption", "status") if name in names]
            for batch in table.iter_batches(batch_size=ROWS, columns=columns):
                yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        # pyarrow reports corrupt files as an OSError without errno.
        error_type = IoError if getattr(error, "errno", None) else BadInputError
        raise error_type(f"{path}: {error}") from error


def convert_shard(table_path, counts):
    """Writes the .json files of one shard."""
    folder = table_path.with_suffix("")
    images, seen = image_keys(folder), set()
    for entry in rows_of(table_path):
        key = entry["key"]
        if key not in images:
            counts["without an image"] += 1
            continue
        if key in seen or not isinstance(entry["url"], str):
            raise BadInputError(f"{table_path}: key {key}: it has two rows or no url")
        seen.add(key)
        path = folder / f"{key}.json"
        if path.exists():
            counts["already there"] += 1
        else:
            write_json(path, entry)
            counts["written"] += 1
    counts["images without a row"] += len(images - seen)


def convert_root(root, counts):
    if not root.is_dir():
        raise IoError(f"{root}: not a directory")
    shards = sorted(path for path in root.glob("*.parquet")
                    if path.stem.isdecimal() and path.with_suffix("").is_dir())
    if not shards:
        raise BadInputError(f"{root}: it has no NNNNN.parquet next to a directory NNNNN: specify "
                            "the output directory of img2dataset --output_format files. With "
                            "--output_format webdataset, nothing needs to be converted")
    for table_path in shards:
        convert_shard(table_path, counts)
        counts["shards"] += 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit status: 0 success, 2 invalid options or a missing Python package, 3 invalid "
               "input,\n4 a file is missing, or cannot be read or written.")
    parser.add_argument("roots", metavar="ROOT", nargs="+", type=pathlib.Path,
                        help="output directory of img2dataset")
    options = parser.parse_args()
    counts = dict.fromkeys(("shards", "written", "already there", "without an image",
                            "images without a row"), 0)
    try:
        for root in options.roots:
            convert_root(root, counts)
    except ConversionError as error:
        status, message = error.status, str(error)
    except OSError as error:
        status, message = IoError.status, str(error)
    else:
        texts = ", ".join(f"{name} {count}" for name, count in counts.items())
        print(f"{parser.prog}: counts: {texts}", file=sys.stderr)
        return
    print(f"{parser.prog}: error: {message}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
