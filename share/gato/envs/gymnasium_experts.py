"""Experts for environments of Gymnasium: rules, linear-quadratic regulators, dynamic
programming, and the heuristics that the package itself contains.

Each function takes the environment at the beginning of an episode and returns the
policy, a function from the observation to the action. Returns are in README.md.
"""
import numpy as np


def cartpole(_):
    return lambda s: int(s[2] + 0.5 * s[3] + 0.02 * s[0] + 0.1 * s[1] > 0)


def acrobot(_):
    return lambda s: 0 if s[4] > 0 else 2  # against the first link's velocity


def mountain_car(_):
    """A closed-form rule by Zhiqing Xiao: pushes right if the speed is between two curves."""
    def act(s):
        position, speed = s
        low = min(-0.09 * (position + 0.25)**2 + 0.03, 0.3 * (position + 0.9)**4 - 0.008)
        return 2 if low < speed < -0.07 * (position + 0.38)**2 + 0.07 else 0
    return act


def mountain_car_continuous(_):
    return lambda s: np.array([1.0 if s[1] >= 0 else -1.0])


def pendulum(_):
    def act(s):
        cosine, sine, speed = s
        if cosine > 0.85:
            torque = -12 * np.arctan2(sine, cosine) - 3 * speed
        else:  # reach the energy that the pendulum has at rest at the top
            torque = 2 * np.sign(speed) * np.sign(5 * (1 - cosine) - speed**2 / 6)
        return np.array([np.clip(torque, -2, 2)])
    return act


def lunar_lander(environment):
    from gymnasium.envs.box2d.lunar_lander import heuristic
    return lambda s: heuristic(environment, s)


def bipedal_walker(_):
    from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics
    walker = BipedalWalkerHeuristics()
    return lambda s: walker.step_heuristic(s).copy()


def car_racing(environment):
    """Steers toward a point of the track ahead, more slowly where the track bends."""
    track = np.array(environment.track)  # angle, angle, x and y of each tile

    def angle_between(a, b):
        return (b - a + np.pi) % (2 * np.pi) - np.pi

    def act(_):
        car = environment.car.hull
        position = np.array(car.position)
        near = np.argmin(((track[:, 2:] - position)**2).sum(axis=1))
        tiles = track[(near + np.array([0, 4, 5, 10])) % len(track)]
        target = tiles[1, 2:] - position
        turn = angle_between(car.angle, np.arctan2(-target[0], target[1]))
        bend = max(abs(angle_between(tiles[0, 1], tile[1])) for tile in tiles[2:])
        excess = np.linalg.norm(car.linearVelocity) - 80 / (1 + 0.6 * bend)
        return np.array([np.clip(-3 * turn + 0.3 * car.angularVelocity, -1, 1),
                         0.6 * (excess < 0), 0.6 * (excess > 5)])
    return act


def regulator(environment):
    """A linear-quadratic regulator of a MuJoCo model around its upright pose."""
    import mujoco
    model, data = environment.model, mujoco.MjData(environment.model)
    n = model.nv

    def next_state(state, control):
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:], data.ctrl[:] = state[:n], state[n:], control
        mujoco.mj_step(model, data, environment.frame_skip)
        return np.concatenate([data.qpos, data.qvel])
    step, zero = 1e-4, np.zeros(2 * n)
    a = np.stack([next_state(x, 0) - next_state(-x, 0) for x in step * np.eye(2 * n)], axis=1)
    b = (next_state(zero, step) - next_state(zero, -step))[:, None]
    a, b = a / (2 * step), b / (2 * step)
    q, r = np.diag([1.0] + [10.0] * (n - 1) + [0.1] * n), np.eye(1)
    p = q
    for _ in range(2000):  # the Riccati equation
        gain = np.linalg.solve(r + b.T @ p @ b, b.T @ p @ a)
        p = q + a.T @ p @ (a - b @ gain)
    low, high = environment.action_space.low, environment.action_space.high
    return lambda _: np.clip(-gain @ np.concatenate([environment.data.qpos, environment.data.qvel]),
                             low, high)


def reacher(environment):
    """Pulls the fingertip to the target through the transposed Jacobian of the arm."""
    def act(_):
        q, speed = environment.data.qpos, environment.data.qvel
        tip = environment.get_body_com("fingertip")[:2]
        gap = environment.get_body_com("target")[:2] - tip
        elbow = 0.1 * np.array([np.cos(q[0]), np.sin(q[0])])
        jacobian = np.array([[-tip[1], -(tip - elbow)[1]], [tip[0], (tip - elbow)[0]]])
        return np.clip(12 * jacobian.T @ gap - 0.05 * speed[:2], -1, 1)
    return act


def optimal(environment):
    """The optimal policy of an environment that exposes its transition probabilities."""
    values = np.zeros(len(environment.P))

    def value(state, action):
        return sum(p * (reward + (not end) * 0.999 * values[next_state])
                   for p, next_state, reward, end in environment.P[state][action])
    for _ in range(500):
        before = values.copy()
        for state in environment.P:
            values[state] = max(value(state, action) for action in environment.P[state])
        if np.abs(values - before).max() < 1e-6:
            break
    policy = {state: max(actions, key=lambda action, state=state: value(state, action))
              for state, actions in environment.P.items()}
    return lambda s: policy[int(s)]


def blackjack(_):
    def act(s):
        total, dealer, has_ace = s
        if has_ace:
            return int(total < 18 or (total == 18 and dealer in (1, 9, 10)))
        return int(total < 12 or (total == 12 and dealer not in (4, 5, 6)) or
                   (total < 17 and (dealer == 1 or dealer > 6)))
    return act


EXPERTS = {
    "CartPole": cartpole, "Acrobot": acrobot, "MountainCar": mountain_car,
    "MountainCarContinuous": mountain_car_continuous, "Pendulum": pendulum,
    "LunarLander": lunar_lander, "LunarLanderContinuous": lunar_lander,
    "BipedalWalker": bipedal_walker, "CarRacing": car_racing, "InvertedPendulum": regulator,
    "InvertedDoublePendulum": regulator, "Reacher": reacher, "FrozenLake": optimal,
    "FrozenLake8x8": optimal, "Taxi": optimal, "Blackjack": blackjack}
# The policies of these do not depend on the episode.
FIXED = (optimal, regulator)
