#!/usr/bin/env python3
"""Writes images of two colored shapes, with captions in the COCO format.

    shapes.py --pictures 20000 --seed 1 DIRECTORY

writes DIRECTORY/images/000000000001.png ... (32x32 RGB) and
DIRECTORY/captions.json. A caption such as "red circle left of blue square" names
the shape on the left (or on top) first, so that each image has exactly one
correct caption. Needs only Python's standard library. The same seed gives the
same bytes.
"""

import argparse
import json
import pathlib
import random
import struct
import zlib

SIDE = 32
COLORS = {
    "red": (220, 40, 40),
    "green": (40, 180, 60),
    "blue": (50, 80, 230),
    "yellow": (235, 215, 50),
    "purple": (150, 60, 190),
    "white": (240, 240, 240),
}
# Whether a shape contains the point (x, y), in units of its half extent.
SHAPES = {
    "circle": lambda x, y: x * x + y * y <= 1,
    "square": lambda x, y: max(abs(x), abs(y)) <= 0.9,
    "triangle": lambda x, y: -1 <= y <= 0.9 and abs(x) <= (y + 1) / 1.9,
    "cross": lambda x, y: min(abs(x), abs(y)) <= 0.35 and max(abs(x), abs(y)) <= 1,
}


def draw(pixels, shape, color, center, half_extent):
    """Paints one shape into rows of RGB bytes."""
    is_inside = SHAPES[shape]
    rgb = bytes(COLORS[color])
    first = [max(0, int(coordinate - half_extent)) for coordinate in center]
    end = [min(SIDE, int(coordinate + half_extent) + 1) for coordinate in center]
    for row in range(first[1], end[1]):
        y = (row + 0.5 - center[1]) / half_extent
        for column in range(first[0], end[0]):
            if is_inside((column + 0.5 - center[0]) / half_extent, y):
                pixels[row][3 * column : 3 * column + 3] = rgb


def random_image(rng):
    """Returns an image (rows of RGB bytes) and its caption."""
    relation = rng.choice(["left of", "above"])
    background = rng.randrange(0, 50)
    pixels = [bytearray([background] * (3 * SIDE)) for _ in range(SIDE)]
    words = []
    for index in range(2):
        shape = rng.choice(list(SHAPES))
        color = rng.choice(list(COLORS))
        half_extent = rng.uniform(4.5, 6.5)
        along = SIDE / 4 + index * SIDE / 2 + rng.uniform(-1.2, 1.2)
        across = SIDE / 2 + rng.uniform(-6, 6)
        center = (along, across) if relation == "left of" else (across, along)
        draw(pixels, shape, color, center, half_extent)
        words.append(f"{color} {shape}")
    return pixels, f"{words[0]} {relation} {words[1]}"


def png(rows):
    """Encodes rows as an 8-bit RGB PNG file (ISO/IEC 15948)."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    data = b"".join(b"\0" + bytes(row) for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data, 1))
        + chunk(b"IEND", b"")
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", metavar="N", type=int, default=1000,
                        help="number of images (default: 1000)")
    parser.add_argument("--seed", metavar="N", type=int, default=0,
                        help="random seed (default: 0)")
    parser.add_argument("directory", type=pathlib.Path,
                        help="for captions.json and images/")
    arguments = parser.parse_args()

    rng = random.Random(arguments.seed)
    images_directory = arguments.directory / "images"
    images_directory.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number in range(1, arguments.pictures + 1):
        rows, caption = random_image(rng)
        name = f"{number:012d}.png"
        (images_directory / name).write_bytes(png(rows))
        images.append({"id": number, "file_name": name, "width": SIDE, "height": SIDE})
        annotations.append({"id": number, "image_id": number, "caption": caption})
    layout = {
        "info": {"description": f"two shapes, seed {arguments.seed}"},
        "licenses": [],
        "images": images,
        "annotations": annotations,
    }
    with open(arguments.directory / "captions.json", "w", encoding="utf-8") as file:
        json.dump(layout, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
