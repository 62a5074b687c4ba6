"""TFRecord files and the tf.train.Example messages in them, with numpy alone.

A record is: length (uint64), masked CRC-32C of the length, data, masked CRC-32C of the data, all
little-endian (tensorflow/core/lib/io/record_writer.h). An Example is a map from names to one list
of bytes, of floats or of 64-bit integers (tensorflow/core/example/feature.proto).
"""
import struct

import numpy as np

from conversion import BadInput

_CRC_POLYNOMIAL = 0x82F63B78  # Castagnoli, reflected


def _crc_table():
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_CRC_POLYNOMIAL), table >> 1)
    return table


_TABLE = _crc_table()


def _crc_step(state, byte):
    return _TABLE[(state ^ byte) & 0xFF] ^ (state >> 8)


def _apply(columns, states):
    """A linear map, given by the images of the 32 bits, of each state."""
    result = np.zeros_like(states)
    for bit in range(32):
        result ^= np.where((states >> bit) & 1, columns[bit], np.uint32(0))
    return result


def crc32c(data):
    """The CRC of bytes. Equal lanes are worked on at once and joined in pairs: behind n more
    bytes a state is changed by a linear map, the one of n zeros."""
    data = np.frombuffer(data, np.uint8)
    if len(data) < 4:
        state = np.uint32(0xFFFFFFFF)
        for byte in data:
            state = _crc_step(state, byte)
        return int(state) ^ 0xFFFFFFFF
    lanes = 1 << (len(data).bit_length() // 2)
    width = -(-len(data) // lanes)
    # Zeros in front leave a state of zero as it is; so the first state, all ones, goes over the
    # first four bytes instead.
    start = lanes * width - len(data)
    padded = np.concatenate((np.zeros(start, np.uint8), data))
    padded[start:start + 4] ^= 0xFF
    states = np.zeros(lanes, np.uint32)
    zeros = np.uint32(1) << np.arange(32, dtype=np.uint32)  # the map of `width` zeros
    for column in padded.reshape(lanes, width).T:
        states = _crc_step(states, column)
        zeros = _crc_step(zeros, np.uint8(0))
    while len(states) > 1:
        states = _apply(zeros, states[0::2]) ^ states[1::2]
        zeros = _apply(zeros, zeros)
    return int(states[0]) ^ 0xFFFFFFFF


def masked_crc32c(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    """Yields the data of each record. BadInput where the file is cut off or a checksum is wrong:
    what follows cannot be trusted then."""
    size = path.stat().st_size
    with path.open("rb") as file:
        number = 0
        while head := file.read(12):
            what = f"{path}: record {number}, byte {file.tell() - len(head)}"
            if len(head) < 12:
                raise BadInput(f"{what}: the file is cut off")
            length, crc = struct.unpack("<QI", head)
            if masked_crc32c(head[:8]) != crc:
                raise BadInput(f"{what}: the checksum of its length is wrong: "
                               "this is no TFRecord file, or a damaged one")
            if length + 4 > size - file.tell():
                raise BadInput(f"{what}: the file is cut off")
            data = file.read(length)
            if masked_crc32c(data) != struct.unpack("<I", file.read(4))[0]:
                raise BadInput(f"{what}: the checksum of its {length} bytes is wrong: "
                               "the file is damaged")
            yield data
            number += 1


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("an integer of more than 10 bytes")


def _fields(data):
    """(number, value) of each field of a message: bytes, or an integer."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire_type = key & 7
        if wire_type == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if wire_type == 2:
            length, at = _varint(data, at)
        elif wire_type in (1, 5):
            length = 8 if wire_type == 1 else 4
        else:
            raise ValueError(f"the wire type {wire_type}")
        if length > len(data) - at:
            raise ValueError("a field that is longer than its message")
        yield key >> 3, data[at:at + length]
        at += length


def _packed_integers(data):
    data = np.frombuffer(data, np.uint8)
    if not len(data):
        return np.empty(0, np.int64)
    ends = np.flatnonzero(data < 0x80)
    if not len(ends) or ends[-1] != len(data) - 1:
        raise ValueError("an integer that is cut off")
    starts = np.concatenate(([0], ends[:-1] + 1))
    place = np.arange(len(data)) - np.repeat(starts, ends - starts + 1)
    if place.max() > 9:
        raise ValueError("an integer of more than 10 bytes")
    parts = (data & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.bitwise_or.reduceat(parts, starts).view(np.int64)


def _list_values(kind, data):
    """The values of a BytesList, FloatList or Int64List; numbers may be packed or not."""
    values = [value for number, value in _fields(data) if number == 1]
    if kind == 1:
        return [bytes(value) for value in values]
    if kind == 2:
        return np.concatenate([np.frombuffer(value, "<f4") for value in values]
                              or [np.empty(0, np.float32)])
    return np.concatenate(
        [np.array([value], np.uint64).view(np.int64) if isinstance(value, int)
         else _packed_integers(value) for value in values] or [np.empty(0, np.int64)])


def parse_example(data):
    """{name: list of bytes, float32 array or int64 array}; None for a feature without a value.
    ValueError where it is no such message."""
    features = {}
    try:
        for number, message in _fields(memoryview(data)):
            for entry_number, entry in _fields(message) if number == 1 else ():
                if entry_number != 1:
                    continue
                name, values = "", None
                for part_number, part in _fields(entry):
                    if part_number == 1:
                        name = bytes(part).decode()
                    elif part_number == 2:
                        for kind, value in _fields(part):
                            values = _list_values(kind, value)
                features[name] = values
    except (IndexError, TypeError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"no tf.train.Example: {error}") from error
    return features
