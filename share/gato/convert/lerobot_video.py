"""Reads the frames of an episode from LeRobot's video files with PyAV."""
import av
import numpy as np

from errors import BadInputError, IoError
from minari_writer import Frames


# LeRobot's own default (LeRobotDataset, tolerance_s), in seconds.
TOLERANCE = 1e-4


def episode_frames(path, times, label):
    """Returns the RGB Frames of a video at `times`, an increasing float64 array of seconds. Each
    must have a frame within TOLERANCE. `label` names the episode in errors."""
    if not path.is_file():
        raise IoError(f"{path}: no such file")
    frames = _decoded(path, times, label)
    first = next(frames)

    def all_frames():
        yield first
        for frame in frames:
            if frame.shape != first.shape:
                raise BadInputError(f"{path}: the shape of a frame is {frame.shape}, "
                                    f"that of the first one {first.shape}")
            yield frame
    return Frames(len(times), first.shape, all_frames())


def _decoded(path, times, label):
    """Yields the frame at each of the times."""
    row = 0

    def no_frame():
        return BadInputError(f"{label}, row {row} of the episode: {path} has no frame within "
                             f"{TOLERANCE:g} s of second {times[row]:.4f}")
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if times[0] > 0:  # seeks to the preceding key frame
                container.seek(int(times[0] / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if frame.time is None:
                    raise BadInputError(f"{path}: a frame has no timestamp")
                # Timestamps are float32 in the tables, coarser than TOLERANCE after half an hour.
                tolerance = max(TOLERANCE, np.spacing(np.float32(times[row])))
                if frame.time < times[row] - tolerance:
                    continue
                if frame.time > times[row] + tolerance:
                    raise no_frame()
                yield frame.to_ndarray(format="rgb24")
                row += 1
                if row == len(times):
                    return
    except (av.FFmpegError, IndexError) as error:
        raise BadInputError(f"{path}: {error}") from None
    raise no_frame()
