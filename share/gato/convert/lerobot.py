#!/usr/bin/env python3
"""Converts a LeRobot dataset, version 2.0, 2.1 or 3.0, to a Minari dataset.

The input is the directory that contains meta/, data/ and videos/. The text of each frame's task
becomes the observation `task`; `observation.state` becomes `state`, and so on:

  lerobot.py --bounds action=data lerobot/pusht pusht
  lerobot.py --exclude observation.images.wrist aloha_sim_insertion_human insertion
"""
import conversion
from errors import BadInputError, UsageError, require_module

VERSIONS = ("v2.0", "v2.1", "v3.0")
# Columns that LeRobot adds to every dataset.
BOOKKEEPING = {"timestamp", "frame_index", "episode_index", "index", "task_index"}
OUTCOMES = {"next.reward", "next.done", "next.success"}
FRAMES_PER_BATCH = 512


def check_chunk_size(value, where):
    conversion.check_json(value, int, where)
    if value < 1:
        raise BadInputError(f"{where}: expected an integer above 0, not {value}")


# What is read of meta/info.json and of each line of meta/tasks.jsonl.
INFO = {"codebase_version": str, "robot_type": (str, conversion.NULL), "total_episodes": int,
        "total_frames": int, "video_path": (str, conversion.NULL),
        "chunks_size": check_chunk_size,
        "features": {"*": {"dtype": str, "shape": [int]}}}
TASK = {"!task_index": int, "!task": str}


