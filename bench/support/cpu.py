"""Processor time of the parts of a suite, from /proc, in seconds: what a measured slice cost, and whom."""

import os

TICK = os.sysconf("SC_CLK_TCK")
FIRST_FIELD = 3  # what follows the name, which may hold anything, in /proc/PID/stat


def fields(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read().rsplit(")", 1)[1].split()


def seconds(path, *numbers):
    """The sum of fields of a stat file, counted from 1 as proc(5) does."""
    values = fields(path)
    return sum(int(values[number - FIRST_FIELD]) for number in numbers) / TICK


def process(pid):
    return seconds(f"/proc/{pid}/stat", 14, 15)


def threads(pid):
    """By name, of those that run now."""
    times = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{tid}/comm", encoding="ascii", errors="replace") as file:
                name = file.read().strip()
            times[name] = times.get(name, 0) + seconds(f"/proc/{pid}/task/{tid}/stat", 14, 15)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return times


def postgres(pid):
    """The whole cluster: what runs, and what has ended and was waited for."""
    total = seconds(f"/proc/{pid}/stat", 14, 15, 16, 17)
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        for child in file.read().split():
            try:
                total += process(child)
            except (FileNotFoundError, ProcessLookupError):
                pass
    return total


class Meter:
    """with Meter(suite) as meter: …; then meter.parts says who used how much."""

    def __init__(self, suite):
        self.suite = suite
        self.parts = {}

    def _look(self):
        parts = {name: process(self.suite.pid(name)) for name in self.suite.processes}
        parts["PostgreSQL"] = postgres(self.suite.pid("postgres"))
        if self.suite.broker == "kafka":
            parts["Kafka"] = process(self.suite.pid("kafka"))
        children = os.times()
        parts["client"] = children.children_user + children.children_system
        return parts

    def __enter__(self):
        self.before = self._look()
        return self

    def __exit__(self, kind, error, trace):
        self.parts = {name: value - self.before.get(name, 0) for name, value in self._look().items()}
