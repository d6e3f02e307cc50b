-- how much the event store holds: events, streams, commands
SELECT (SELECT count(*) FROM event_store.events), (SELECT count(*) FROM event_store.streams),
    (SELECT count(*) FROM event_store.commands)
