"""The frames of an episode from LeRobot's video files, through PyAV."""
import av

from conversion import BadInput, IoError
from minari_writer import Frames


def episode_frames(path, start, rate, rows):
    """`rows` frames at `rate` per second from second `start` on, RGB."""
    if not path.is_file():
        raise IoError(f"{path}: no such file")
    frames = _decoded(path, start, rate, rows)
    first = next(frames)

    def all_frames():
        yield first
        for frame in frames:
            if frame.shape != first.shape:
                raise BadInput(f"{path}: a frame is {frame.shape}, the first one {first.shape}")
            yield frame
    return Frames(rows, first.shape, all_frames())


def _decoded(path, start, rate, rows):
    """Each of the times start + i / rate takes the frame that is shown nearest to it."""
    count = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if start > 0:  # to the key frame before
                container.seek(int(start / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if frame.time is None:
                    raise BadInput(f"{path}: a frame without a time")
                if frame.time < start + (count - 0.5) / rate:
                    continue
                if frame.time > start + (count + 0.5) / rate:
                    raise BadInput(f"{path}: no frame at second {start + count / rate:.3f}")
                yield frame.to_ndarray(format="rgb24")
                count += 1
                if count == rows:
                    return
    except (av.FFmpegError, IndexError) as error:
        raise BadInput(f"{path}: {error}") from None
    raise BadInput(f"{path}: {count} frames from second {start:g} on, the episode has {rows} rows")
