#!/usr/bin/env python3
"""Events per second of event_store.append beside plain INSERT … SELECT FROM unnest into a table with the columns and
indexes of events alone, in the same run.

usage: append.py [--json] [--seconds N] [--batches 1,8,64,256] [--connections 1,2] [--cases new,mixed,hot]
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "support"))
os.environ.setdefault("SKAFU_TEST_BUILD", os.path.join(HERE, "..", "build"))
os.environ.setdefault("SKAFU_PG_SHARED_BUFFERS", "1GB")

from suite import Suite  # noqa: E402


def main():
    with Suite(broker="none", services=()) as suite:
        program = os.path.join(suite.build, "bench", "bench-append")
        return subprocess.run([program, "--pg-url", suite.pg_url(), *sys.argv[1:]], check=False).returncode


sys.exit(main())
