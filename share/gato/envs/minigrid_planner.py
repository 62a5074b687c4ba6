"""An expert for MiniGrid levels: shortest paths that it plans again at every step, with
knowledge of the entire grid. It opens doors, fetches keys first, and drops what it
carries if it must pick up something else. It does not move obstacles."""
import heapq

from minigrid.core.constants import DIR_TO_VEC


def ahead(x, y, direction):
    return x + int(DIR_TO_VEC[direction][0]), y + int(DIR_TO_VEC[direction][1])


class Planner:
    def __init__(self, level):
        self.level, self.may_unlock = level, True

    def cell(self, x, y):
        return self.level.grid.get(x, y)

    def cells(self, kind):
        return [(x, y) for x in range(self.level.grid.width) for y in range(self.level.grid.height)
                if self.cell(x, y) and self.cell(x, y).type == kind]

    def cost(self, position):
        """Returns the number of actions to enter a cell that is ahead, None if it is blocked."""
        x, y = position
        if not (0 <= x < self.level.grid.width and 0 <= y < self.level.grid.height):
            return None
        cell = self.cell(x, y)
        if cell is None or cell.type in ("goal", "floor"):
            return 1
        if cell.type != "door" or (cell.is_locked and not self.has_key(cell.color)):
            return None
        return 1 if cell.is_open else 2

    def has_key(self, color):
        carrying = self.level.carrying
        return self.may_unlock and carrying is not None and carrying.type == "key" and carrying.color == color

    def first_action(self, is_end):
        """Returns the first action of the shortest path to a state (x, y, direction) that fulfills
        is_end, "arrived" if the current state does, and None if there is no path."""
        start = (*map(int, self.level.agent_pos), self.level.agent_dir)
        actions, queue, done = self.level.actions, [(0, start, "arrived")], set()
        while queue:
            steps, state, first = heapq.heappop(queue)
            if state in done:
                continue
            done.add(state)
            if is_end(state):
                return first
            x, y, direction = state
            moves = [(1, (x, y, (direction + 3) % 4), actions.left),
                     (1, (x, y, (direction + 1) % 4), actions.right)]
            front = ahead(*state)
            if cost := self.cost(front):
                action = actions.forward if cost == 1 else actions.toggle
                moves.append((cost, (*front, direction), action))
            for cost, state, action in moves:
                heapq.heappush(queue, (steps + cost, state, action if first == "arrived" else first))
        return None

    def facing(self, position, action):
        """Returns the first action to face a cell, `action` if the agent does, None if it cannot."""
        first = self.first_action(lambda state: ahead(*state) == position)
        return action if first == "arrived" else first

    def drop(self):
        action = self.first_action(lambda state: self.cell(*ahead(*state)) is None)
        return self.level.actions.drop if action == "arrived" else action

    def pick_up(self, position):
        if self.level.carrying:
            self.may_unlock = False
            reachable = self.facing(position, self.level.actions.pickup) is not None
            self.may_unlock = True
            if reachable:  # without what it carries
                return self.drop()
        return self.facing(position, self.level.actions.pickup)

    def open(self, door):
        if door.is_locked and not self.has_key(door.color):
            return None
        position = next(cell for cell in self.cells("door") if self.cell(*cell) is door)
        return self.facing(position, self.level.actions.toggle)

    def target(self):
        """Returns a function that plans for the goal of the level, None if that is not known."""
        level, name = self.level, type(self.level).__name__
        if name == "RedBlueDoorEnv":
            door = level.blue_door if level.red_door.is_open else level.red_door
            return lambda: self.open(door)
        if name == "UnlockEnv":
            return lambda: self.open(level.door)
        if name in ("UnlockPickupEnv", "KeyCorridorEnv"):
            return lambda: self.pick_up(tuple(level.obj.cur_pos))
        if name == "FetchEnv":
            return lambda: self.pick_up(next(
                position for position in self.cells(level.targetType)
                if self.cell(*position).color == level.targetColor))
        if name in ("GoToDoorEnv", "GoToObjectEnv"):
            return lambda: self.facing(tuple(map(int, level.target_pos)), level.actions.done)
        goals = [tuple(level.success_pos)] if name == "MemoryEnv" else self.cells("goal")
        return goals and (lambda: self.first_action(lambda state: state[:2] in goals))

    def plan(self):
        action = self.target()()
        if action is not None:
            return action
        locked = {self.cell(*door).color for door in self.cells("door")
                  if self.cell(*door).is_locked}
        for key in self.cells("key"):
            if self.cell(*key).color in locked:
                action = self.pick_up(key)
                if action is not None:
                    return action
        return self.level.actions.left  # wait
