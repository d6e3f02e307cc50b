#!/usr/bin/env python3
"""Includes point downwards: each layer sees only those below it, and a service no other service.

usage: check_layers.py SOURCE_ROOT DOMAIN_FOLDER
"""
import re
import sys

import sources

# layer: what it may include beside itself
LAYERS = {
    "base": [],
    "event": ["base"],
    "model": ["base"],
    "pg": ["base"],
    "auth": ["base"],
    "kafka": ["base", "event"],
    "domain": ["base", "event"],
    "store": ["base", "event", "pg"],
    "http": ["base", "auth"],
    "admin": ["base", "pg", "auth", "http"],
    "daemon": ["base", "auth", "http"],
}
BUSINESS = ["base", "event", "domain"]

# A library is known to few: its headers stand in the system's include path, so linking proves nothing.
LIBRARIES = {
    r"libpq-fe\.h|postgres_ext\.h|libpq/.*": ["pg", "store", "admin"],
    r"librdkafka/.*": ["kafka"],
    r"ulfius\.h|microhttpd\.h|wslay/.*": ["http", "daemon"],
    r"rhonabwy\.h": ["auth"],
    r"gnutls/.*": ["base", "auth", "http"],
    r"jansson\.h": ["base", "event", "model", "auth", "http"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def place(path, domain):
    """(layer, what it may include, whether every library is open to it) of a source file."""
    parts = path.split("/")
    if parts[:2] == ["libs", "common"]:
        return parts[2], LAYERS.get(parts[2]), False
    if path.startswith(domain + "/"):
        return "the domain", BUSINESS, False
    return parts[0], list(LAYERS), True


def check(path, text, domain):
    layer, allowed, program = place(path, domain)
    if allowed is None:
        yield f"{path}: layer {layer} is not in the table of {__file__}"
        return
    test = path.split("/")[-1].startswith("test_")
    for match in INCLUDE.finditer(sources.without_comments(text)):
        kind, name = match.groups()
        where = f"{path}:{sources.line_of(text, match.start(2))}"
        target = re.match(r"common/(\w+)/", name)
        if target and target[1] != layer and target[1] not in allowed:
            yield f"{where}: {layer} may not include {name}"
        if re.match(r"(services|tools|tests|bench)/", name) and path.startswith(("libs/", domain + "/")):
            yield f"{where}: {layer} may not include {name}"
        service = re.match(r"services/([\w-]+)/", path)
        other = re.search(r"([\w-]+-svc)/", name)
        if service and other and other[1] != service[1]:
            yield f"{where}: {service[1]} may not include {name} of {other[1]}"
        if kind == "<" and not program and not test:
            for pattern, layers in LIBRARIES.items():
                if re.fullmatch(pattern, name) and layer not in layers:
                    yield f"{where}: {layer} may not include <{name}>; only {', '.join(layers)} may"


def main(root, domain):
    folders = ("libs", "services", "tools", "tests", "bench", domain)
    problems = []
    for path in sources.files(root, ".c", ".h", under=folders):
        problems += check(path, sources.read(root, path), domain)
    sources.finish(problems)


if __name__ == "__main__":
    main(*sys.argv[1:])
