#!/usr/bin/env python3
"""The engine names nothing of a business: no event, command, aggregate or model of the domain folder.

Under libs/, services/ and tools/, in C and SQL, comments and unit tests aside:
- an event or command (ProjectCreated, also as project_created) appears nowhere, in code or in text;
- an aggregate or model (project, Project, projects) is no string of its own, and no part of a path.
Plain words stay free: "project" is a verb of projections, and a service is a program too.

usage: check_names.py SOURCE_ROOT DOMAIN_FOLDER
"""
import glob
import os
import re
import sys

import sources

# Programs that speak to the domain that ships, as its clients do.
CLIENTS = ("tools/demo/",)


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def plural(name):
    return name[:-1] + "ies" if name.endswith("y") else name + "s"


def domain_names(root, domain):
    """(messages, things): events and commands; aggregates and models."""
    things, messages = set(), set()
    for folder in glob.glob(os.path.join(root, domain, "*", "")):
        if glob.glob(folder + "*.c"):
            things.add(os.path.basename(folder.rstrip("/")))
    schema = os.path.join(root, domain, "schema.graphql")
    if os.path.exists(schema):
        with open(schema, encoding="utf-8") as file:
            things.update(re.findall(r"^type\s+(\w+)[^{]*@model", file.read(), re.MULTILINE))
    tails = {name.capitalize() for name in things}
    for path in sources.files(root, ".c", under=(domain,)):
        for _, value in sources.strings(sources.read(root, path)):
            # PascalCase of two words or more that holds a thing's name: CreateProject, MetricRecorded
            if re.fullmatch(r"([A-Z][a-z]+){2,}", value) and any(tail in value for tail in tails):
                messages.add(value)
    return messages, things


def sql_strings(text):
    text = re.sub(r"--[^\n]*", lambda m: sources.blank(m.group()), text)
    for match in re.finditer(r"'([^'\n]*)'|\"([^\"\n]*)\"", text):
        yield sources.line_of(text, match.start()), match[1] or match[2] or ""


def check(path, text, messages, things):
    words = {w for m in messages for w in (m, snake(m))}
    things = {w for t in things for w in (t, snake(t), plural(t), plural(snake(t)))}
    plain = sources.without_comments(text) if not path.endswith(".sql") else re.sub(r"--[^\n]*", "", text)
    for match in re.finditer(r"\w+", plain):
        if match.group() in words:
            yield f"{path}:{sources.line_of(plain, match.start())}: names {match.group()} of the domain"
    values = sql_strings(text) if path.endswith(".sql") else sources.strings(text)
    for line, value in values:
        parts = value.split("/")
        # "service" alone is the field of every log line and metric, "/metrics" where Prometheus looks
        if value in ("service", "services", "/metrics"):
            continue
        if value in things or (len(parts) > 1 and things & set(parts)):
            yield f'{path}:{line}: names "{value}" of the domain'


def main(root, domain):
    messages, things = domain_names(root, domain)
    problems = []
    for path in sources.files(root, ".c", ".h", ".sql", under=("libs", "services", "tools")):
        if path.startswith(CLIENTS) or os.path.basename(path).startswith("test_"):
            continue
        problems += check(path, sources.read(root, path), messages, things)
    sources.finish(problems)


if __name__ == "__main__":
    main(*sys.argv[1:])
