#!/usr/bin/env python3
"""Writes the robomimic files in tests/samples/robomimic in robomimic's layouts.

    pip install h5py numpy
    tests/python/make_robomimic_samples.py tests/samples/robomimic

The layouts are those of robomimic/scripts/dataset_states_to_obs.py (low_dim and
image files with obs, next_obs, rewards and dones) and split_train_val.py (mask) in
github.com/ARISE-Initiative/robomimic. Demonstration i has 1 + i % 3 steps. At step
t its end effector is at (i, t, 0.5), all pixels of its image are (10 i, t, 200),
and its action is (t / 4, -1, i / 16).
"""

import json
import pathlib
import sys

import h5py
import numpy as np

DEMOS = 12
SIDE = 16
ENV_ARGS = {
    "env_name": "Lift",
    "env_version": "1.4.1",
    "type": 1,
    "env_type": 1,
    "env_kwargs": {
        "has_renderer": False,
        "use_camera_obs": True,
        "control_freq": 20,
        "robots": ["Panda"],
        "reward_shaping": False,
        "camera_heights": SIDE,
        "camera_widths": SIDE,
    },
}


def observations(demo, steps):
    """Returns the observations of steps 0 to `steps`: the last one follows the last action."""
    position = np.array([[demo, t, 0.5] for t in range(steps + 1)])
    image = np.zeros((steps + 1, SIDE, SIDE, 3), np.uint8)
    image[..., 0] = 10 * demo
    image[..., 1] = np.arange(steps + 1)[:, None, None]
    image[..., 2] = 200
    return {"robot0_eef_pos": position, "agentview_image": image}


def actions(demo, steps):
    return np.array([[t / 4, -1, demo / 16] for t in range(steps)])


def write_image_file(path):
    """Writes everything that dataset_states_to_obs.py writes. Demonstrations 3, 6 and 9 fail."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        total = 0
        # Episodes are in the order in which the processes finished.
        for demo in reversed(range(DEMOS)):
            steps = 1 + demo % 3
            is_solved = demo == 0 or demo % 3 != 0
            group = data.create_group(f"demo_{demo}")
            group.create_dataset("actions", data=actions(demo, steps))
            group.create_dataset("states", data=np.zeros((steps, 5)))
            rewards = np.zeros(steps)
            rewards[-1] = is_solved
            group.create_dataset("rewards", data=rewards)
            done = np.zeros(steps, np.int64)
            done[-1] = is_solved
            group.create_dataset("dones", data=done)
            for key, values in observations(demo, steps).items():
                group.create_dataset(f"obs/{key}", data=values[:-1])
                group.create_dataset(f"next_obs/{key}", data=values[1:])
            group.attrs["model_file"] = "<mujoco/>"
            group.attrs["num_samples"] = steps
            total += steps
        valid = ["demo_1", "demo_10", "demo_2"]
        train = [f"demo_{i}" for i in range(DEMOS) if f"demo_{i}" not in valid]
        file["mask/train"] = np.array(train, dtype="S")
        file["mask/valid"] = np.array(valid, dtype="S")
        data.attrs["total"] = total
        data.attrs["env_args"] = json.dumps(ENV_ARGS, indent=4)


def write_real_file(path):
    """Writes demonstrations of a real robot, without rewards, dones and next_obs."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        for demo in range(2):
            group = data.create_group(f"demo_{demo}")
            group.create_dataset("actions", data=actions(demo, 2))
            position = observations(demo, 2)["robot0_eef_pos"]
            group.create_dataset("obs/robot0_eef_pos", data=position[:-1])
            group.attrs["num_samples"] = 2
        data.attrs["total"] = 4


def main():
    root = pathlib.Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    write_image_file(root / "image.hdf5")
    write_real_file(root / "real.hdf5")
    for path in sorted(root.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
