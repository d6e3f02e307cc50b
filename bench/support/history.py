"""A history of events of a size and a shape, put into the event store as its owner, and published by the relay.

insert: rows are made: projects with their services, some renamed, and metrics. update: 90 % change existing rows of
50,000 projects and as many services. skewed: the same, but 90 % of the changes are about 1 % of the projects.
"""

from suite import wait_until

PARTITIONS = 4
CHANGED = 50_000  # projects that "update" and "skewed" change, as many as the first 5 % of a million events make

# Of each hundred events: 10 projects, 31 services, 9 changes, 50 metrics.
INSERT = """
SELECT n, CASE WHEN k < 50 THEN 'project' ELSE 'metric' END AS type,
    CASE WHEN k < 50 THEN 'p-' || lpad((block * 10 + n %% 10)::text, 34, '0') ELSE 'm-' || lpad(n::text, 34, '0') END AS id,
    CASE WHEN k < 10 THEN 'ProjectCreated' WHEN k < 41 THEN 'ServiceAdded' WHEN k < 50 THEN 'ProjectRenamed' ELSE 'MetricRecorded' END AS event
FROM (SELECT n, n %% 100 AS k, n / 100 AS block FROM generate_series(0, %(events)d - 1) AS n) AS numbers
"""
# After the first twentieth, which makes projects, and the second one, which makes a service in each.
UPDATE = """
SELECT n, 'project' AS type, 'p-' || lpad((CASE WHEN n < 2 * %(made)d THEN n %% %(made)d ELSE (n * 7919::int8) %% %(of)s END)::text, 34, '0') AS id,
    CASE WHEN n < %(made)d THEN 'ProjectCreated' WHEN n < 2 * %(made)d THEN 'ServiceAdded' WHEN n %% 10 < 4 THEN 'ProjectRenamed'
        WHEN n %% 10 < 7 THEN 'ProjectDescribed' ELSE 'ServiceConfigured' END AS event
FROM generate_series(0, %(events)d - 1) AS n
"""
SKEWED_OF = "(CASE WHEN n / 10 %% 10 < 9 THEN greatest(%(made)d / 100, 1) ELSE %(made)d END)"

DATA = """
CASE event
    WHEN 'ProjectCreated' THEN json_build_object('projectId', id, 'name', 'Project ' || n, 'description', repeat('what it is for ', 12), 'owner', 'bench')
    WHEN 'ProjectRenamed' THEN json_build_object('projectId', id, 'name', 'Renamed ' || n || repeat(' again', 20))
    WHEN 'ProjectDescribed' THEN json_build_object('projectId', id, 'description', repeat('what it is for now ', 8) || n)
    WHEN 'ServiceAdded' THEN json_build_object('projectId', id, 'serviceId', service, 'serviceName', 'billing', 'serviceType', 'API',
        'configuration', json_build_object('port', 8080, 'image', 'registry/billing:1.' || n))
    WHEN 'ServiceConfigured' THEN json_build_object('projectId', id, 'serviceId', service,
        'configuration', json_build_object('port', 8080, 'image', 'registry/billing:1.' || n, 'flags', json_build_array('a', 'b', n)))
    ELSE json_build_object('metricId', id, 'name', 'latency-' || n %% 50, 'value', n / 8.0, 'unit', 'ms', 'tags', json_build_object('host', 'h' || n %% 90, 'zone', 'a'),
        'timestamp', to_char(timestamptz '2026-01-01' + n * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'source', 'bench-' || n %% 20)
END::text
"""

# Service ids: one per event where each event makes one, one per project where they are changed afterwards.
FILL = """
INSERT INTO event_store.events
SELECT type, partition, row_number() OVER (PARTITION BY type, partition ORDER BY n), id, row_number() OVER (PARTITION BY type, id ORDER BY n),
    gen_random_uuid(), event, 1, %(data)s,
    '{"aggregateType":"' || type || '","causationId":"0198c0de-0000-7000-8000-000000000000","commandId":"0198c0de-0000-7000-8000-000000000000","actor":"bench"}',
    '0198c0de-0000-7000-8000-000000000000', clock_timestamp()
FROM (SELECT *, hashtext(id) & %(mask)d AS partition, %(service)s AS service FROM (%(plan)s) AS plan) AS placed
ORDER BY n;
UPDATE event_store.logs AS l SET last_position = e.last, last_timestamp = clock_timestamp()
    FROM (SELECT aggregate_type, partition, max(position) AS last FROM event_store.events GROUP BY 1, 2) AS e
    WHERE e.aggregate_type = l.aggregate_type AND e.partition = l.partition;
ANALYZE event_store.events;
CHECKPOINT
"""

BEHIND = "SELECT coalesce(sum(l.last_position - p.published), 0) FROM event_store.logs AS l JOIN event_store.publications AS p USING (aggregate_type, partition)"


def fill(suite, case, events):
    """Stored and published; command-svc runs on when it ran."""
    numbers = {"events": events, "made": min(CHANGED, max(1, events // 20))}
    numbers["of"] = SKEWED_OF % numbers if case == "skewed" else numbers["made"]
    plan = (INSERT if case == "insert" else UPDATE) % numbers
    service = "'s-' || n" if case == "insert" else "'s-' || substr(id, 3)"
    suite.sql(FILL % {"data": DATA.replace("%%", "%"), "mask": PARTITIONS - 1, "service": service, "plan": plan})


def publish(suite):
    wait_until("all events are published", lambda: suite.sql(BEHIND) == [["0"]], 600)


def applied(suite):
    """Events that the views have applied, together."""
    return int(suite.sql("SELECT coalesce(sum(position), 0) FROM read.checkpoint")[0][0])


def to_apply(suite):
    """That is how many there are: each view's own, as it applies all events of a type that feeds it."""
    return int(suite.sql("SELECT coalesce(sum(l.last_position), 0) FROM read.checkpoint AS c JOIN event_store.logs AS l USING (aggregate_type, partition)")[0][0])
