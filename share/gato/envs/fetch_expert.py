"""Experts for the Fetch tasks: scripts that see what an agent observes."""
import numpy as np

OPEN, CLOSED = 1.0, -1.0
STEP = 0.05  # meters that the gripper's target moves by an action of 1
TABLE = 0.425  # height of a block on the table
# How far a puck slides after a run-up, by the action during it, and how its direction
# differs from the gripper's, whose front faces the x axis; both were measured.
RUN_UP, TURN = 0.13, 1.15
DISTANCES = (0.15, 0.2, 0.274, 0.357, 0.395, 0.505, 0.7)
SPEEDS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def move(offset, gripper=CLOSED, gain=0.5):
    return np.append(np.clip(gain * offset / STEP, -1, 1), gripper)


class Script:
    """Decides from the observation alone, except for slide, which strikes once."""

    def __init__(self, task):
        self.choose = getattr(self, task.replace("-", "_"))
        self.strike = None

    def act(self, observation):
        """Returns the action for an observation with the keys "observation" and "desired_goal"."""
        state, goal = observation["observation"], observation["desired_goal"]
        width = state[9:11].sum() if len(state) > 10 else 0  # of the gripper
        return self.choose(state[:3], state[3:6], goal, width).astype(np.float32)

    def reach(self, gripper, _, goal, __):
        return move(goal - gripper, gain=1)

    def behind(self, gripper, block, direction, gap, tolerance=0.015):
        """Moves the gripper to `gap` behind the block, over it if it is in the way. Returns None
        when it is there."""
        start = block - gap * direction
        offset = (start - gripper)[:2]
        if np.linalg.norm(offset) < tolerance:
            if gripper[2] > TABLE + 0.01:
                return move(np.append(offset, TABLE - 0.015 - gripper[2]), gain=1)
            return None
        height = TABLE + 0.07
        if gripper[2] < height - 0.02 and np.linalg.norm((block - gripper)[:2]) < 0.12:
            return move(np.array([0, 0, height - gripper[2]]), gain=1)
        return move(np.append(offset, height - gripper[2]), gain=1)

    def push(self, gripper, block, goal, _):
        to_goal = (goal - block) * [1, 1, 0]
        distance = np.linalg.norm(to_goal)
        if distance < 0.02:
            return np.array([0, 0, 0, CLOSED])
        direction = to_goal / distance
        from_block = (gripper - block) * [1, 1, 0]
        along = from_block @ direction
        aside = from_block - along * direction
        if gripper[2] > TABLE + 0.02 or along > -0.03 or np.linalg.norm(aside) > 0.025:
            action = self.behind(gripper, block, direction, 0.07)
            if action is not None:
                return action
        height = [0, 0, TABLE - 0.015 - gripper[2]]
        return move(to_goal * min(1, 0.06 / distance) - 1.5 * aside + height, gain=0.6)

    def pick_and_place(self, gripper, block, goal, width):
        offset = block - gripper
        if np.linalg.norm(offset) < 0.015 and width < 0.055:
            return move(goal - block, CLOSED, gain=1)  # the block is held
        if np.linalg.norm(offset[:2]) > 0.015:
            return move(np.append(offset[:2], block[2] + 0.06 - gripper[2]), OPEN, gain=1)
        return move(offset, CLOSED if offset[2] > -0.01 else OPEN, gain=1)

    def slide(self, gripper, puck, goal, _):
        if self.strike is None:
            to_goal = (goal - puck) * [1, 1, 0]
            distance = np.linalg.norm(to_goal)
            angle = TURN * np.arctan2(to_goal[1], to_goal[0])
            direction = np.array([np.cos(angle), np.sin(angle), 0])
            action = self.behind(gripper, puck, direction, RUN_UP, tolerance=0.006)
            if action is not None:
                return action
            self.strike = puck, direction, np.interp(distance, DISTANCES, SPEEDS)
        start, direction, speed = self.strike
        along = (gripper - start) @ direction
        if along > 0.04:
            return np.array([0, 0, 0, CLOSED])
        aside = gripper - start - along * direction
        return np.append((speed * direction - 10 * aside)[:2], [0, CLOSED])
