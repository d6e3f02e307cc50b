#!/usr/bin/env python3
"""docs/operations.md lists every metric that the code registers, and no other.

usage: check_metrics.py SOURCE_ROOT
"""
import os
import re
import sys

import sources

DOCS = "docs/operations.md"


def main(root):
    registered = set()
    for path in sources.files(root, ".c", under=("libs", "services")):
        if not os.path.basename(path).startswith("test_"):
            text = sources.without_comments(sources.read(root, path))
            registered.update(re.findall(r'metric_(?:counter|gauge|duration|histogram)\(\s*"(\w+)"', text))
    table = re.search(r"^\| metric \|.*?\n\n", sources.read(root, DOCS), re.MULTILINE | re.DOTALL)
    listed = set(re.findall(r"^\| `(\w+)` \|", table[0] if table else "", re.MULTILINE))
    problems = [f"{DOCS}: lacks the metric {name}" for name in sorted(registered - listed)]
    problems += [f"{DOCS}: {name} is no metric of the code" for name in sorted(listed - registered)]
    sources.finish(problems)


if __name__ == "__main__":
    main(sys.argv[1])
