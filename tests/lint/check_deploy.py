#!/usr/bin/env python3
"""deploy/ agrees with the rest: packages with scripts/lib/packages.sh, variables with .env.example and
docs/config.md, broker settings with those that development and tests run.

usage: check_deploy.py SOURCE_ROOT
"""
import re
import sys

import sources

# Read by scripts, not by the services.
NOT_KEYS = {"COMMAND_PASSWORD", "PROJECTOR_PASSWORD", "QUERY_PASSWORD", "HTTPS_PORT"}
# Broker settings in which one machine and a container differ on purpose.
OWN_SETTINGS = {
    "controller.quorum.voters", "listeners", "advertised.listeners", "log.dirs",
    "broker.session.timeout.ms", "broker.heartbeat.interval.ms", "log.cleaner.dedupe.buffer.size",
}


def settings(text):
    return dict(re.findall(r"^([a-z][a-z.]*)=(.*)$", text, re.MULTILINE))


def check(root):
    dockerfile = sources.read(root, "deploy/Dockerfile")
    compose = sources.read(root, "deploy/docker-compose.yml")
    example = sources.read(root, "deploy/.env.example")
    docs = sources.read(root, "docs/config.md")
    packages = sources.read(root, "scripts/lib/packages.sh")

    words = set(dockerfile.split())
    for package in re.search(r"packages_build=\(([^)]*)\)", packages)[1].split():
        if package != "check" and package not in words:
            yield f"deploy/Dockerfile: does not install {package}, which scripts/lib/packages.sh names for the build"

    used = set(re.findall(r"\$\{(\w+)", compose))
    offered = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    for name in sorted(used ^ offered):
        yield f"deploy: {name} is {'not in .env.example' if name in used else 'not used by docker-compose.yml'}"

    keys = set(re.findall(r"^\| `(\w+)` \|", docs, re.MULTILINE))
    for text, path in ((compose, "docker-compose.yml"), (dockerfile, "Dockerfile")):
        for name in sorted(set(re.findall(r"\bSKAFU_([A-Z0-9_]+)(?=[:=]\s?\S)", text)) - NOT_KEYS):
            if name.lower() not in keys:
                yield f"deploy/{path}: SKAFU_{name} is no key of docs/config.md"

    ours = settings(sources.read(root, "scripts/lib/kafka.sh"))
    theirs = settings(sources.read(root, "deploy/kafka/server.properties"))
    for name in sorted((set(ours) | set(theirs)) - OWN_SETTINGS):
        if ours.get(name) != theirs.get(name):
            yield f"deploy/kafka/server.properties: {name} is {theirs.get(name)}, in development {ours.get(name)}"


if __name__ == "__main__":
    sources.finish(list(check(sys.argv[1])))
