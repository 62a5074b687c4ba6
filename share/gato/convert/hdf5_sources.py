"""Data that an HDF5 dataset refers to but that is in other files: the sources of virtual datasets
and raw data files. HDF5 reads fill values, and reports no error, for a source that is missing, and
zeros beyond the end of a raw data file."""
import os
import pathlib

from errors import BadInputError, IoError

MAX_DEPTH = 16  # of virtual datasets that refer to virtual datasets


def find_source(owner, name):
    """Returns the file `name` that the file `owner` refers to, where HDF5 looks for it."""
    directory = owner.absolute().parent
    path = pathlib.Path(name)
    candidates = [path] if path.is_absolute() else []
    relative = path.name if path.is_absolute() else path
    candidates += [pathlib.Path(prefix) / relative
                   for prefix in os.environ.get("HDF5_VDS_PREFIX", "").split(":") if prefix]
    candidates += [directory / relative, pathlib.Path(relative),
                   owner.resolve().parent / relative]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise IoError(f'it refers to the file "{name}", which does not exist: copy it to {directory}, '
                  "or name its directory in HDF5_VDS_PREFIX")


def block_count(h5py, space, shape):
    """Returns the number of blocks that a mapping has in a dataset of this shape, which may be
    shorter than its file declares because sources are missing; None if the mapping has an end."""
    if not space.is_regular_hyperslab():
        return None
    start, stride, count, _ = space.get_regular_hyperslab()
    for axis, blocks in enumerate(count):
        if blocks == h5py.h5s.UNLIMITED:
            extent = max(shape[axis], space.shape[axis])
            return max(1, -(-(extent - start[axis]) // stride[axis]))
    return None


def format_name(name, block):
    """Returns the name with "%b" replaced by the number of a block, and "%%" by "%"."""
    return "%".join(part.replace("%b", str(block)) for part in name.split("%%"))


def check_selection(h5py, space, mapped, source):
    """Raises BadInputError unless the source contains the selection, which has `mapped` elements;
    None if their number is not known."""
    if space.get_select_type() == h5py.h5s.SEL_ALL:
        fits = mapped is None or source.size == mapped
    elif mapped == 0:
        fits = True
    else:
        try:
            _, last = space.get_select_bounds()
        except (RuntimeError, ValueError):  # without an end
            return
        fits = len(last) == len(source.shape) and all(
            index < extent for index, extent in zip(last, source.shape))
    if not fits:
        raise BadInputError(f"{source.file.filename}: {source.name}: the shape is "
                            f"{list(source.shape)}, which does not fit the part that the virtual "
                            "dataset reads: the source has changed")


def check_mapping(h5py, dataset, mapping, depth):
    blocks = block_count(h5py, mapping.vspace, dataset.shape)
    is_numbered = any(format_name(name, 0) != format_name(name, 1)
                      for name in (mapping.file_name, mapping.dset_name))
    mapped = None if blocks else mapping.vspace.get_select_npoints()
    owner = pathlib.Path(dataset.file.filename)
    for block in range(blocks if blocks and is_numbered else 1):
        file_name = format_name(mapping.file_name, block)
        name = format_name(mapping.dset_name, block)
        path = owner if file_name == "." else find_source(owner, file_name)
        try:
            with h5py.File(path, "r") as file:
                if not isinstance(file.get(name), h5py.Dataset):
                    raise BadInputError(f'{path}: there is no dataset "{name}"')
                check_selection(h5py, mapping.src_space, mapped, file[name])
                check_sources(h5py, file[name], depth + 1)
        except OSError as error:
            raise IoError(f"{path}: it cannot be read: {error}") from error


def check_raw_files(dataset):
    remaining = dataset.id.get_type().get_size() * dataset.size
    for name, offset, size in dataset.external:
        directory = os.environ.get("HDF5_EXTFILE_PREFIX", "").replace(
            "${ORIGIN}", str(pathlib.Path(dataset.file.filename).absolute().parent))
        path = pathlib.Path(directory) / name
        if not path.exists():
            raise IoError(f'it refers to the file "{name}", which does not exist here: name its '
                          "directory in HDF5_EXTFILE_PREFIX")
        needed = min(remaining, size)
        if path.stat().st_size < offset + needed:
            raise BadInputError(f"{path}: it has {path.stat().st_size} bytes, but {needed} from "
                                f"byte {offset} on are needed: it is truncated")
        remaining -= needed


def check_sources(h5py, dataset, depth=0):
    """Raises IoError or BadInputError, which name the source, if data of the dataset in another
    file is missing. Sources may be virtual themselves."""
    try:
        if dataset.external:
            check_raw_files(dataset)
        if not dataset.is_virtual:
            return
        if depth > MAX_DEPTH:
            raise BadInputError("virtual datasets refer to one another more than "
                                f"{MAX_DEPTH} levels deep")
        for mapping in dataset.virtual_sources():
            check_mapping(h5py, dataset, mapping, depth)
    except (IoError, BadInputError) as error:
        raise type(error)(f"{dataset.file.filename}: {dataset.name}: {error}") from error
