"""Reads Parquet and Arrow files in batches of rows, and their columns as numpy arrays."""
import contextlib

import numpy as np

from errors import BadInputError, IoError, require_module
from images import decoded_frames
from minari_writer import Frames

pa = require_module("pyarrow", "pyarrow")
pq = require_module("pyarrow.parquet", "pyarrow")


@contextlib.contextmanager
def errors_of(path):
    """Turns the errors of pyarrow into ConversionErrors that name the file."""
    try:
        yield
    except pa.ArrowException as error:
        raise BadInputError(f"{path}: {error}") from error
    except OSError as error:
        # pyarrow reports corrupt files as an OSError without errno.
        error_type = IoError if error.errno else BadInputError
        raise error_type(f"{path}: {error}") from error


def batches(path, rows, columns=None):
    """Yields record batches of at most `rows` rows. Only their pages need to be in memory."""
    with errors_of(path):
        if path.suffix == ".parquet":
            with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
                yield from file.iter_batches(batch_size=rows, columns=columns)
            return
        with pa.memory_map(str(path)) as file:
            for batch in _arrow_batches(file):
                if columns is not None:
                    batch = batch.select(columns)
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows)


def _arrow_batches(file):
    """Yields the batches of an Arrow file, or of a stream, which is what `datasets` saves."""
    try:
        reader = pa.ipc.open_file(file)
    except pa.ArrowInvalid:
        file.seek(0)
        yield from pa.ipc.open_stream(file)
        return
    for index in range(reader.num_record_batches):
        yield reader.get_batch(index)


def schema(path):
    """Returns the schema of a Parquet file, an Arrow file or an Arrow stream."""
    with errors_of(path):
        if path.suffix == ".parquet":
            return pq.read_schema(path)
        with pa.memory_map(str(path)) as file:
            try:
                return pa.ipc.open_file(file).schema
            except pa.ArrowInvalid:
                file.seek(0)
                return pa.ipc.open_stream(file).schema


def single(column):
    """Returns the column of a table as one array."""
    chunks = column.combine_chunks()
    return chunks if isinstance(chunks, pa.Array) else pa.concat_arrays(chunks.chunks)


def field(values, name):
    """Returns a member of an array of structs, with a null for each null struct."""
    return values.flatten()[values.type.get_field_index(name)]


def _plain(values):
    """Returns the values without extension types and dictionaries."""
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values


def _is_list(type_):
    return (pa.types.is_list(type_) or pa.types.is_large_list(type_)
            or pa.types.is_fixed_size_list(type_))


def _refuse_nulls(values, what):
    if values.null_count:
        row = next(i for i, value in enumerate(values) if not value.is_valid)
        raise BadInputError(f"{what}, row {row}: the value is missing")


def dense(values, what):
    """Returns numbers, or lists of equal lengths nested to any depth, as an array [rows, ...]."""
    values, shape = _plain(values), []
    _refuse_nulls(values, what)
    shape.append(len(values))
    while _is_list(values.type):
        lengths = (np.full(len(values), values.type.list_size)
                   if pa.types.is_fixed_size_list(values.type)
                   else values.value_lengths().to_numpy())
        if len(lengths) and not (lengths == lengths[0]).all():
            row = int(np.argmax(lengths != lengths[0]))
            raise BadInputError(f"{what}: item {row} has {lengths[row]} values, the first one has "
                                f"{lengths[0]}")
        shape.append(int(lengths[0]) if len(lengths) else 0)
        values = _plain(values.flatten())
        _refuse_nulls(values, what)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
            or pa.types.is_boolean(values.type)):
        raise BadInputError(f"{what}: expected numbers, not {values.type}")
    return values.to_numpy(zero_copy_only=False).reshape(shape)


def texts(values, what):
    """Returns a list of str."""
    values = _plain(values)
    _refuse_nulls(values, what)
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise BadInputError(f"{what}: expected text, not {values.type}")
    return values.to_pylist()


def is_image(type_):
    """Whether the type is that of images of the library `datasets`, {bytes, path}, or bytes."""
    if pa.types.is_struct(type_):
        return type_.get_field_index("bytes") >= 0
    return pa.types.is_binary(type_) or pa.types.is_large_binary(type_)


def images(values, what):
    """Returns encoded images as Frames."""
    values = _plain(values)
    _refuse_nulls(values, what)
    if not is_image(values.type):
        raise BadInputError(f"{what}: expected images, not {values.type}")
    if pa.types.is_struct(values.type):
        values = values.field("bytes")
        if values.null_count:
            raise BadInputError(f"{what}: images are stored by path only: embed their bytes "
                                "(datasets.table.embed_table_storage)")
    shape, frames = decoded_frames(_Bytes(values), what)
    return Frames(len(values), shape, frames)


class _Bytes:
    """An Arrow array of bytes as a sequence that copies one row at a time."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, row):
        return self.values[row].as_py()


def column(values, what):
    """Returns the column as what it contains: numbers, texts or images."""
    plain = _plain(values)
    if pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type):
        return texts(plain, what)
    if is_image(plain.type):
        return images(plain, what)
    return dense(plain, what)
