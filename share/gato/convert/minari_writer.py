"""Writes Minari 0.5 datasets in HDF5, one episode at a time, with numpy and h5py alone.

    OUTPUT/data/metadata.json
    OUTPUT/data/main_data.hdf5
      /episode_<i>    attributes: id, total_steps, seed, options/..., rewards_sum ...
        observations  dataset [T+1,...] or [T,...], or a group with one child per key
        actions       [T,...], or a group
        rewards       float64 [T]; terminations, truncations: bool [T]
        infos         a group with whatever the source has

The values of an episode are stored by path: {"camera/top": array}. If the space is not a Dict, the
only path is "". A path component "_index_<i>" is the i-th member of a Tuple.
"""
import contextlib
import dataclasses
import json
import os
import re
import shutil
import socket

import h5py
import numpy as np

from errors import BadInputError, IoError, UsageError

# The Minari release whose format is written. Minari rejects versions that it does not know.
MINARI_VERSION = "0.5.3"


class Frames:
    """Images that an iterator decodes while they are written, so that an episode need not fit in
    memory. Each of the `rows` images is a uint8 array of shape `shape`."""

    def __init__(self, rows, shape, frames):
        self.shape, self.dtype, self.frames = (rows, *shape), np.dtype(np.uint8), frames

    def __len__(self):
        return self.shape[0]


class JpegFrames(list):
    """Encoded images, one `bytes` object per row, which are written as Minari stores JPEG."""


@dataclasses.dataclass
class Episode:
    """Values by path: numpy arrays with one row per step, lists of str, Frames or JpegFrames.
    Observations may have one more row than actions."""
    observations: dict
    actions: dict
    rewards: np.ndarray | None = None  # None: written as zeros
    terminations: np.ndarray | None = None  # None: written as False
    truncations: np.ndarray | None = None
    infos: dict = dataclasses.field(default_factory=dict)
    seed: int | None = None
    success: bool | None = None
    options: dict = dataclasses.field(default_factory=dict)

    @property
    def steps(self):
        return min((len(value) for value in self.actions.values()), default=0)


def check_output(path, force):
    """Raises UsageError if `path` exists, or, with `force`, if it is not a Minari dataset. Raises
    IoError if its parent directory does not exist."""
    if os.path.lexists(path):
        if not force:
            raise UsageError(f"{path} exists; --force replaces it")
        if not (path / "data" / "metadata.json").is_file() or path.is_symlink():
            raise UsageError(f"{path} is not a Minari dataset: --force does not replace it")
    if not path.absolute().parent.is_dir():
        raise IoError(f"{path}: the directory {path.absolute().parent} does not exist")


def dataset_id(task, source):
    """Returns an id that Minari can parse: words of letters, digits, '_' and '-'."""
    words = re.sub(r"[^A-Za-z0-9_/-]", "-", task or "task").strip("/") or "task"
    agent = re.sub(r"[^A-Za-z0-9_-]", "-", (source or "unknown").rpartition("/")[2])
    return f"gato/{words}/{agent}-v0"


def _sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_values(parent, name, value):
    if isinstance(value, Frames):
        dataset = parent.create_dataset(name, value.shape, value.dtype, track_times=False)
        for row, frame in enumerate(value.frames):
            dataset[row] = frame
    elif isinstance(value, JpegFrames):
        dataset = parent.create_dataset(name, (len(value),), h5py.vlen_dtype(np.uint8),
                                        track_times=False)
        for row, frame in enumerate(value):
            dataset[row] = np.frombuffer(frame, np.uint8)
    elif isinstance(value, list):
        parent.create_dataset(name, (len(value),), h5py.string_dtype(), data=value,
                              track_times=False)
    else:
        parent.create_dataset(name, data=value, track_times=False)


def _write_tree(group, name, values):
    """Writes `values` by their path below `name`. The path "" is `name` itself."""
    for path, value in values.items():
        *parents, leaf = [name, *filter(None, path.split("/"))]
        parent = group.require_group("/".join(parents)) if parents else group
        _write_values(parent, leaf, value)


def _flags(values, steps):
    return np.zeros(steps, bool) if values is None else np.asarray(values, bool)


