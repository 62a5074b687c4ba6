#!/usr/bin/env python3
"""Writes the samples of images and text in tests/samples.

    pip install pillow==13.0.0 numpy==2.4.6    # also needs the command zstd
    tests/python/make_image_text_samples.py tests/samples

images/ contains an image in each supported format, and expected.json with the
pixels that decoding must return: the original ones for lossless files, and those
of Pillow, with a tolerance, for lossy ones.
webdataset/, vqa/, tsv/ and interleaved/ contain the layouts that gato-tokenize
reads. Every run writes the same bytes.
"""

import base64
import gzip
import io
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import zlib

import numpy as np
from PIL import Image, ImageOps

HEIGHT, WIDTH = 20, 28
CAPTIONS = ["a red square", "a blue circle above a star", "a café"]


def test_image(shift=0):
    """Returns an image that is smooth, so that lossy formats preserve it, and
    asymmetric, so that rotated and mirrored versions differ."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([rows * 12, columns * 9,
                     (rows * 3 + columns * 2 + 40 * shift) % 256],
                    axis=-1).astype(np.uint8)


def png_of(rows, shape, bits, color_type, interlace=0):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    header = struct.pack(">IIBBBBB", shape[1], shape[0], bits, color_type, 0,
                         0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def png(pixels, color_type):
    """Encodes 16 bits per channel, which Pillow cannot write in color."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return png_of(rows, pixels.shape, 16, color_type)


def interlaced_png(rgb):
    """Encodes with Adam7 interlacing, which Pillow cannot write."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4),
              (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(b"\0" + row.tobytes() for top, left, down, right in passes
                    for row in rgb[top::down, left::right])
    return png_of(rows, rgb.shape, 8, 2, 1)


def gray_from_green(pixels):
    return np.repeat(pixels[..., 1:2], 3, axis=-1)


def decoded(data):
    """Returns the pixels as Pillow decodes them, after applying the Exif orientation."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return np.asarray(image.convert("RGB"))


def encoded(image, **options):
    data = io.BytesIO()
    image.save(data, **options)
    return data.getvalue()


