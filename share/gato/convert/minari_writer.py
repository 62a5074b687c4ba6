"""Writes Minari 0.5 datasets in HDF5, an episode at a time, with numpy and h5py alone.

    OUTPUT/data/metadata.json
    OUTPUT/data/main_data.hdf5
      /episode_<i>    attributes: id, total_steps, seed, options/..., rewards_sum ...
        observations  dataset [T+1,...] or [T,...], or a group with one child a key
        actions       [T,...], likewise
        rewards       float64 [T]; terminations, truncations: bool [T]
        infos         a group, whatever the source has

Values of an episode are given by path: {"camera/top": array}. The path "" alone is a space that
is no Dict. A path part "_index_<i>" is the i-th member of a Tuple.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import socket

import h5py
import numpy as np

from conversion import IoError, UsageError

# The release whose files these are: Minari refuses versions that it does not know.
MINARI_VERSION = "0.5.3"


class Frames:
    """Images that are decoded while they are written, so that an episode of them need not fit
    into memory: `rows` of uint8 `shape`, from an iterator."""

    def __init__(self, rows, shape, frames):
        self.shape, self.dtype, self.frames = (rows, *shape), np.dtype(np.uint8), frames

    def __len__(self):
        return self.shape[0]


class JpegFrames(list):
    """Encoded images, as bytes, one a row: stored as Minari stores JPEG."""


@dataclasses.dataclass
class Episode:
    """Values by path: numpy arrays with one row a step, lists of str, Frames or JpegFrames.
    Observations may have one row more than there are actions."""
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
    """Refuses what exists, or with `force` what is no Minari dataset, before any work."""
    if os.path.lexists(path):
        if not force:
            raise UsageError(f"{path} exists; --force replaces it")
        if not (path / "data" / "metadata.json").is_file() or path.is_symlink():
            raise UsageError(f"{path} is no Minari dataset: --force does not replace it")
    if not path.absolute().parent.is_dir():
        raise IoError(f"{path}: the directory {path.absolute().parent} does not exist")


def dataset_id(task, source):
    """An id that Minari parses: words of letters, digits, '_' and '-'."""
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
    """`values` by path below `name`; the path "" is `name` itself."""
    for path, value in values.items():
        *parents, leaf = [name, *filter(None, path.split("/"))]
        place = group.require_group("/".join(parents)) if parents else group
        _write_values(place, leaf, value)


def _flags(values, steps):
    return np.zeros(steps, bool) if values is None else np.asarray(values, bool)


class MinariWriter:
    """A dataset under a temporary name beside `path` until `commit`; a context manager that
    removes it where that is not reached."""

    def __init__(self, path, force):
        self.path, self.force = path, force
        self.episodes = self.steps = 0

    def __enter__(self):
        parent = self.path.absolute().parent
        self.temporary = parent / f".{self.path.name}.tmp-{socket.gethostname()}-{os.getpid()}-0"
        shutil.rmtree(self.temporary, ignore_errors=True)  # of a killed process of our number
        (self.temporary / "data").mkdir(parents=True)
        # The format of HDF5 1.10, as all files of gato.
        self.file = h5py.File(self.temporary / "data" / "main_data.hdf5", "w",
                              libver=("earliest", "v110"))
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):  # a full disk fails here once more
            self.file.close()
        shutil.rmtree(self.temporary, ignore_errors=True)

    @contextlib.contextmanager
    def episode(self, episode, label):
        """Writes `episode`; whatever fails here or in the body leaves nothing of it."""
        episode_check(episode, label)
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
        group.attrs.update({  # as Minari's EpisodeMetadataCallback
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
        """Attributes of the file, spaces as JSON texts, further entries of metadata.json."""
        attributes = {name: value for name, value in attributes.items() if value}
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
        (data / "metadata.json").write_text(json.dumps(entries, indent=2) + "\n")
        for path in (data / "main_data.hdf5", data / "metadata.json", data, self.temporary):
            _sync(path)
        self._replace()

    def _replace(self):
        check_output(self.path, self.force)  # it may have appeared meanwhile
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


def episode_check(episode, label):
    """BadInput where lengths disagree or a number is no number."""
    from conversion import BadInput
    steps = episode.steps
    series = {"rewards": episode.rewards, "terminations": episode.terminations,
              "truncations": episode.truncations}
    for kind, values, extra in (("observation", episode.observations, 1),
                                ("action", episode.actions, 0),
                                ("", {k: v for k, v in series.items() if v is not None}, 0)):
        for path, value in values.items():
            what = f"{label}: {kind} {path}".rstrip()
            if not steps <= len(value) <= steps + extra:
                raise BadInput(f"{what}: {len(value)} rows for {steps} steps")
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                bad = np.argwhere(np.isnan(value))
                if len(bad):
                    raise BadInput(f"{what}: step {bad[0][0]} is NaN")
