#!/usr/bin/env python3
"""The Debian package index of this machine goes through Skafu, and everything that should arrive does.

Source packages become projects, their binary packages services, sizes metrics. Afterwards the views are
counted against what was sent, and `skafuctl verify` compares store, topics and views as a whole.

usage: demo.py [--connections N] [--wait SECONDS] [--no-topics] SKAFUCTL SCHEMA [N]     N packages
Reads SKAFU_COMMAND_URL, SKAFU_TOKEN_ADMIN, SKAFU_PG_URL and SKAFU_KAFKA_BROKERS (. .dev/env).
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import time

from commands import Run
from index import source_packages
from sender import Refused, Sender

# command: the view whose rows it adds
VIEWS = {"CreateProject": "project", "AddService": "service", "RecordMetric": "metric"}


def environment(name):
    return os.environ.get(name) or sys.exit(f"error: {name} is not set: start Skafu with ./dev up, then . .dev/env")


def sql(statement):
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", environment("SKAFU_PG_URL"), "-c", statement],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"error: {done.stderr.strip()}")
    return done.stdout.strip()


class Bar:
    """A progress bar with the rate; a few plain lines when nobody watches."""

    WIDTH = 32

    def __init__(self, total):
        self.total = total
        self.start = time.monotonic()
        self.live = sys.stdout.isatty()
        self.told = 0

    def show(self, done):
        part = done / self.total
        if not self.live and part - self.told < 0.25:
            return
        self.told = part
        rate = done / max(time.monotonic() - self.start, 0.001)
        filled = "#" * int(part * self.WIDTH)
        text = f"[{filled:<{self.WIDTH}}] {done:>{len(str(self.total))}}/{self.total} commands, {rate:,.0f}/s"
        print(f"\r{text}" if self.live else text, end="" if self.live else "\n", flush=True)

    def finish(self):
        if self.live:
            print()


def verify(options):
    """The report of `skafuctl verify` once topics and views have caught up, or when time is up."""
    command = [options.skafuctl, "verify", "--json", "--wait", str(options.wait),
               "--pg-url", environment("SKAFU_PG_URL"), "--kafka-brokers", environment("SKAFU_KAFKA_BROKERS"),
               "--schema-file", options.schema] + (["--no-topics"] if options.no_topics else [])
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit("error: skafuctl verify failed")


def quantile(values, part):
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0


def table(title, rows):
    """Print (what, expected, present) and return whether all agree."""
    print(f"\n{title:<32} {'expected':>12} {'present':>12}")
    for what, expected, present in rows:
        print(f"  {what:<30} {expected:>12,} {present:>12,}{'' if expected == present else '  DIFFERENT'}")
    return all(expected == present for _, expected, present in rows)


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description="send Debian packages through Skafu")
    parser.add_argument("skafuctl", help=argparse.SUPPRESS)
    parser.add_argument("schema", help=argparse.SUPPRESS)
    parser.add_argument("packages", type=int, nargs="?", default=1000, metavar="N", help="packages to send (1000)")
    parser.add_argument("--connections", type=int, default=8, help="connections to send on (8)")
    parser.add_argument("--wait", type=int, default=120, help="seconds for topics and views to catch up (120)")
    parser.add_argument("--no-topics", action="store_true", help="the broker forgets: compare store and views alone")
    options = parser.parse_args()
    if options.packages < 1 or options.connections < 1:
        parser.error("at least one package and one connection")

    run = Run()
    lists = [list(run.commands(*item)) for item in source_packages(options.packages).items()]
    sent = collections.Counter(kind for commands in lists for kind, _ in commands)
    print(f"{sent['AddService']:,} packages of {sent['CreateProject']:,} sources: {sent.total():,} commands; "
          f"their ids begin with {run.name}")

    sender = Sender(environment("SKAFU_COMMAND_URL"), environment("SKAFU_TOKEN_ADMIN"), options.connections)
    bar = Bar(sent.total())
    try:
        sender.send(lists, bar.show)
    except Refused as error:
        bar.finish()
        sys.exit(f"error: {error}")
    bar.finish()
    print(f"acknowledged after p50 {quantile(sender.milliseconds, 0.5):.1f} ms, "
          f"p99 {quantile(sender.milliseconds, 0.99):.1f} ms; {sender.retries} sent again")

    report = verify(options)
    mine = f"like '{run.name}:%'"
    rows = [
        ("commands acknowledged", sent.total(), sender.acknowledged.total()),
        ("events stored", sender.events, int(sql(f"select count(*) from event_store.events where aggregate_id {mine}"))),
    ]
    for kind, view in VIEWS.items():
        rows.append((f"rows of view {view}", sent[kind], int(sql(f"select count(*) from read.{view} where id {mine}"))))
    agree = table("this run", rows)
    rows = []
    if not options.no_topics:
        rows.append(("events in topics", report["events"], sum(topic["published"] for topic in report["topics"])))
    rows += [(f"rows of view {view['view']}", view["expected"], view["rows"]) for view in report["views"]]
    agree = table("all there is", rows) and agree
    for problem in report["problems"]:
        print(f"  PROBLEM  {problem}")
    print("\nstore, topics and views agree" if agree and report["ok"] else "\nstore, topics and views DO NOT agree")
    return 0 if agree and report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