def images(folder):
    rgb = test_image()
    image = Image.fromarray(rgb)
    gray = image.getchannel("G")
    alpha = np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    rgba = Image.fromarray(np.dstack([rgb, alpha.astype(np.uint8)]))
    palette = image.quantize(16)
    sixteen = rgb.astype(np.uint16) * 256 + 77  # the upper 8 bits are rgb
    bits = gray.point(lambda value: 255 * (value > 100)).convert("1")
    jpeg = {"format": "JPEG", "quality": 95}
    files = {  # name: (bytes, expected pixels or None for Pillow's, tolerance)
        "rgb.jpg": (encoded(image, **jpeg), None, 2),
        "progressive.jpg": (encoded(image, progressive=True, **jpeg), None, 2),
        "grey.jpg": (encoded(gray, **jpeg), None, 2),
        "cmyk.jpg": (encoded(image.convert("CMYK"), **jpeg), None, 4),
        "rgb.png": (encoded(image, format="PNG"), rgb, 0),
        "alpha.png": (encoded(rgba, format="PNG"), rgb, 0),
        "grey.png": (encoded(gray, format="PNG"), gray_from_green(rgb), 0),
        "grey-alpha.png": (encoded(rgba.convert("LA"), format="PNG"),
                           np.asarray(rgba.convert("LA").convert("RGB")), 0),
        "palette.png": (encoded(palette, format="PNG"),
                        np.asarray(palette.convert("RGB")), 0),
        "palette-transparent.png": (
            encoded(palette, format="PNG", transparency=3),
            np.asarray(palette.convert("RGB")), 0),
        "bits.png": (encoded(bits, format="PNG"),
                     np.asarray(bits.convert("RGB")), 0),
        "interlaced.png": (interlaced_png(rgb), rgb, 0),
        "rgb-16.png": (png(sixteen, 2), rgb, 0),
        "alpha-16.png": (png(np.dstack([sixteen, alpha.astype(np.uint16)]), 6),
                         rgb, 0),
        "grey-16.png": (png(sixteen[..., 1], 0), gray_from_green(rgb), 0),
        "lossless.webp": (encoded(image, format="WEBP", lossless=True), rgb, 0),
        "alpha.webp": (encoded(rgba, format="WEBP", lossless=True, exact=True),
                       rgb, 0),
        "lossy.webp": (encoded(image, format="WEBP", quality=95), None, 4),
        "rgb.ppm": (encoded(image, format="PPM"), rgb, 0),
        "grey.pgm": (encoded(gray, format="PPM"), gray_from_green(rgb), 0),
        "rgb-16.ppm": (b"P6 %d %d 65535\n" % (WIDTH, HEIGHT) +
                       sixteen.astype(">u2").tobytes(), rgb, 0),
        "text.ppm": (b"P3\n# a comment\n%d %d\n255\n" % (WIDTH, HEIGHT) +
                     " ".join(map(str, rgb.flat)).encode() + b"\n", rgb, 0),
    }
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        files[f"turned-{orientation}.jpg"] = (
            encoded(image, exif=exif, **jpeg), None, 2)
        files[f"turned-{orientation}.png"] = (
            encoded(image, exif=exif, format="PNG"), None, 0)
        files[f"turned-{orientation}.webp"] = (
            encoded(image, exif=exif, format="WEBP", lossless=True), None, 0)
    expected = {}
    for name, (data, pixels, tolerance) in files.items():
        (folder / name).write_bytes(data)
        pixels = decoded(data) if pixels is None else pixels
        expected[name] = {
            "height": pixels.shape[0], "width": pixels.shape[1],
            "tolerance": tolerance,
            # RGB, row-major
            "pixels": base64.b64encode(pixels.tobytes()).decode()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def uniform_image(color, **options):
    image = Image.new("RGB", (16, 16), color)
    return encoded(image, **options)


def tar(members, **options):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", **options) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def webdataset(folder):
    """Writes the layout of img2dataset and webdataset.TarWriter."""
    red = uniform_image("red", format="PNG")
    blue = uniform_image("blue", format="WEBP", lossless=True)
    gray = uniform_image("grey", format="JPEG")
    first = tar([
        ("__index__", b"skipped"),
        ("000000000.png", red), ("000000000.txt", CAPTIONS[0].encode()),
        ("000000000.json", b'{"caption": "not this one", "width": 16}'),
        ("part/b.v1.webp", b"no field of ours"),
        ("part/b.WEBP", blue),
        ("part/b.json", json.dumps({"caption": CAPTIONS[1]}).encode()),
    ], format=tarfile.USTAR_FORMAT)
    second = tar([("café.jpeg", gray), ("café.caption", CAPTIONS[2].encode()),
                  ("without-a-dot", b"")], format=tarfile.PAX_FORMAT)
    bad = tar([
        ("a.png", red), ("a.txt", b"a star"),
        ("lonely.txt", b"a cross"),
        ("silent.png", red),
        ("twice.png", red), ("twice.jpg", gray), ("twice.txt", b"two"),
        ("wrong.png", red), ("wrong.json", b'{"caption": 3}'),
        ("broken.png", red[:60]), ("broken.txt", b"half"),
        ("z.png", red), ("z.txt", b"a circle"),
    ], format=tarfile.USTAR_FORMAT)
    (folder / "good-0000.tar").write_bytes(first)
    (folder / "good-0001.tar").write_bytes(second)
    (folder / "bad.tar").write_bytes(bad)


def vqa(folder):
    """Writes small files in the layouts of VQAv2 and OK-VQA."""
    (folder / "COCO_train2014_000000000007.jpg").write_bytes(
        uniform_image("red", format="JPEG"))
    (folder / "COCO_train2014_000000000009.jpg").write_bytes(
        uniform_image("blue", format="JPEG"))
    questions = {
        "info": {"year": 2017}, "task_type": "Open-Ended",
        "data_type": "mscoco", "data_subtype": "train2014", "license": {},
        "questions": [
            {"image_id": 9, "question": "What color is it?",
             "question_id": 9000},
            {"image_id": 7, "question": "What is it?", "question_id": 7000},
            {"image_id": 9, "question": "Is it a star?", "question_id": 9001},
        ]}

    def annotation(question, answers, choice=None):
        result = {"question_id": question, "image_id": question // 1000,
                  "question_type": "what", "answer_type": "other",
                  "answers": [{"answer_id": i + 1, "answer": answer,
                               "answer_confidence": "yes"}
                              for i, answer in enumerate(answers)]}
        if choice is not None:
            result["multiple_choice_answer"] = choice
        return result

    annotations = [annotation(7000, ["square", "red", "square"], "square"),
                   annotation(9000, ["blue", "", "blue"], "blue"),
                   annotation(9001, ["no", "no", "yes"], "no")]
    write(folder / "questions.json", questions)
    write(folder / "annotations.json", {"annotations": annotations})
    write(folder / "okvqa-annotations.json", {"annotations": [
        {key: value for key, value in entry.items()
         if key != "multiple_choice_answer"} for entry in annotations]})
    annotations.append(annotation(5000, ["none"], "none"))
    write(folder / "bad-annotations.json",
          {"annotations": [annotations[1], annotations[3]]})


def write(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def tsv(folder):
    for shard, index, color in ((0, 0, "red"), (0, 2, "blue")):
        target = folder / "images" / f"{shard:05}"
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{shard:05}{index:04}.jpg").write_bytes(
            uniform_image(color, format="JPEG"))
    rows = [(caption, f"http://example.org/{i}/picture.jpg?size=1")
            for i, caption in enumerate(CAPTIONS)]

    def lines(cells):
        return "".join("\t".join(row) + "\n" for row in cells)

    (folder / "cc3m.tsv").write_text(lines(rows))
    (folder / "cc12m.tsv").write_text(lines((b, a) for a, b in rows))
    (folder / "named.tsv").write_text(lines(
        [("filepath", "title"), ("00000/000000000.jpg", CAPTIONS[0]),
         ("00000/000000002.jpg", CAPTIONS[1])]))


def interleaved(folder):
    red = uniform_image("red", format="PNG")
    blue = uniform_image("blue", format="JPEG")
    (folder / "red.png").write_bytes(red)
    text = base64.b64encode(blue).decode()
    pages = [
        {"items": [{"text": "a star"}, {"image": "red.png"},
                   {"text": "a red square"}, {"image_base64": text},
                   {"text": "a blue circle"}]},
        {"items": [{"image": "red.png"}]},
    ]
    mmc4 = [{
        "url": "http://example.org", "could_have_url_duplicate": 0,
        "text_list": ["a star", "above", "a red square", "a circle"],
        "similarity_matrix": [[0.1, 0.2, 0.3, 0.2]] * 2,
        "image_info": [
            {"image_name": "red.png", "raw_url": "http://example.org/red.png",
             "matched_text_index": 2, "matched_sim": 0.3},
            {"image_name": "none.jpg", "image_base64": text,
             "matched_text_index": 0, "matched_sim": 0.2}]}]
    obelics = [{
        "images": [None, "red.png", None, {"bytes": text, "path": None}],
        "texts": ["a star", None, "a red square\n\na circle", None],
        "metadata": "[null]", "general_metadata": "{}"}]
    for name, records in (("gato", pages), ("mmc4", mmc4),
                          ("obelics", obelics)):
        (folder / f"{name}.jsonl").write_text(
            "".join(json.dumps(record) + "\n" for record in records))
    (folder / "mmc4.tar").write_bytes(tar(
        [("000.json", json.dumps(mmc4[0]).encode())],
        format=tarfile.USTAR_FORMAT))


def text(folder):
    """Writes compressed text of several gzip members and zstd frames."""
    parts = [b'{"text": "a red square"}\n{"text": "a', b' blue circle"}\n']
    (folder / "members.jsonl.gz").write_bytes(
        b"".join(gzip.compress(part, mtime=0) for part in parts))
    (folder / "frames.jsonl.zst").write_bytes(b"".join(
        subprocess.run(["zstd", "-q", "-c"], input=part, check=True,
                       stdout=subprocess.PIPE).stdout for part in parts))


def main():
    root = pathlib.Path(sys.argv[1])
    for make in (images, webdataset, vqa, tsv, interleaved, text):
        folder = root / make.__name__
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)


if __name__ == "__main__":
    main()
