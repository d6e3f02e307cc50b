"""The Debian package index of this machine, as apt knows it."""

import collections
import subprocess
import sys

Package = collections.namedtuple(
    "Package", "name source version architecture section maintainer synopsis installed_kib size_bytes"
)


def stanzas(lines):
    """Dictionaries of the fields that stand on one line each."""
    fields = {}
    for line in lines:
        if line == "\n":
            if fields:
                yield fields
            fields = {}
        elif not line[0].isspace():
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    if fields:
        yield fields


def number(text):
    return int(text) if text and text.isdigit() else None


def package(fields):
    name = fields["Package"]
    return Package(
        name=name,
        # "Source: gcc-12 (12.2.0-14)" names the version when it differs
        source=fields.get("Source", name).split(" ")[0],
        version=fields.get("Version", ""),
        architecture=fields.get("Architecture", ""),
        section=fields.get("Section", "").split("/")[-1],
        maintainer=fields.get("Maintainer", "").split("<")[0].strip(' "') or "unknown",
        synopsis=fields.get("Description", fields.get("Description-en", "")),
        installed_kib=number(fields.get("Installed-Size")),
        size_bytes=number(fields.get("Size")),
    )


def source_packages(limit):
    """The first packages of the index, at most limit, grouped by source: {source: [Package, …]}."""
    try:
        apt = subprocess.Popen(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               encoding="utf-8", errors="replace")
    except FileNotFoundError:
        sys.exit("error: apt-cache is missing: the demo reads the package index of a Debian machine")
    sources, seen = {}, set()
    with apt:
        for fields in stanzas(apt.stdout):
            if "Package" in fields and fields["Package"] not in seen:
                seen.add(fields["Package"])
                found = package(fields)
                sources.setdefault(found.source, []).append(found)
                if len(seen) == limit:
                    break
        apt.terminate()
    if not seen:
        sys.exit("error: apt-cache knows no packages: run apt-get update first")
    return sources
