-- where every log partition ends now, as JSON
SELECT coalesce(json_agg(json_build_object('type', aggregate_type, 'partition', partition, 'position', last_position)), '[]')
FROM event_store.logs
