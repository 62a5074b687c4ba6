"""Reads the frames of an episode from LeRobot's video files with PyAV."""
import av

from errors import BadInputError, IoError
from minari_writer import Frames


def episode_frames(path, start, rate, rows):
    """Returns `rows` RGB Frames at `rate` per second, the first one at second `start`."""
    if not path.is_file():
        raise IoError(f"{path}: no such file")
    frames = _decoded(path, start, rate, rows)
    first = next(frames)

    def all_frames():
        yield first
        for frame in frames:
            if frame.shape != first.shape:
                raise BadInputError(f"{path}: the shape of a frame is {frame.shape}, "
                                    f"that of the first one {first.shape}")
            yield frame
    return Frames(rows, first.shape, all_frames())


def _decoded(path, start, rate, rows):
    """Yields the frame nearest to each of the times start + i / rate, i < rows."""
    count = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if start > 0:  # seeks to the preceding key frame
                container.seek(int(start / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if frame.time is None:
                    raise BadInputError(f"{path}: a frame has no timestamp")
                if frame.time < start + (count - 0.5) / rate:
                    continue
                if frame.time > start + (count + 0.5) / rate:
                    raise BadInputError(f"{path}: there is no frame at second "
                                        f"{start + count / rate:.3f}")
                yield frame.to_ndarray(format="rgb24")
                count += 1
                if count == rows:
                    return
    except (av.FFmpegError, IndexError) as error:
        raise BadInputError(f"{path}: {error}") from None
    raise BadInputError(f"{path}: {count} frames from second {start:g} on, but the episode has "
                        f"{rows} rows")
