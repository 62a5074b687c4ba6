"""Decodes images to arrays with Pillow."""
import io

import numpy as np

from errors import BadInputError, require_module


def decode_image(data):
    """Returns the uint8 array [height, width, channels] of an image file (PNG, JPEG, ...). Gray
    images have one channel. A palette becomes RGB. An alpha channel is kept, because in stacks of
    four frames it is one of the frames. Raises ValueError if the image cannot be decoded."""
    image_module = require_module("PIL.Image", "pillow")
    try:
        with image_module.open(io.BytesIO(data)) as image:
            if image.mode in ("P", "CMYK", "YCbCr"):
                image = image.convert("RGB")
            if image.mode == "1":
                image = image.convert("L")
            if image.mode not in ("L", "LA", "RGB", "RGBA"):
                raise ValueError(f"images of Pillow's mode {image.mode} are not supported")
            pixels = np.asarray(image)
    except (OSError, SyntaxError) as error:  # Pillow raises these for corrupt files
        raise ValueError(f"the image cannot be decoded: {error}") from error
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def decoded_frames(images, label):
    """Returns the shape of the first image and an iterator over all decoded images. Both raise
    BadInputError if an image cannot be decoded or has a different shape."""
    def decode(row):
        try:
            return decode_image(images[row])
        except (ValueError, TypeError) as error:
            raise BadInputError(f"{label}, row {row}: {error}") from None

    first = decode(0)

    def frames():
        for row in range(len(images)):
            frame = decode(row)
            if frame.shape != first.shape:
                raise BadInputError(f"{label}, row {row}: the shape of the image is {frame.shape}, "
                                    f"that of the first one {first.shape}")
            yield frame
    return first.shape, frames()
