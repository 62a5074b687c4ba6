"""Experts for Atari games, which read the console's memory (RAM).

They are made for a frame skip of 4 and cope with sticky actions. act(ram) returns
the name of an action. README.md lists their scores.
"""
import itertools

import numpy as np


def reflected(position, low, high):
    """Returns where a ball is that would be at `position` if there were no walls."""
    for _ in range(4):
        if position < low:
            position = 2 * low - position
        elif position > high:
            position = 2 * high - position
    return position


class Pong:
    """Predicts where the ball arrives, and tries all sequences of presses on a model of the paddle.

    RAM: 49 and 54 are the ball's x and y, 51 is the paddle's y. The ball is hit if its y minus
    the paddle's is in [-2, 15]; near the upper end it leaves at a steep angle. The paddle moves
    by 10.5 in the step of a press, by 10.5 more and 3 in the steps after it.
    """
    AIM, HIT_X = 1, 190
    PRESS, GLIDE = 10.5, 3.0

    def __init__(self):
        self.previous, self.press = None, 0

    def act(self, ram):
        x, y, paddle = int(ram[49]), int(ram[54]), int(ram[51])
        previous, self.previous = self.previous, (x, y, paddle)
        if not x or not y:
            return "FIRE"
        target, steps = 120, 6.0
        if previous and previous[0] and previous[1] and 0 < x - previous[0] < 40:
            steps = max(0.1, (self.HIT_X - x) / (x - previous[0]))
            target = reflected(y + (y - previous[1]) * steps, 44, 207)
        moved = paddle - previous[2] if previous else 0
        speed = np.sign(moved) * (self.PRESS if self.press else self.GLIDE) if abs(moved) > 5 else 0
        self.press = min(itertools.product((0, -1, 1), repeat=min(4, int(steps) + 1)),
                         key=lambda presses: self.cost(presses, paddle, speed, steps, target))[0]
        return {0: "NOOP", -1: "RIGHT", 1: "LEFT"}[self.press]

    def cost(self, presses, paddle, speed, steps, target):
        for t in range(int(steps) + 1):
            press = presses[t] if t < len(presses) else 0
            move = self.PRESS * press + speed
            glide = self.GLIDE * np.sign(speed) if abs(speed) > 5 else 0.0
            speed = self.PRESS * press if press else glide
            paddle = min(203, max(38, paddle + move * min(1.0, steps - t)))
        return abs(paddle + self.AIM - target) + 0.3 * sum(map(abs, presses))


class Freeway:
    """Goes up unless a car of the next lane will be in the way, and waits or backs up otherwise.

    RAM: 14 is the chicken's y; lane j is y in [14 + 16 j, 30 + 16 j). 108 + j is the x of the
    car in lane j, which hits the chicken if it is in about [38, 55].
    """
    LOW, HIGH, LANES = 38, 55, 10

    def __init__(self):
        self.speeds, self.previous = np.zeros(self.LANES), None

    def is_hit(self, cars, lane, first, last):
        return any(self.LOW <= (cars[lane] + self.speeds[lane] * t) % 160 <= self.HIGH
                   for t in range(int(first), int(last) + 1))

    def act(self, ram):
        y, cars = int(ram[14]), ram[108:118].astype(float)
        if self.previous is not None:
            moved = (cars - self.previous + 80) % 160 - 80
            self.speeds = np.where(self.speeds == 0, moved, 0.8 * self.speeds + 0.2 * moved)
        self.previous = cars
        lane = (y - 14) // 16 if y >= 14 else -1
        steps = (30 + 16 * lane - y) / 4  # until the next lane
        if lane + 1 >= self.LANES or not self.is_hit(cars, lane + 1, max(0, steps), steps + 4):
            return "UP"
        if lane < 0 or not self.is_hit(cars, lane, 0, 2):
            return "NOOP"
        return "DOWN" if self.is_hit(cars, lane, 0, steps) else "UP"


class Breakout:
    """Moves the paddle to where the ball arrives.

    RAM: 99 and 101 are the ball's x and y, 72 is the paddle's x.
    """
    PADDLE_Y = 185

    def __init__(self):
        self.previous = None

    def act(self, ram):
        x, y, paddle = int(ram[99]), int(ram[101]), int(ram[72])
        previous, self.previous = self.previous, (x, y)
        if y == 0:
            return "FIRE"
        target = x
        if previous and previous[1] and y > previous[1] and y < self.PADDLE_Y:
            steps = (self.PADDLE_Y - y) / (y - previous[1])
            target = reflected(x + (x - previous[0]) * steps, 57, 198)
        error = target - (paddle + 8)
        return "RIGHT" if error > 5 else "LEFT" if error < -5 else "NOOP"


EXPERTS = {"Pong": Pong, "Freeway": Freeway, "Breakout": Breakout}
