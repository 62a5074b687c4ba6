"""Encoded images to arrays, through Pillow."""
import io

import numpy as np

from conversion import BadInput, need


def decode_image(data):
    """uint8 [height, width, channels] of the bytes of a PNG, JPEG ... file: grey has one channel,
    a palette becomes RGB, and an alpha channel stays: in stacks of frames it is one of them.
    ValueError where that is not possible."""
    image_module = need("PIL.Image", "pillow")
    try:
        with image_module.open(io.BytesIO(data)) as image:
            if image.mode in ("P", "CMYK", "YCbCr"):
                image = image.convert("RGB")
            if image.mode == "1":
                image = image.convert("L")
            if image.mode not in ("L", "LA", "RGB", "RGBA"):
                raise ValueError(f"images of Pillow's mode {image.mode} are not uint8")
            pixels = np.asarray(image)
    except (OSError, SyntaxError) as error:  # what Pillow raises for damaged files
        raise ValueError(f"the image cannot be decoded: {error}") from error
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def decoded_frames(images, label):
    """(shape of the first image, iterator over all). BadInput, with `label` and the row, where
    one cannot be decoded or has another shape."""
    def decode(row):
        try:
            return decode_image(images[row])
        except (ValueError, TypeError) as error:
            raise BadInput(f"{label}, row {row}: {error}") from None

    first = decode(0)

    def frames():
        for row in range(len(images)):
            frame = decode(row)
            if frame.shape != first.shape:
                raise BadInput(f"{label}, row {row}: the image is {frame.shape}, the first one "
                               f"{first.shape}")
            yield frame
    return first.shape, frames()
