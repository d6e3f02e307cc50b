"""A whole Skafu on free ports in a folder of its own: PostgreSQL, Kafka and the three services, each of
which a test can kill and start again.

The servers are started by the shell functions that ./dev uses (scripts/lib); the services are the real
binaries of the build folder in SKAFU_TEST_BUILD.
"""

import base64
import ctypes
import glob
import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

PR_SET_CHILD_SUBREAPER = 36
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECRET = "a-secret-of-this-test-run-32-bytes"
API_KEY = "an-api-key-of-this-test-run"
OTHER_API_KEY = "another-api-key-of-this-test-run"
SERVICES = ("command-svc", "projector-svc", "query-svc")
given_ports = {}  # with what keeps other programs that ask here away from each
ROLES = {"command-svc": "skafu_command", "projector-svc": "skafu_projector", "query-svc": "skafu_query"}


def wait_until(what, condition, seconds=120):
    """Poll a condition until it holds; a test never waits for time to pass."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def find_psql():
    """The program itself: Debian's psql in the PATH is a Perl script around it that costs more than most statements."""
    found = glob.glob("/usr/lib/postgresql/*/bin/psql")
    return max(found, key=lambda path: int(path.split("/")[4]) if path.split("/")[4].isdigit() else 0, default="psql")


def free_port():
    """Below the range that outgoing connections take theirs from, and ours as long as this program runs: nobody gets it
    while a service is down for a while, nor before it is up."""
    while True:
        port = random.SystemRandom().randrange(12000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0skafu-test-port-{port}")
        except OSError:
            claim.close()
            continue
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                continue
        given_ports[port] = claim
        return port


def token(user, *groups):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    claims = {"sub": user, "username": user, "cognito:groups": list(groups), "iss": "skafu", "aud": "skafu",
              "iat": now, "exp": now + 86400}
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())).decode()


