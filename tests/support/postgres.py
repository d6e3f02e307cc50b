"""A suite's PostgreSQL made to forget: what its processes do for durability is frozen, and all of them die at once."""

import os
import signal
import subprocess

from suite import wait_until

# Those that bring the write-ahead log to the disk without being asked by a commit.
WRITERS = ("walwriter", "checkpointer", "background writer")


def _stat(pid):
    """(state, parent) of a process; None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def _children(pid):
    found = ((int(name), _stat(name)) for name in os.listdir("/proc") if name.isdigit())
    return [child for child, stat in found if stat and stat[1] == pid]


def _title(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _is_gone(pid):
    stat = _stat(pid)
    return not stat or stat[0] == "Z"


def freeze_writers(suite):
    """From here on only commits that wait for the disk write the log. Until crash()."""
    def find():
        found = {writer: pid for pid in _children(suite.pid("postgres")) for writer in WRITERS if writer in _title(pid)}
        return found if len(found) == len(WRITERS) else None

    # Clients may be served before each of them runs.
    for pid in wait_until(f"PostgreSQL has {WRITERS}", find).values():
        os.kill(pid, signal.SIGSTOP)


def crash(suite):
    """kill -9 for all of PostgreSQL at once, the frozen ones too: what is in its memory only is lost."""
    pid = suite.pid("postgres")
    os.kill(pid, signal.SIGSTOP)  # so that it starts no other
    wait_until("PostgreSQL starts no process", lambda: (_stat(pid) or "T")[0] == "T")
    everybody = [pid] + _children(pid)
    for one in everybody:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            pass
    suite.collect(pid)
    wait_until("PostgreSQL's processes are gone", lambda: all(map(_is_gone, everybody)))


class Locked:
    """with Locked(suite, "SELECT … FOR UPDATE"): a transaction of its own holds what the statement locks."""

    def __init__(self, suite, statement):
        self.process = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", suite.pg_url()], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write(f"BEGIN;\n{statement};\n\\echo locked\n")
        self.process.stdin.flush()

    def __enter__(self):
        for line in self.process.stdout:
            if line.strip() == "locked":
                return self
        raise AssertionError("could not lock")

    def __exit__(self, kind, error, trace):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
