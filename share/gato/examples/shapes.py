#!/usr/bin/env python3
"""Writes pictures of two coloured shapes, with captions in the COCO layout.

    shapes.py --pictures 20000 --seed 1 DIRECTORY

makes DIRECTORY/images/000000000001.png ... (32x32 RGB) and
DIRECTORY/captions.json. A caption names the shape on the left (or on top)
first, so that each picture has exactly one right caption, as in
"red circle left of blue square". Needs nothing but Python's standard library;
the same seed gives the same bytes.
"""

import argparse
import json
import pathlib
import random
import struct
import zlib

SIDE = 32
COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 180, 60),
    "blue": (50, 80, 230),
    "yellow": (235, 215, 50),
    "purple": (150, 60, 190),
    "white": (240, 240, 240),
}
# Whether the point (x, y), in units of the half extent, lies in the shape.
SHAPES = {
    "circle": lambda x, y: x * x + y * y <= 1,
    "square": lambda x, y: max(abs(x), abs(y)) <= 0.9,
    "triangle": lambda x, y: -1 <= y <= 0.9 and abs(x) <= (y + 1) / 1.9,
    "cross": lambda x, y: min(abs(x), abs(y)) <= 0.35 and max(abs(x), abs(y)) <= 1,
}


def draw(pixels, shape, colour, centre, half_extent):
    """Paints one shape into rows of RGB bytes."""
    inside = SHAPES[shape]
    paint = bytes(COLOURS[colour])
    first = [max(0, int(place - half_extent)) for place in centre]
    end = [min(SIDE, int(place + half_extent) + 1) for place in centre]
    for row in range(first[1], end[1]):
        y = (row + 0.5 - centre[1]) / half_extent
        for column in range(first[0], end[0]):
            if inside((column + 0.5 - centre[0]) / half_extent, y):
                pixels[row][3 * column : 3 * column + 3] = paint


def picture(chance):
    """One picture (rows of RGB bytes) and its caption."""
    relation = chance.choice(["left of", "above"])
    background = chance.randrange(0, 50)
    pixels = [bytearray([background] * (3 * SIDE)) for _ in range(SIDE)]
    words = []
    for place in range(2):
        shape = chance.choice(list(SHAPES))
        colour = chance.choice(list(COLOURS))
        half_extent = chance.uniform(4.5, 6.5)
        along = SIDE / 4 + place * SIDE / 2 + chance.uniform(-1.2, 1.2)
        across = SIDE / 2 + chance.uniform(-6, 6)
        centre = (along, across) if relation == "left of" else (across, along)
        draw(pixels, shape, colour, centre, half_extent)
        words.append(f"{colour} {shape}")
    return pixels, f"{words[0]} {relation} {words[1]}"


def png(rows):
    """An 8-bit RGB PNG file (ISO/IEC 15948)."""

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
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("directory", type=pathlib.Path)
    arguments = parser.parse_args()

    chance = random.Random(arguments.seed)
    images_directory = arguments.directory / "images"
    images_directory.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number in range(1, arguments.pictures + 1):
        rows, caption = picture(chance)
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
