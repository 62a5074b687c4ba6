#!/usr/bin/env python3
"""Writes the inputs in tests/samples/convert with the libraries that define their formats.

    pip install "minari[hdf5]==0.5.4" pyarrow==26.0.1 datasets==5.2.0 pandas pillow av==18.1.0 \\
        tensorflow-datasets==4.9.10 tfrecord==1.14.6
    tests/python/make_converter_samples.py tests/samples/convert

Their episodes are in converter_episodes.py. TensorFlow is not needed: TFDS writes its messages and
its JSON without it, and `tfrecord` writes the files. LeRobot, which requires PyTorch, is not needed
either: the layouts follow lerobot 0.1.0 (common/datasets/utils.py, codebase v2.0), 0.3.3 (v2.1) and
0.4.0 (v3.0).
"""
import io
import json
import pathlib
import shutil
import sys

import av
import datasets
import gymnasium
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import tfrecord
from google.protobuf import json_format
from minari.data_collector.episode_buffer import EpisodeBuffer
from minari.dataset.minari_storage import MinariStorage
from PIL import Image
from tensorflow_datasets.core import example_serializer, features
from tensorflow_datasets.core.proto import dataset_info_pb2

import converter_episodes as expected

datasets.disable_progress_bars()


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def image_rows(pixels):
    return [{"bytes": png(frame), "path": None} for frame in pixels]


def jat_table(episodes, columns):
    """Returns a table with one row per episode. `columns` is {name: (feature, function that returns
    the values of an episode)}."""
    return datasets.Dataset.from_dict(
        {name: [get(episode) for episode in episodes] for name, (_, get) in columns.items()},
        features=datasets.Features(
            {name: datasets.Sequence(feature) for name, (feature, _) in columns.items()}))


def jat(root):
    reward = ("rewards", (datasets.Value("float32"), lambda e: e.rewards))
    discrete = ("discrete_actions", (datasets.Value("int64"), lambda e: e.actions["action"]))
    atari = dict([("image_observations", (datasets.Image(), lambda e: image_rows(
        e.observations["observation"]))), discrete, reward])
    folder = root / "atari-pong"
    folder.mkdir(parents=True)
    for name, episodes in (("train-00000-of-00002", expected.JAT_ATARI[:2]),
                           ("train-00001-of-00002", expected.JAT_ATARI[2:]),
                           ("test-00000-of-00001", expected.JAT_ATARI[:1])):
        jat_table(episodes, atari).to_parquet(folder / f"{name}.parquet", batch_size=1)

    babyai = dict([
        ("text_observations", (datasets.Value("string"), lambda e: e.observations["text"])),
        ("discrete_observations", (datasets.Sequence(datasets.Value("int64")),
                                   lambda e: e.observations["discrete"])), discrete, reward])
    datasets.DatasetDict({
        "train": jat_table(expected.JAT_BABYAI, babyai),
        "test": jat_table(expected.JAT_BABYAI[:1], babyai)}).save_to_disk(root / "babyai-go-to")

    numbers = datasets.Sequence(datasets.Value("float32"))
    mujoco = dict([
        ("continuous_observations", (numbers, lambda e: e.observations["observation"])),
        ("continuous_actions", (numbers, lambda e: e.actions["action"])), reward])
    folder = root / "mujoco-ant"
    folder.mkdir()
    jat_table(expected.JAT_MUJOCO, mujoco).to_parquet(folder / "train-00000-of-00001.parquet")


def lerobot_features(described):
    """Follows get_hf_features_from_features of LeRobot."""
    found = {}
    for key, feature in described.items():
        if feature["dtype"] == "video":
            continue
        value = datasets.Value(feature["dtype"]) if feature["dtype"] != "image" else None
        found[key] = (datasets.Image() if value is None else value if feature["shape"] == [1]
                      else datasets.Sequence(value, length=feature["shape"][0]))
    return datasets.Features(found)


BOOKKEEPING = {"timestamp": {"dtype": "float32", "shape": [1], "names": None}} | {
    key: {"dtype": "int64", "shape": [1], "names": None}
    for key in ("frame_index", "episode_index", "index", "task_index")}


