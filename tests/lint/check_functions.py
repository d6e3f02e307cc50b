#!/usr/bin/env python3
"""Functions that nobody calls here, each with what to call instead.

usage: check_functions.py SOURCE_ROOT DOMAIN_FOLDER
"""
import re
import sys

import sources

BANNED = {
    "strcpy|strcat|stpcpy|strncpy|strncat": "Buffer, snprintf or memcpy with a size",
    "sprintf|vsprintf": "snprintf or Buffer",
    "strtok|strtok_r": "strcspn and spans",
    "atoi|atol|atoll|atof": "a parser that reports errors (strtoll with an end pointer)",
    "gets": "getline",
    "sleep|usleep": "a condition variable, poll() or backoff.h, which can be woken",
    "alloca": "the heap: sizes come from outside",
    "system|popen": "posix_spawn with an argument vector",
    "rand|srand|random|drand48": "uuid.h or backoff.h",
    "tmpnam|mktemp|tempnam": "mkstemp",
    "gmtime|localtime|asctime|ctime|mktime": "clock.h, which is thread-safe and UTC",
    "signal": "daemon.h, or sigaction in tests",
    "setjmp|longjmp": "return codes",
    "vfork": "posix_spawn",
}
# function: the files that may call it, as a pattern
CONFINED = {
    "getenv|secure_getenv": (
        r"libs/common/daemon/config\.c|tools/skafuctl/options\.c|(tests|bench)/.*|.*/test_\w+\.c",
        "a config row",
    ),
    "nanosleep|clock_nanosleep": (r"libs/common/base/clock\.c", "a condition variable or poll(), which can be woken"),
    "exit|_exit|quick_exit": (r".*/main\.c|libs/common/daemon/daemon\.c|(tests|bench|tools)/.*|.*/test_\w+\.c", "a returned code"),
}
# decide, evolve and projections are pure: same input, same output
IMPURE = (
    "clock_now_us|clock_mono_us|clock_gettime|gettimeofday|time|fopen|open|read|write|printf|fprintf"
    "|uuid_new|uuid_v7|getrandom|log_write|pthread_create"
)


def calls(names, text):
    """(offset, name) of each call of one of names, "a|b|c"; a member of that name is no call of it."""
    for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", text):
        yield match.start(), match[1]


def check(path, text, domain):
    code = sources.code_only(text)
    for names, instead in BANNED.items():
        for offset, name in calls(names, code):
            yield f"{path}:{sources.line_of(code, offset)}: {name}() is not used here; use {instead}"
    for names, (where, instead) in CONFINED.items():
        if not re.fullmatch(where, path):
            for offset, name in calls(names, code):
                yield f"{path}:{sources.line_of(code, offset)}: {name}() belongs elsewhere; use {instead}"
    if path.startswith(domain + "/") and not path.split("/")[-1].startswith("test_"):
        for offset, name in calls(IMPURE, code):
            yield f"{path}:{sources.line_of(code, offset)}: {name}() makes the domain impure"


def main(root, domain):
    problems = []
    for path in sources.files(root, ".c", ".h"):
        problems += check(path, sources.read(root, path), domain)
    sources.finish(problems)


if __name__ == "__main__":
    main(*sys.argv[1:])
