"""What a source package becomes: a project, a service per binary package, two metrics per service."""

import datetime
import uuid

FRONTEND = {"web", "javascript", "httpd", "gnome", "kde", "xfce", "x11", "games", "graphics", "video", "sound"}
API = {"libs", "libdevel", "oldlibs", "introspection", "python", "perl", "ruby", "java", "golang", "rust", "haskell",
       "php", "ocaml", "lisp", "gnu-r", "cli-mono"}


# A project holds this many services; larger sources become several projects.
SERVICES_MAX = 50


def service_type(section):
    if section in FRONTEND:
        return "FRONTEND"
    return "API" if section in API else "WORKER"


class Run:
    """One run of the demo; its name starts every id, so that runs do not meet."""

    def __init__(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.name = f"demo-{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
        self.timestamp = f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"

    def id(self, *parts):
        # no Debian name has an underscore, ids have no plus sign
        return ":".join((self.name,) + parts).replace("+", "_").replace("~", "_")

    def commands(self, source, packages):
        """(command type, payload) of one source package, in the order they must be sent."""
        for number, start in enumerate(range(0, len(packages), SERVICES_MAX), 1):
            project = self.id(source) if number == 1 else self.id(source, str(number))
            yield "CreateProject", {
                "projectId": project,
                "name": source if number == 1 else f"{source} ({number})",
                "description": packages[0].synopsis,
                "owner": packages[0].maintainer,
            }
            for package in packages[start : start + SERVICES_MAX]:
                yield "AddService", self.service(project, package)
                yield from self.metrics(source, package)

    def service(self, project, package):
        return {
            "projectId": project,
            "serviceId": self.id(package.name),
            "serviceName": package.name,
            "serviceType": service_type(package.section),
            "configuration": {
                "version": package.version,
                "architecture": package.architecture,
                "section": package.section,
            },
        }

    def metrics(self, source, package):
        sizes = (("installed_size", package.installed_kib, "KiB"), ("package_size", package.size_bytes, "B"))
        for name, value, unit in sizes:
            if value is not None:
                yield "RecordMetric", {
                    "metricId": self.id(package.name, name),
                    "name": name,
                    "value": value,
                    "unit": unit,
                    "tags": {"package": package.name},
                    "timestamp": self.timestamp,
                    "source": source,
                }
