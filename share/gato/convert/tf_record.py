"""Reads TFRecord files and the tf.train.Example messages in them, with numpy alone.

A record consists of a length (uint64), the masked CRC-32C of the length, the data and the masked
CRC-32C of the data, all little-endian (tensorflow/core/lib/io/record_writer.h). An
Example is a map from names to lists of bytes, floats or 64-bit integers
(tensorflow/core/example/feature.proto).
"""
import struct

import numpy as np

from errors import BadInputError

_CRC_POLYNOMIAL = 0x82F63B78  # Castagnoli, reflected


def _crc_table():
    """Returns the CRC of each byte, for a state of zero."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_CRC_POLYNOMIAL), table >> 1)
    return table


_TABLE = _crc_table()


def _crc_step(state, byte):
    return _TABLE[(state ^ byte) & 0xFF] ^ (state >> 8)


def _apply(columns, states):
    """Applies a linear map over GF(2) to each state. columns[i] is the image of bit i."""
    result = np.zeros_like(states)
    for bit in range(32):
        result ^= np.where((states >> bit) & 1, columns[bit], np.uint32(0))
    return result


def crc32c(data):
    """Returns the CRC-32C of bytes.

    The data is divided into lanes of equal width, which numpy processes in parallel. Then pairs of
    lanes are merged: a CRC is linear over GF(2), so crc(a + b) = crc(a + zeros) ^ crc(b), and the
    effect of `width` zeros on a state is a linear map, whose square is that of twice as many.
    """
    data = np.frombuffer(data, np.uint8)
    if len(data) < 4:
        state = np.uint32(0xFFFFFFFF)
        for byte in data:
            state = _crc_step(state, byte)
        return int(state) ^ 0xFFFFFFFF
    lanes = 1 << (len(data).bit_length() // 2)
    width = -(-len(data) // lanes)
    # Leading zeros do not change a state of zero. The padding therefore comes first, and the
    # initial state of all ones is XORed into the first four bytes of the data instead.
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
    """Yields the data of each record. Raises BadInputError if the file is truncated or a checksum
    is wrong, because what follows cannot be trusted."""
    size = path.stat().st_size
    with path.open("rb") as file:
        number = 0
        while head := file.read(12):
            what = f"{path}: record {number}, byte {file.tell() - len(head)}"
            if len(head) < 12:
                raise BadInputError(f"{what}: the file is truncated")
            length, crc = struct.unpack("<QI", head)
            if masked_crc32c(head[:8]) != crc:
                raise BadInputError(f"{what}: the checksum of its length is wrong: "
                                    "this is not a TFRecord file, or it is corrupt")
            if length + 4 > size - file.tell():
                raise BadInputError(f"{what}: the file is truncated")
            data = file.read(length)
            if masked_crc32c(data) != struct.unpack("<I", file.read(4))[0]:
                raise BadInputError(f"{what}: the checksum of its {length} bytes is wrong: "
                                    "the file is corrupt")
            yield data
            number += 1


def _varint(data, offset):
    """Returns the integer at `offset` and the offset after it."""
    value = shift = 0
    while True:
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return value, offset
        if shift > 63:
            raise ValueError("an integer is longer than 10 bytes")


def _fields(data):
    """Yields (field number, value) for each field of a message. Values are bytes or integers."""
    offset = 0
    while offset < len(data):
        key, offset = _varint(data, offset)
        wire_type = key & 7
        if wire_type == 0:
            value, offset = _varint(data, offset)
            yield key >> 3, value
            continue
        if wire_type == 2:
            length, offset = _varint(data, offset)
        elif wire_type in (1, 5):
            length = 8 if wire_type == 1 else 4
        else:
            raise ValueError(f"unknown wire type {wire_type}")
        if length > len(data) - offset:
            raise ValueError("a field is longer than its message")
        yield key >> 3, data[offset:offset + length]
        offset += length


def _packed_integers(data):
    """Returns the int64 array of consecutive varints, each of up to 10 groups of 7 bits."""
    data = np.frombuffer(data, np.uint8)
    if not len(data):
        return np.empty(0, np.int64)
    ends = np.flatnonzero(data < 0x80)
    if not len(ends) or ends[-1] != len(data) - 1:
        raise ValueError("an integer is truncated")
    starts = np.concatenate(([0], ends[:-1] + 1))
    group = np.arange(len(data)) - np.repeat(starts, ends - starts + 1)
    if group.max() > 9:
        raise ValueError("an integer is longer than 10 bytes")
    shifted = (data & 0x7F).astype(np.uint64) << (7 * group).astype(np.uint64)
    return np.bitwise_or.reduceat(shifted, starts).view(np.int64)


def _list_values(kind, data):
    """Returns the values of a BytesList (kind 1), FloatList (2) or Int64List (3). Numbers may be
    packed or not."""
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
    """Returns {name: list of bytes, float32 array or int64 array}, with None for a feature without
    a value. Raises ValueError if the data is not a tf.train.Example."""
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
        raise ValueError(f"not a tf.train.Example: {error}") from error
    return features
