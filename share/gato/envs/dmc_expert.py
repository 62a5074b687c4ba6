"""Experts for tasks of dm_control: model-predictive control by sampling.

At every step, a variant of MPPI (Williams et al. 2015, arXiv:1509.01149) improves a
sequence of controls for the next steps: it rolls out noisy variants of the sequence
in MuJoCo, several at a time, and averages the best of them with weights that increase
with their reward. The sequence of the previous step, moved by one step, is the starting
point. The rewards are close to those of the tasks, but smooth where a task rewards only
the goal.
"""
import dataclasses
import os
import typing

import mujoco
import mujoco.rollout
import numpy as np
from dm_control import suite
from dm_control.utils.rewards import tolerance


@dataclasses.dataclass
class Plan:
    reward: typing.Callable  # of a Trajectories
    horizon: int  # steps
    samples: int = 64
    noise: float = 0.5  # standard deviation of a control, whose bounds are -1 and 1
    smoothness: float = 0.7  # correlation of the noise of successive steps
    iterations: int = 1


@dataclasses.dataclass
class Trajectories:
    """Arrays [samples, steps, ...] after each step."""
    qpos: np.ndarray
    qvel: np.ndarray
    control: np.ndarray
    sensors: dict  # by "type object", such as "framepos target"


def small_control(s):
    return (4 + tolerance(s.control, margin=1, value_at_margin=0, sigmoid="quadratic").mean(-1)) / 5


def cartpole(s):
    upright = (np.cos(s.qpos[..., 1]) + 1) / 2
    centered = (1 + tolerance(s.qpos[..., 0], margin=2)) / 2
    slow = (1 + tolerance(s.qvel[..., 1:], margin=5).min(-1)) / 2
    return upright * centered * slow * small_control(s)


def distance(s, a, b):
    return np.linalg.norm(s.sensors[f"framepos {a}"] - s.sensors[f"framepos {b}"], axis=-1)


def reacher(s):
    gap = distance(s, "geom finger", "geom target")
    return tolerance(gap, (0, 0.01), margin=0.02) - gap - 0.002 * np.abs(s.qvel).mean(-1)


def point_mass(s):
    return tolerance(distance(s, "geom pointmass", "geom target"), (0, 0.01), margin=0.1) * \
        small_control(s)


def pendulum(s):
    height = np.cos(s.qpos[..., 0])
    return height - 0.05 * np.abs(s.qvel[..., 0]) * (height > 0.9)


def ball_in_cup(s):
    offset = np.abs(s.sensors["framepos site ball"] - s.sensors["framepos site target"])[..., ::2]
    return np.all(offset < 0.025, axis=-1) - offset.sum(-1)


def acrobot(s):
    return tolerance(distance(s, "site tip", "site target"), (0, 0.2), margin=1)


def finger_turn(s):
    return tolerance(distance(s, "site tip", "site target"), (0, 0.02), margin=0.2)


def cheetah(s):
    return np.clip(s.sensors["subtreelinvel body torso"][..., 0] / 10, 0, 1)


def walker(speed):
    def reward(s):
        standing = tolerance(s.sensors["framepos xbody torso"][..., 2], (1.2, np.inf), margin=0.6)
        upright = (1 + s.sensors["framezaxis xbody torso"][..., 2]) / 2
        stand = (3 * standing + upright) / 4
        moving = tolerance(s.sensors["subtreelinvel body torso"][..., 0], (speed, np.inf),
                           margin=speed / 2, value_at_margin=0.5, sigmoid="linear") if speed else 1
        return stand * (5 * moving + 1) / 6
    return reward


def fish_upright(s):
    return tolerance(s.sensors["framezaxis xbody torso"][..., 2], (1, 1), margin=1)