class Suite:
    """with Suite() as suite: …"""

    def __init__(self, broker="kafka", schema=None, binaries=None, services=SERVICES):
        self.services = services
        self.build = os.environ.get("SKAFU_TEST_BUILD") or sys.exit("SKAFU_TEST_BUILD: the build folder")
        self.dir = tempfile.mkdtemp(prefix="skafu-suite.")
        os.chmod(self.dir, 0o755)
        self.broker = broker
        self.schema = schema or os.path.join(ROOT, "domain", "schema.graphql")
        self.kinds = {name: name for name in SERVICES}  # which service an instance is
        self.binaries = {name: os.path.join(self.build, "services", name, name) for name in SERVICES}
        self.skafuctl = os.path.join(self.build, "tools", "skafuctl", "skafuctl")
        if binaries:
            self.skafuctl = binaries.pop("skafuctl", self.skafuctl)
            self.binaries.update(binaries)
        self.ports = {name: free_port() for name in SERVICES + ("postgres", "kafka", "controller")}
        self.brokers = f"127.0.0.1:{self.ports['kafka']}"
        self.processes = {}
        self.psql = find_psql()
        # Servers outlive the shells that start them; then they are ours to collect, not of an init that takes its time.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    # ---- servers -----------------------------------------------------------------------------------

    def _shell(self, script):
        lib = os.path.join(ROOT, "scripts", "lib")
        text = f'set -euo pipefail; root={ROOT}; dir={self.dir}; . {lib}/postgres.sh; . {lib}/kafka.sh\n{script}'
        done = subprocess.run(["bash", "-c", text], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _pid(self, name):
        with open(os.path.join(self.dir, f"{name}.pid"), encoding="ascii") as file:
            return int(file.read().split()[0])

    def pg_url(self, role="postgres", port=None):
        return f"postgresql://{role}@127.0.0.1:{port or self.ports['postgres']}/skafu"

    def start_postgres(self):
        self._shell(f'postgres_start "$dir/postgres" {self.ports["postgres"]} "$dir/postgres.pid" '
                    '"$dir/postgres.log" -c max_connections=200')

    def start_kafka(self):
        if self.broker == "none":
            return
        if self.broker == "embedded":
            self._spawn("kafka", [os.path.join(self.build, "tools", "embedded-broker", "embedded-broker"),
                                  "--port", str(self.ports["kafka"])], {})
            wait_until("the embedded broker answers", lambda: self._connects(self.ports["kafka"]))
            return
        self._shell(f'kafka_start "$(kafka_cache "$root")" "$dir/kafka" {self.ports["kafka"]} '
                    f'{self.ports["controller"]} "$dir/kafka.pid" "$dir/kafka.log"')

    @staticmethod
    def _connects(port):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def sql(self, statement, role="postgres"):
        """Rows as lists of text."""
        done = subprocess.run([self.psql, "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.pg_url(role), "-c", statement],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    # ---- services ----------------------------------------------------------------------------------

    def _spawn(self, name, command, environment):
        log = open(os.path.join(self.dir, f"{name}.log"), "a", encoding="utf-8")
        self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                env={**os.environ, **environment}, start_new_session=True)
        log.close()

    def another(self, kind, name):
        """A further instance of a service, with a port of its own; start(name) starts it."""
        self.kinds[name] = kind
        self.ports[name] = free_port()

    def environment(self, name):
        return {
            "SKAFU_PG_URL": self.pg_url(ROLES[self.kinds[name]]),
            "SKAFU_KAFKA_BROKERS": self.brokers,
            "SKAFU_HTTP_PORT": str(self.ports[name]),
            "SKAFU_JWT_HS256_SECRET": SECRET,
            "SKAFU_SCHEMA_FILE": self.schema,
            "SKAFU_API_KEYS_FILE": self._api_keys(),
            # A test machine may be busy: what is waited for has a generous end.
            "SKAFU_COMMAND_TIMEOUT_MS": "30000",
            "SKAFU_VIEW_WAIT_MS": "30000",
            "SKAFU_READ_WAIT_MS": "30000",
            "SKAFU_READ_TIMEOUT_MS": "30000",
            "SKAFU_STOP_TIMEOUT_S": "60",
        }

    def _api_keys(self):
        path = os.path.join(self.dir, "api_keys")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{hashlib.sha256(API_KEY.encode()).hexdigest()} 2099-01-01T00:00:00Z test\n")
            file.write(f"{hashlib.sha256(OTHER_API_KEY.encode()).hexdigest()} 2099-01-01T00:00:00Z another device\n")
            file.write(f"{hashlib.sha256(b'an expired key').hexdigest()} 2001-01-01T00:00:00Z expired\n")
        return path

    def spawn(self, name, **overrides):
        """Start a service and wait for nothing."""
        environment = self.environment(name)
        environment.update(overrides)
        self._spawn(name, [self.binaries[self.kinds[name]]], environment)

    def start(self, name, **overrides):
        self.spawn(name, **overrides)
        wait_until(f"{name} is ready", lambda: self.ready(name))

    def ready(self, name):
        code = self.processes[name].poll()
        if code is not None:
            raise AssertionError(f"{name} ended with {code}:\n{self.log_tail(name)}")
        try:
            return self.request(name, "GET", "/readyz")[0] == 200
        except OSError:
            return False

    def log_tail(self, name, lines=20):
        with open(os.path.join(self.dir, f"{name}.log"), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])

    def kill(self, name, how=signal.SIGKILL):
        """kill -9; a server may also be told otherwise."""
        if name in self.processes:
            process = self.processes.pop(name)
            process.kill()
            process.wait()
        else:
            pid = self._pid(name)
            segment = self._shared_memory() if name == "postgres" else None
            os.kill(pid, how)
            self.collect(pid)
            # Its sessions end a moment later, and as long as one of them is there no other PostgreSQL starts on the same data.
            wait_until(f"the sessions of {name} are gone", lambda: not segment or self._attached(segment) == 0)

    def _shared_memory(self):
        """The id of PostgreSQL's segment, as it is noted beside the data."""
        with open(os.path.join(self.dir, "postgres", "postmaster.pid"), encoding="ascii") as file:
            return file.read().split("\n")[6].split()[1]

    @staticmethod
    def _attached(segment):
        """How many processes use a segment of shared memory."""
        with open("/proc/sysvipc/shm", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        return next((int(row[6]) for row in rows if row[1] == segment), 0)

    @staticmethod
    def collect(pid):
        """Not only dead, but reaped: PostgreSQL takes a zombie of its own pid file for a running server."""
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            wait_until(f"{pid} is gone", lambda: not os.path.exists(f"/proc/{pid}"))

    def signal(self, name, number):
        """SIGSTOP freezes a process with all its connections open, SIGCONT lets it go on."""
        os.kill(self.pid(name), number)

    def pid(self, name):
        return self.processes[name].pid if name in self.processes else self._pid(name)

    def memory(self, name):
        """Resident bytes."""
        with open(f"/proc/{self.pid(name)}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def terminate(self, name, seconds=150):
        """SIGTERM, and the exit code."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(seconds)

    def request(self, name, method, path, body=None, headers=None, timeout=120):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def migrate(self):
        subprocess.run([self.skafuctl, "migrate", "--pg-url", self.pg_url()], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def verify(self, seconds=120, views_only=False):
        """skafuctl verify: store, topics and views agree. Returns its report."""
        command = [self.skafuctl, "verify", "--json", "--wait", str(seconds), "--pg-url", self.pg_url(),
                   "--kafka-brokers", self.brokers, "--schema-file", self.schema]
        done = subprocess.run(command + (["--no-topics"] if views_only else []), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            tails = "".join(f"--- {name}\n{self.log_tail(name)}" for name in self.processes)
            raise AssertionError(f"verify: {done.stdout}{done.stderr}{tails}")
        return json.loads(done.stdout)

    # ---- life --------------------------------------------------------------------------------------

    def _make_postgres(self):
        self._shell('postgres_copy "${SKAFU_CACHE:-$root/.cache}" "$dir/postgres"')
        self.start_postgres()
        self.sql_admin("CREATE DATABASE skafu")
        self.migrate()

    def _make_kafka(self):
        if self.broker == "kafka":
            self._shell('kafka_fetch "$root" "$dir/kafka-fetch.log"')
            self._shell('kafka_copy "$(kafka_cache "$root")" "$dir/kafka" "$dir/kafka-format.log"')
        self.start_kafka()

    def __enter__(self):
        try:
            with ThreadPoolExecutor() as pool:  # half of it is waiting
                for done in [pool.submit(self._make_postgres), pool.submit(self._make_kafka)]:
                    done.result()
            for name in self.services:
                self.start(name)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def sql_admin(self, statement):
        subprocess.run([self.psql, "-Xq", "-v", "ON_ERROR_STOP=1",
                        f"postgresql://postgres@127.0.0.1:{self.ports['postgres']}/postgres", "-c", statement], check=True)

    def __exit__(self, kind, error, trace):
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.processes.clear()
        # Nobody wants their data any more. A broker that ends in peace leaves its archive to all that come after it.
        self._shell('cache=$(kafka_cache "$root"); [ -f "$cache/kafka.jsa" ] || kafka_stop "$cache" "$dir/kafka" "$dir/kafka.pid"; '
                    'process_stop "$dir/kafka.pid" 30 KILL; process_stop "$dir/postgres.pid" 30 QUIT')
        if kind is None or not os.environ.get("SKAFU_TEST_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            print(f"# kept: {self.dir}", file=sys.stderr)