def lerobot_info(root, version, described, paths, episodes):
    info = {"codebase_version": version, "robot_type": "so100", "fps": 10, "chunks_size": 1000,
            "total_episodes": len(episodes), "total_tasks": 2,
            "total_frames": sum(len(e.rewards) for e in episodes),
            "splits": {"train": f"0:{len(episodes)}"}, "features": described} | paths
    (root / "meta").mkdir(parents=True)
    (root / "meta" / "info.json").write_text(json.dumps(info, indent=1))


def lerobot_rows(episodes, i):
    steps, first = len(episodes[i].rewards), sum(len(e.rewards) for e in episodes[:i])
    return {"observation.state": episodes[i].observations["state"],
            "action": episodes[i].actions["action"],
            "timestamp": np.arange(steps, dtype=np.float32) / 10, "frame_index": np.arange(steps),
            "episode_index": np.full(steps, i), "index": first + np.arange(steps),
            "task_index": np.full(steps, i % 2)}


EPISODE_PATH = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
TASKS = ("pick up the cube", "put it down")


def write_lines(path, entries):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def lerobot_20(root):
    """Writes one statistics file for all episodes, and one AV1 video per episode, LeRobot's
    default."""
    episodes = expected.LEROBOT_20
    described = {
        "observation.state": {"dtype": "float32", "shape": [3], "names": ["a", "b", "c"]},
        "observation.images.top": {"dtype": "video", "shape": [48, 64, 3],
                                   "names": ["height", "width", "channels"]},
        "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"]}} | BOOKKEEPING
    lerobot_info(root, "v2.0", described, {
        "data_path": EPISODE_PATH, "video_path": "videos/chunk-{episode_chunk:03d}/{video_key}/"
        "episode_{episode_index:06d}.mp4"}, episodes)
    videos = root / "videos" / "chunk-000" / "observation.images.top"
    videos.mkdir(parents=True)
    (root / "data" / "chunk-000").mkdir(parents=True)
    for i, episode in enumerate(episodes):
        datasets.Dataset.from_dict(
            lerobot_rows(episodes, i), features=lerobot_features(described)).to_parquet(
            root / "data" / "chunk-000" / f"episode_{i:06d}.parquet")
        write_video(videos / f"episode_{i:06d}.mp4", episode.observations["images.top"],
                    "libsvtav1")
    write_lines(root / "meta" / "tasks.jsonl",
                ({"task_index": i, "task": task} for i, task in enumerate(TASKS)))
    write_lines(root / "meta" / "episodes.jsonl",
                ({"episode_index": i, "tasks": [TASKS[i % 2]], "length": len(episode.rewards)}
                 for i, episode in enumerate(episodes)))
    actions = np.concatenate([episode.actions["action"] for episode in episodes])
    (root / "meta" / "stats.json").write_text(json.dumps({"action": {
        name: getattr(actions, name)(0).tolist() for name in ("min", "max", "mean", "std")}}))


def lerobot_21(root):
    episodes = expected.LEROBOT_21
    described = {
        "observation.state": {"dtype": "float32", "shape": [3], "names": ["a", "b", "c"]},
        "observation.gripper": {"dtype": "float32", "shape": [1], "names": None},
        "observation.images.top": {"dtype": "image", "shape": [24, 32, 3],
                                   "names": ["height", "width", "channels"]},
        "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"]},
        "next.reward": {"dtype": "float32", "shape": [1], "names": None},
        "next.done": {"dtype": "bool", "shape": [1], "names": None},
        "next.success": {"dtype": "bool", "shape": [1], "names": None}} | BOOKKEEPING
    lerobot_info(root, "v2.1", described, {
        "data_path": EPISODE_PATH, "video_path": None}, episodes)
    (root / "data" / "chunk-000").mkdir(parents=True)
    for i, episode in enumerate(episodes):
        last = np.arange(len(episode.rewards)) == len(episode.rewards) - 1
        rows = lerobot_rows(episodes, i) | {
            "observation.gripper": episode.observations["gripper"][:, 0],
            "observation.images.top": image_rows(episode.observations["images.top"]),
            "next.reward": episode.rewards, "next.done": last,
            "next.success": last & episode.success}
        datasets.Dataset.from_dict(rows, features=lerobot_features(described)).to_parquet(
            root / "data" / "chunk-000" / f"episode_{i:06d}.parquet")
    write_lines(root / "meta" / "tasks.jsonl",
                ({"task_index": i, "task": task} for i, task in enumerate(TASKS)))