PLANS = {
    "cartpole-balance": Plan(cartpole, 100),
    "cartpole-balance_sparse": Plan(cartpole, 100),
    "cartpole-swingup": Plan(cartpole, 100),
    "cartpole-swingup_sparse": Plan(cartpole, 100),
    "reacher-easy": Plan(reacher, 25),
    "reacher-hard": Plan(reacher, 25),
    "point_mass-easy": Plan(point_mass, 40),
    "pendulum-swingup": Plan(pendulum, 80, noise=1, smoothness=0.9),
    "ball_in_cup-catch": Plan(ball_in_cup, 40, noise=1, smoothness=0.8),
    "acrobot-swingup": Plan(acrobot, 150, noise=1, smoothness=0.9),
    "finger-turn_easy": Plan(finger_turn, 40, noise=0.8),
    "finger-turn_hard": Plan(finger_turn, 40, noise=0.8),
    "cheetah-run": Plan(cheetah, 40, 96, noise=1.5, smoothness=0.8, iterations=2),
    "walker-stand": Plan(walker(0), 20),
    "walker-walk": Plan(walker(1), 30, noise=1, smoothness=0.8),
    "walker-run": Plan(walker(8), 30, noise=1, smoothness=0.8),
    "fish-upright": Plan(fish_upright, 20),
}
# What the rewards read: type of the sensor, type and name of the object.
SENSORS = {
    "reacher": ("framepos geom finger", "framepos geom target"),
    "point_mass": ("framepos geom pointmass", "framepos geom target"),
    "ball_in_cup": ("framepos site ball", "framepos site target"),
    "acrobot": ("framepos site tip", "framepos site target"),
    "finger": ("framepos site tip", "framepos site target"),
    "cheetah": ("subtreelinvel body torso",),
    "walker": ("framepos xbody torso", "framezaxis xbody torso", "subtreelinvel body torso"),
    "fish": ("framezaxis xbody torso",)}


class Planner:
    def __init__(self, environment, domain, task):
        self.environment, self.plan = environment, PLANS[f"{domain}-{task}"]
        specification = mujoco.MjSpec.from_file(
            os.path.join(os.path.dirname(suite.__file__), f"{domain}.xml"))
        for text in SENSORS.get(domain, ()):
            kind, object_type, name = text.split()
            specification.add_sensor(
                name=text, type=getattr(mujoco.mjtSensor, f"mjSENS_{kind.upper()}"), objname=name,
                objtype=getattr(mujoco.mjtObj, f"mjOBJ_{object_type.upper()}"))
        self.model = specification.compile()
        threads = os.cpu_count()
        self.data = [mujoco.MjData(self.model) for _ in range(threads)]
        self.rollouts = mujoco.rollout.Rollout(nthread=threads)
        self.reset(0)

    def reset(self, seed):
        self.random = np.random.default_rng(seed)
        self.controls = np.zeros((self.plan.horizon, self.model.nu))
        # Tasks sample the positions of targets.
        for name in ("geom_pos", "site_pos", "body_pos", "geom_size", "site_size"):
            getattr(self.model, name)[:] = getattr(self.environment.physics.model, name)

    def action(self):
        """Improves the sequence of controls and returns the first."""
        for _ in range(self.plan.iterations):
            self.improve()
        return self.controls[0].copy()

    def advance(self):
        """Must be called after each step."""
        self.controls = np.concatenate([self.controls[1:], self.controls[-1:]])

    def improve(self):
        plan = self.plan
        noise = self.random.normal(size=(plan.samples, *self.controls.shape))
        for t in range(1, plan.horizon):
            noise[:, t] = plan.smoothness * noise[:, t - 1] + \
                np.sqrt(1 - plan.smoothness**2) * noise[:, t]
        # From coarse variants, which explore, to fine ones, which stabilize.
        scales = plan.noise * np.geomspace(1, 0.02, plan.samples)
        scales[-1] = 0
        controls = np.clip(self.controls + scales[:, None, None] * noise, -1, 1)
        returns = self.rewards(controls).sum(axis=1)
        best = np.argsort(-returns)[:max(4, plan.samples // 8)]
        weights = np.exp((returns[best] - returns[best[0]]) /
                         (0.3 * (returns[best[0]] - returns[best[-1]]) + 1e-9))
        self.controls = np.tensordot(weights / weights.sum(), controls[best], axes=1)

    def rewards(self, controls):
        """Returns the rewards [samples, steps] of controls [samples, steps, controls]."""
        physics, model = self.environment.physics, self.model
        substeps = round(self.environment.control_timestep() / model.opt.timestep)
        full = mujoco.mjtState.mjSTATE_FULLPHYSICS
        state = np.empty(mujoco.mj_stateSize(model, full))
        mujoco.mj_getState(physics.model.ptr, physics.data.ptr, state, full)
        states, sensors = self.rollouts.rollout(
            model, self.data, state[None], np.repeat(controls, substeps, axis=1))
        states, sensors = states[:, substeps - 1::substeps], sensors[:, substeps - 1::substeps]
        return self.plan.reward(Trajectories(
            states[..., 1:1 + model.nq], states[..., 1 + model.nq:1 + model.nq + model.nv], controls,
            {model.sensor(i).name: sensors[..., model.sensor_adr[i]:][..., :model.sensor_dim[i]]
             for i in range(model.nsensor)}))
