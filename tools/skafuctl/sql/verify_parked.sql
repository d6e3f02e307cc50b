-- $1 view: what its live version has parked, with the first event of each that is held
SELECT p.aggregate_type, p.aggregate_id, p.event_sequence
FROM projection.parked p
JOIN projection.views v USING (view, version)
WHERE p.view = $1 AND v.live
ORDER BY p.aggregate_type, p.aggregate_id
