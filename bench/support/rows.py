"""The rows that a benchmark of events prints: a table for people, or a JSON line each."""

import json


class Rows:
    def __init__(self, bench, options):
        self.bench = bench
        self.options = options

    def head(self):
        if not self.options.json:
            print(f"{'case':28} {'value':>10} {'unit':9} {'limit':>10} {'ratio':>6}  aim", flush=True)

    def row(self, case, value, unit, limit, ratio, aim=None, **more):
        if self.options.json:
            line = {"bench": self.bench, "case": case, "value": round(value, 1), "unit": unit, "limit": round(limit, 1), "ratio": round(ratio, 3)}
            print(json.dumps({**line, **({"aim": aim} if aim else {}), **more}), flush=True)
            return
        print(f"{case:28} {value:10.0f} {unit:9} {limit:10.0f} {ratio:6.2f}  {aim or ''}", flush=True)
        for name in ("cpu_us", "limit_cpu_us"):
            used = "  ".join(f"{part} {used:.1f}" for part, used in more.get(name, {}).items())
            if used:
                print(f"    {name:12} per event: {used}", flush=True)

    def per_event(self, meter):
        """Microseconds of processor time of each part."""
        return {part: round(used * 1e6 / self.options.events, 2) for part, used in meter.parts.items()}
