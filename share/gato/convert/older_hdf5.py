#!/usr/bin/env python3
"""Copies an HDF5 file into one that HDF5 1.10, with which gato reads files, can read.

Files that a newer library wrote with libver="latest" contain types and layouts that older
libraries do not know. Groups, datasets, attributes and links are kept. Compressed datasets are
compressed with gzip, whatever they were compressed with: those of plugins are read if hdf5plugin is
installed, too. A virtual dataset is copied with the data of its sources, all of which must be
there: HDF5 itself reads zeros for a source that is missing. Run this with the h5py that wrote the
file, or a newer one:

  older_hdf5.py data.hdf5 data-1.10.hdf5
"""
import argparse
import contextlib
import math
import os
import pathlib
import sys

from errors import BadInputError, ConversionError, IoError, UsageError, require_module
from hdf5_sources import check_sources

BLOCK_BYTES = 64 << 20  # of values in memory at a time


def copy_attributes(source, target):
    for name in source.attrs:
        attribute = source.attrs.get_id(name)
        target.attrs.create(name, source.attrs[name], dtype=attribute.dtype)


def unwritten_parts(source):
    """Returns which parts of a dataset were never written, such as "2 of 4 chunks"; None if all
    were."""
    if not source.shape or not source.size or source.is_virtual or source.external:
        return None
    if source.chunks is None:
        is_compact = source.id.get_create_plist().get_layout() == 0
        return None if is_compact or source.id.get_storage_size() else f"all {source.size} elements"
    chunks = math.prod(-(-extent // chunk) for extent, chunk in zip(source.shape, source.chunks))
    missing = chunks - source.id.get_num_chunks()
    return f"{missing} of {chunks} chunks" if missing > 0 else None


def copy_written_chunks(source, target):
    """Copies what was written, so that the rest can still be told from it."""
    if source.chunks is None:
        return
    for i in range(source.id.get_num_chunks()):
        corner = source.id.get_chunk_info(i).chunk_offset
        block = tuple(slice(first, min(first + chunk, extent)) for first, chunk, extent in
                      zip(corner, source.chunks, source.shape))
        target[block] = source[block]


def copy_dataset(h5py, source, group, name, unwritten):
    """Copies a dataset, a block of rows at a time. Adds it to `unwritten` if parts of it were never
    written."""
    check_sources(h5py, source)
    options = {"shape": source.shape, "dtype": source.dtype}
    parts = unwritten_parts(source)
    if parts is not None:
        unwritten.append(f"{source.name}: {parts}")
    keeps_gaps = parts is not None and source.dtype.kind in "biuf"
    if keeps_gaps:
        options["fillvalue"] = source.fillvalue
    if source.shape is None:
        target = group.create_dataset(name, data=h5py.Empty(source.dtype))
    else:
        if source.chunks is not None:
            options |= {"chunks": source.chunks, "maxshape": source.maxshape,
                        "shuffle": source.shuffle, "fletcher32": source.fletcher32,
                        "compression": "gzip" if source.id.get_create_plist().get_nfilters()
                        else None}
        target = group.create_dataset(name, **options)
        if keeps_gaps:
            copy_written_chunks(source, target)
        elif source.shape == () or 0 in source.shape:
            if source.shape == ():
                target[()] = source[()]
        else:
            row_bytes = max(1, source.nbytes // source.shape[0])
            rows = max(1, BLOCK_BYTES // row_bytes)
            for first in range(0, source.shape[0], rows):
                target[first:first + rows] = source[first:first + rows]
    copy_attributes(source, target)


def copy_group(h5py, source, target, copied, unwritten):
    """Copies the content of a group. `copied` maps the objects that have been copied to their
    paths: several hard links may lead to an object. `unwritten` is that of copy_dataset()."""
    copy_attributes(source, target)
    for name in source:
        link = source.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            target[name] = link
            continue
        item = source[name]
        identity = h5py.h5o.get_info(item.id).addr
        if identity in copied:
            target[name] = target.file[copied[identity]]
        elif isinstance(item, h5py.Group):
            child = target.create_group(name, track_order=False)
            copied[identity] = child.name
            copy_group(h5py, item, child, copied, unwritten)
        elif isinstance(item, h5py.Dataset):
            copy_dataset(h5py, item, target, name, unwritten)
            copied[identity] = target[name].name
        else:
            target[name] = item.dtype


def copy(options):
    h5py = require_module("h5py", "h5py")
    with contextlib.suppress(ImportError):
        import hdf5plugin  # noqa: F401  registers more filters
    if options.new.exists() and not options.force:
        raise UsageError(f"{options.new}: it exists; --force replaces it")
    if options.new.exists() and options.new.samefile(options.old):
        raise UsageError(f"{options.new}: it is the file to be copied")
    temporary = options.new.with_name(f".{options.new.name}.tmp")
    unwritten = []
    try:
        try:
            source = h5py.File(options.old, "r")
        except FileNotFoundError as error:
            raise IoError(f"{options.old}: no such file or directory") from error
        with source, h5py.File(temporary, "w", libver=("earliest", "v110")) as target:
            copied = {h5py.h5o.get_info(source.id).addr: "/"}
            copy_group(h5py, source, target, copied, unwritten)
        os.replace(temporary, options.new)
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        advice = (f": run this with an h5py newer than {h5py.__version__}"
                  if "version" in str(error) else "")
        raise BadInputError(f"{options.old}: it cannot be copied: {error}{advice}") from error
    finally:
        temporary.unlink(missing_ok=True)
    if unwritten:
        others = f", and so are parts of {len(unwritten) - 1} more datasets" * (len(unwritten) > 1)
        print(f"older_hdf5.py: warning: {options.old}: {unwritten[0]} were never written and are "
              f"read as fill values, usually zeros{others}: the file may be incomplete",
              file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit status: 0 success, 2 invalid options or a missing Python package, 3 invalid "
               "input,\n4 a file is missing, or cannot be read or written.")
    parser.add_argument("old", metavar="OLD", type=pathlib.Path, help="the file to copy")
    parser.add_argument("new", metavar="NEW", type=pathlib.Path, help="the file to write")
    parser.add_argument("--force", action="store_true", help="replace NEW")
    options = parser.parse_args()
    try:
        copy(options)
    except ConversionError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        sys.exit(error.status)


if __name__ == "__main__":
    main()