class LeRobot:
    spaces, metadata = None, {}

    def __init__(self, options):
        import arrow_input
        self.arrow = arrow_input
        self.folder = options.inputs[0]
        self.info = conversion.load_json(
            self.folder / "meta" / "info.json",
            f"{self.folder}: not a LeRobot dataset: there is no meta/info.json", INFO)
        self.version = self.info.get("codebase_version")
        if self.version not in VERSIONS:
            raise BadInputError(f"{self.folder}: unsupported version {self.version}, not one of "
                                f"{', '.join(VERSIONS)}: convert it with LeRobot's own script")
        name = self.folder.resolve().name
        self.task, self.domain = name, self.info.get("robot_type") or name
        self.agent = name
        self._choose_features(options.exclude)
        self.tasks = self._read_tasks() if self.has_task else {}
        self.inputs = sorted((self.folder / "data").glob("chunk-*/*.parquet"))
        if not self.inputs:
            raise BadInputError(f"{self.folder}: there are no files data/chunk-*/*.parquet")
        has_shared_videos = self.videos and self.version == "v3.0"
        self.video_offsets = self._read_video_offsets() if has_shared_videos else {}

    def _choose_features(self, exclude):
        """Maps the paths of the output to features of the input, without the excluded ones."""
        features = self.info.get("features", {})
        self.has_task = "task_index" in features and "task" not in exclude
        for key in exclude:
            if key != "task" and key not in features:
                raise UsageError(f"--exclude {key}: there is no such feature "
                                 f"(there are {', '.join(sorted(features))})")
        kept = [key for key in features if key not in exclude]
        self.observations = {key.removeprefix("observation").lstrip("."): key for key in kept
                             if key == "observation" or key.startswith("observation.")}
        self.actions = {key.removeprefix("action").lstrip("."): key for key in kept
                        if key == "action" or key.startswith("action.")}
        if not self.observations or not self.actions:
            raise BadInputError(f"{self.folder}: features observation.* and action are required, "
                                f"but there are {', '.join(sorted(features))}")
        if "" in self.observations and (self.has_task or len(self.observations) > 1):
            self.observations = {path or "observation": key
                                 for path, key in self.observations.items()}
        self.outcomes = [key for key in kept if key in OUTCOMES]
        used = [*self.observations.values(), *self.actions.values(), *self.outcomes]
        self.videos = [key for key in used if features[key].get("dtype") == "video"]
        self.columns = [key for key in used if key not in self.videos]
        self.left_out = sorted(set(features) - set(used) - BOOKKEEPING)
        if self.videos:
            try:
                require_module("av", "av")
            except UsageError as error:
                options = " ".join(f"--exclude {key}" for key in self.videos)
                raise UsageError(f"{error}, or exclude the videos: {options}") from None

    def _read_tasks(self):
        """Returns the texts by task_index."""
        meta = self.folder / "meta"
        if self.version == "v3.0":
            table = {}
            for batch in self.arrow.batches(meta / "tasks.parquet", 1 << 16):
                for key, column in zip(batch.schema.names, batch.columns):
                    table.setdefault(key, []).extend(column.to_pylist())
            # The texts are the index of a pandas table, whose name varies.
            names = [key for key in table if key != "task_index"]
            if "task_index" not in table or len(names) != 1:
                raise BadInputError(f"{meta / 'tasks.parquet'}: the columns are "
                                    f"{', '.join(table)}, "
                                    "not task_index and one column of text")
            return dict(zip(table["task_index"], table[names[0]]))
        tasks = {}
        path = meta / "tasks.jsonl"
        if not path.exists():
            raise BadInputError(f"{path}: no such file; --exclude task converts without the text")
        # Not splitlines(): a text may contain U+2028 and other characters that end lines there.
        for number, line in enumerate(conversion.read_text(path).split("\n"), 1):
            if line:
                entry = conversion.parse_json(line, TASK, f"{path}: line {number}")
                tasks[entry["task_index"]] = entry["task"]
        return tasks

    def _read_video_offsets(self):
        """Returns, by episode index, which video file contains the episode and from which second
        on (version 3.0)."""
        offsets, parts = {}, ("chunk_index", "file_index", "from_timestamp")
        columns = [f"videos/{key}/{part}" for key in self.videos for part in parts]
        for path in sorted((self.folder / "meta" / "episodes").glob("*/*.parquet")):
            names = self.arrow.schema(path).names
            for name in ["episode_index", *columns]:
                if name not in names:
                    raise BadInputError(f"{path}: there is no column {name}")
            for batch in self.arrow.batches(path, 1 << 16, ["episode_index", *columns]):
                for row in batch.to_pylist():
                    offsets[row["episode_index"]] = row
        return offsets

    def records(self):
        episodes = frames = 0
        for episode_index, label, table in self._episodes():
            episodes, frames = episodes + 1, frames + table.num_rows
            yield label, lambda i=episode_index, t=table, w=label: self.episode(i, t, w)
        for name, count in (("total_episodes", episodes), ("total_frames", frames)):
            if self.info.get(name, count) != count:
                raise BadInputError(f"{self.folder}: meta/info.json says {name} "
                                    f"{self.info[name]}, but data/ contains {count}")

    def _episodes(self):
        """Yields (index, label, table) for each run of rows with the same episode_index. A run may
        span batches and files."""
        import numpy as np
        pa = self.arrow.pa
        wanted = [*self.columns, "episode_index", "frame_index",
                  *(["timestamp"] if self.videos else []),
                  *(["task_index"] if self.has_task else [])]
        current, label, pending = None, "", []
        for path in self.inputs:
            names = self.arrow.schema(path).names
            if missing := [name for name in wanted if name not in names]:
                raise BadInputError(f"{path}: there is no column {missing[0]}")
            row = 0
            for batch in self.arrow.batches(path, FRAMES_PER_BATCH, wanted):
                indices = self.arrow.dense(batch.column("episode_index"), f"{path}: episode_index")
                starts = [0, *(np.flatnonzero(np.diff(indices)) + 1), len(indices)]
                for start, end in zip(starts, starts[1:]):
                    if indices[start] != current:
                        if pending:
                            yield current, label, pa.Table.from_batches(pending)
                        current, pending = int(indices[start]), []
                        label = f"{path}: episode {current} from row {row + int(start)}"
                    pending.append(batch.slice(start, end - start))
                row += batch.num_rows
        if pending:
            yield current, label, pa.Table.from_batches(pending)

    def episode(self, index, table, label):
        import numpy as np
        from minari_writer import Episode
        columns = {name: self.arrow.column(self.arrow.single(table.column(name)),
                                           f"{label}, column {name}")
                   for name in table.column_names}
        rows = table.num_rows
        if not np.array_equal(columns["frame_index"], np.arange(rows)):
            raise BadInputError(f"{label}: frame_index does not count from 0 to {rows - 1}: "
                                "frames are missing")
        for key in {*self.observations.values(), *self.actions.values()} & set(columns):
            columns[key] = self._shaped(key, columns[key], f"{label}, column {key}")
        for key in self.videos:
            columns[key] = self._video(key, index, columns["timestamp"], label)
        episode = Episode({path: columns[key] for path, key in self.observations.items()},
                          {path: columns[key] for path, key in self.actions.items()})
        if self.has_task:
            episode.observations["task"] = [
                self._text(task, label) for task in columns["task_index"].tolist()]
        self._add_outcomes(episode, columns, rows, label)
        return episode

    def _shaped(self, key, values, what):
        """Reshapes numbers to the shape in info.json: LeRobot stores the shape [1] as a scalar."""
        import numpy as np
        shape = self.info["features"][key].get("shape", [])
        if not isinstance(values, np.ndarray):
            return values
        if values.size != len(values) * np.prod(shape, dtype=int):
            raise BadInputError(f"{what}: the shape is {values.shape[1:]}, but "
                                f"meta/info.json says {shape}")
        return values.reshape(-1, *shape)

    def _text(self, task, label):
        if task not in self.tasks:
            raise BadInputError(f"{label}: task_index {task} is not in meta/tasks")
        return self.tasks[task]

    def _add_outcomes(self, episode, columns, rows, label):
        series = {}
        for key in self.outcomes:
            if columns[key].size != rows:
                raise BadInputError(f"{label}, column {key}: {columns[key].size} values for "
                                    f"{rows} rows")
            series[key] = columns[key].reshape(rows)
        episode.rewards = series.get("next.reward")
        if "next.done" in series:
            episode.terminations = series["next.done"].astype(bool)
        if "next.success" in series:
            episode.success = bool(series["next.success"].any())

    def _video(self, key, index, timestamps, label):
        """Returns the frames of the video `key` at the timestamps, seconds from the beginning of
        the episode `index`."""
        import numpy as np
        import lerobot_video
        timestamps = timestamps.astype(np.float64).reshape(-1)
        late = np.flatnonzero(~(np.diff(timestamps, prepend=-np.inf) > 0))
        if late.size:
            raise BadInputError(f"{label}, row {late[0]} of the episode: timestamp "
                                f"{timestamps[late[0]]:g} does not come after that of the row "
                                "before, so the frames of the videos cannot be found")
        template, offset = self.info.get("video_path"), self.video_offsets.get(index)
        try:
            if self.version == "v3.0":
                chunk, file, start = (offset[f"videos/{key}/{part}"] for part in (
                    "chunk_index", "file_index", "from_timestamp"))
                path = template.format(video_key=key, chunk_index=chunk, file_index=file)
            else:
                start, path = 0.0, template.format(
                    episode_chunk=index // self.info.get("chunks_size", 1000), video_key=key,
                    episode_index=index)
        except (AttributeError, KeyError, TypeError) as error:
            raise BadInputError(f"{label}: meta/ does not say where the video {key} is: "
                                f"{error!r}") from None
        return lerobot_video.episode_frames(self.folder / path, start + timestamps, label)

    def notes(self):
        if self.left_out:
            yield f"ignored: {', '.join(self.left_out)}"
        if "next.reward" not in self.outcomes:
            yield "there are no rewards; zeros were written"


def main():
    parser = conversion.argument_parser(
        __doc__, "directory of the dataset, with meta/ and data/", many_inputs=False)
    conversion.add_space_options(parser)
    parser.add_argument("--exclude", metavar="KEY", action="append", default=[],
                        help="exclude this feature, such as observation.images.top, or `task` "
                             "for the texts of the tasks")
    conversion.main(parser, LeRobot)


if __name__ == "__main__":
    main()