def lerobot_30(root):
    episodes = expected.LEROBOT_30
    described = {
        "observation.state": {"dtype": "float32", "shape": [3], "names": ["a", "b", "c"]},
        "observation.images.top": {"dtype": "video", "shape": [48, 64, 3],
                                   "names": ["height", "width", "channels"]},
        "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"]}} | BOOKKEEPING
    lerobot_info(root, "v3.0", described, {
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"},
        episodes)
    hf_features, locations = lerobot_features(described), []
    (root / "data" / "chunk-000").mkdir(parents=True)
    for number, members in enumerate(((0, 1), (2,))):  # two episodes in the first file
        tables = [datasets.Dataset.from_dict(
            lerobot_rows(episodes, i), features=hf_features).with_format("arrow")[:]
            for i in members]
        pq.write_table(pa.concat_tables(tables),
                       root / "data" / "chunk-000" / f"file-{number:03d}.parquet")
        start = 0.0
        for i in members:
            locations.append({"episode_index": i, "length": len(episodes[i].rewards),
                          "data/chunk_index": 0, "data/file_index": number,
                          "videos/observation.images.top/chunk_index": 0,
                          "videos/observation.images.top/file_index": number,
                          "videos/observation.images.top/from_timestamp": start})
            start += len(episodes[i].rewards) / 10
        video = root / "videos" / "observation.images.top" / "chunk-000" / f"file-{number:03d}.mp4"
        video.parent.mkdir(parents=True, exist_ok=True)
        write_video(video, np.concatenate(
            [episodes[i].observations["images.top"] for i in members]))
    (root / "meta" / "episodes" / "chunk-000").mkdir(parents=True)
    pandas.DataFrame(locations).to_parquet(
        root / "meta" / "episodes" / "chunk-000" / "file-000.parquet")
    pandas.DataFrame({"task_index": [0, 1]}, index=list(TASKS)).to_parquet(
        root / "meta" / "tasks.parquet")


def write_video(path, frames, codec="libx264"):
    """Encodes H.264 or AV1 with a key frame every two frames, like LeRobot's encoder."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, options={"g": "2", "crf": "10"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def rlds(root):
    tensor, scalar = features.Tensor, features.Scalar
    described = features.FeaturesDict({
        "steps": features.Dataset({
            "observation": {
                "image": features.Image(shape=(16, 24, 3), encoding_format="png"),
                "state": {"joints": tensor(shape=(4,), dtype=np.float32),
                          "ticks": scalar(dtype=np.int32)},
                "depth": tensor(shape=(6, 5), dtype=np.uint16, encoding="zlib")},
            "language_instruction": features.Text(),
            "language_embedding": tensor(shape=(8,), dtype=np.float32),
            "action": {"gripper": features.ClassLabel(num_classes=4),
                       "world_vector": tensor(shape=(3,), dtype=np.float32),
                       "is_open": scalar(dtype=np.bool_)},
            "reward": scalar(dtype=np.float32), "discount": scalar(dtype=np.float32),
            "is_first": scalar(dtype=np.bool_), "is_last": scalar(dtype=np.bool_),
            "is_terminal": scalar(dtype=np.bool_)}),
        "episode_metadata": {"file_path": features.Text()}})
    serializer = example_serializer.ExampleSerializer(described.get_serialized_info())

    def message(i):
        episode, rows = expected.rlds_rows(i), expected.RLDS_ROWS[i]
        steps = []
        for t in range(rows):
            row = {path: value[t]
                   for path, value in (episode.observations | episode.actions).items()}
            steps.append({
                "observation": {"image": io.BytesIO(png(row["observation/image"])),
                                "state": {"joints": row["observation/state/joints"],
                                          "ticks": row["observation/state/ticks"]},
                                "depth": row["observation/depth"]},
                "language_instruction": row["language_instruction"],
                "language_embedding": np.zeros(8, np.float32),
                "action": {"gripper": int(row["action/gripper"]),
                           "world_vector": row["action/world_vector"],
                           "is_open": bool(row["action/is_open"])},
                "reward": episode.rewards[t], "discount": 1.0, "is_first": t == 0,
                "is_last": t == rows - 1, "is_terminal": t == rows - 1 and episode.terminated})
        return serializer.serialize_example(described.encode_example(
            {"steps": steps, "episode_metadata": {"file_path": f"episode {i}"}}))

    root.mkdir(parents=True)
    described.save_config(str(root))
    shards = {"train": ((0, 1), (2,)), "val": ((0,),)}
    for split, files in shards.items():
        for number, members in enumerate(files):
            path = root / f"blocks-{split}.tfrecord-{number:05d}-of-{len(files):05d}"
            writer = tfrecord.TFRecordWriter(str(path))
            for i in members:
                data = message(i)
                length = len(data).to_bytes(8, "little")
                writer.file.write(length + writer.masked_crc(length) + data
                                  + writer.masked_crc(data))
            writer.close()
    info = dataset_info_pb2.DatasetInfo(name="blocks", version="1.0.0", file_format="tfrecord")
    for split, files in shards.items():
        info.splits.add(name=split, shard_lengths=[len(members) for members in files],
                        filepath_template="{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}")
    (root / "dataset_info.json").write_text(json_format.MessageToJson(info))


def minari_storage(root, data_format, jpeg_encoding):
    spaces = gymnasium.spaces
    (root / "data").mkdir(parents=True)
    storage = MinariStorage.new(
        root / "data",
        spaces.Dict({
            "camera": spaces.Box(0, 255, (32, 48, 3), np.uint8),
            "mission": spaces.Text(64, charset="abcdefghijklmnopqrstuvwxyzöß "),
            "pair": spaces.Tuple((spaces.Box(-np.inf, np.inf, (2,), np.float64),
                                  spaces.Discrete(5, start=-2))),
            "dials": spaces.MultiDiscrete([4, 9], start=[0, 10])}),
        spaces.Dict({"force": spaces.Box(-2, 2, (2,), np.float32),
                     "move": spaces.Discrete(3, start=1)}),
        data_format=data_format, jpeg_encoding=jpeg_encoding)
    storage.update_metadata({"dataset_id": "samples/spaces/random-v0", "algorithm_name": "random",
                             "minari_version": "0.5.4"})
    for i, episode in enumerate(expected.MINARI):
        steps = len(episode.rewards)
        last = np.arange(steps) == steps - 1
        observed = dict(episode.observations)
        pair = (observed.pop("pair/_index_0"), observed.pop("pair/_index_1"))
        storage.update_episodes([EpisodeBuffer(
            id=i, seed=expected.MINARI_SEEDS[i], options={"level": {"size": i + 3}},
            observations=observed | {"pair": pair}, actions=episode.actions,
            rewards=episode.rewards, terminations=last & episode.terminated,
            truncations=last & episode.truncated,
            infos={"success": np.arange(steps + 1) == steps,
                   "where": {"position": expected.numbers(i, steps + 1, 6).reshape(-1, 2, 3)},
                   "name": ["start"] * (steps + 1)})])


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    shutil.rmtree(root, ignore_errors=True)
    jat(root / "jat")
    lerobot_20(root / "lerobot" / "v2.0")
    lerobot_21(root / "lerobot" / "v2.1")
    lerobot_30(root / "lerobot" / "v3.0")
    rlds(root / "rlds" / "blocks" / "1.0.0")
    minari_storage(root / "minari-arrow", "arrow", True)
    minari_storage(root / "minari-parquet", "parquet", False)


if __name__ == "__main__":
    main()