class MinariWriter:
    """A context manager that writes a dataset under a temporary name next to `path`. `commit`
    renames it to `path`; without it, the temporary files are removed on exit."""

    def __init__(self, path, force):
        self.path, self.force = path, force
        self.episodes = self.steps = 0

    def __enter__(self):
        parent = self.path.absolute().parent
        self.temporary = parent / f".{self.path.name}.tmp-{socket.gethostname()}-{os.getpid()}-0"
        shutil.rmtree(self.temporary, ignore_errors=True)  # left by a killed process of the same id
        (self.temporary / "data").mkdir(parents=True)
        # The format of HDF5 1.10, like all files of gato.
        self.file = h5py.File(self.temporary / "data" / "main_data.hdf5", "w",
                              libver=("earliest", "v110"))
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):  # fails again if the disk is full
            self.file.close()
        shutil.rmtree(self.temporary, ignore_errors=True)

    @contextlib.contextmanager
    def episode(self, episode, label):
        """Writes `episode` before the body of the `with` statement runs. If either fails, removes
        the episode again."""
        check_episode(episode, label)
        name = f"episode_{self.episodes}"
        group = self.file.create_group(name)
        try:
            self._write(group, episode)
            yield
        except BaseException:
            del self.file[name]
            raise
        self.episodes += 1
        self.steps += episode.steps

    def _write(self, group, episode):
        steps = episode.steps
        rewards = (np.zeros(steps) if episode.rewards is None
                   else np.asarray(episode.rewards, np.float64))
        group.attrs.update({"id": self.episodes, "total_steps": steps})
        if episode.seed is not None:
            group.attrs["seed"] = np.uint64(episode.seed) if episode.seed >= 2**63 else episode.seed
        group.attrs.update({f"options/{key}": value for key, value in episode.options.items()})
        group.attrs.update({  # like Minari's EpisodeMetadataCallback
            "rewards_sum": rewards.sum(), "rewards_mean": rewards.mean(),
            "rewards_std": rewards.std(), "rewards_max": rewards.max(),
            "rewards_min": rewards.min()})
        if episode.success is not None:
            group.attrs["gato_success"] = np.uint8(episode.success)
        _write_tree(group, "observations", episode.observations)
        _write_tree(group, "actions", episode.actions)
        group.create_dataset("rewards", data=rewards, track_times=False)
        for flags in ("terminations", "truncations"):
            group.create_dataset(flags, data=_flags(getattr(episode, flags), steps),
                                 track_times=False)
        group.require_group("infos")
        _write_tree(group, "infos", episode.infos)

    def commit(self, attributes, spaces, metadata):
        """Completes the dataset with attributes of the HDF5 file, spaces as JSON texts and
        additional entries of metadata.json, and moves it to its path."""
        self.file.attrs.update(attributes)
        self.file.close()
        data = self.temporary / "data"
        size = (data / "main_data.hdf5").stat().st_size
        task, agent = attributes.get("gato_task"), attributes.get("gato_source")
        entries = {"dataset_id": dataset_id(task, agent), "algorithm_name": agent or "unknown",
                   "minari_version": MINARI_VERSION, "jpeg_encoding": False} | metadata | {
                       "total_episodes": self.episodes, "total_steps": self.steps,
                       "data_format": "hdf5", "observation_space": spaces["observations"],
                       "action_space": spaces["actions"], "dataset_size": round(size / 1e6, 1)}
        (data / "metadata.json").write_text(json.dumps(entries, indent=2) + "\n",
                                          encoding="utf-8")
        for path in (data / "main_data.hdf5", data / "metadata.json", data, self.temporary):
            _sync(path)
        self._replace()

    def _replace(self):
        check_output(self.path, self.force)  # again: it may have appeared in the meantime
        old = None
        if self.path.exists():
            old = self.temporary.with_name(self.temporary.name + ".old")
            self.path.rename(old)
        try:
            self.temporary.rename(self.path)
        except OSError:
            if old:
                old.rename(self.path)
            raise
        _sync(self.path.absolute().parent)
        if old:
            shutil.rmtree(old)


def check_episode(episode, label):
    """Raises BadInputError if lengths differ or a number is NaN."""
    steps = episode.steps
    series = {"rewards": episode.rewards, "terminations": episode.terminations,
              "truncations": episode.truncations}
    for kind, values, extra in (("observation", episode.observations, 1),
                                ("action", episode.actions, 0),
                                ("", {k: v for k, v in series.items() if v is not None}, 0)):
        for path, value in values.items():
            what = f"{label}: {kind} {path}".rstrip()
            if not steps <= len(value) <= steps + extra:
                raise BadInputError(f"{what}: {len(value)} rows for {steps} steps")
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                bad = np.argwhere(np.isnan(value))
                if len(bad):
                    raise BadInputError(f"{what}: step {bad[0][0]} is NaN")
