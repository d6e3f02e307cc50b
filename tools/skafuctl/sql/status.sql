-- what there is, in one row
SELECT l.events, l.aggregates AS "aggregateTypes", l.events - p.published AS "unpublished",
       (SELECT count(*) FROM event_store.commands) AS commands,
       (SELECT count(*) FROM projection.views WHERE live) AS "liveViews",
       (SELECT count(*) FROM projection.views WHERE state = 'building') AS "buildingViews",
       (SELECT coalesce(sum(greatest(l.last_position - coalesce(c.position, 0), 0)), 0)
        FROM (SELECT DISTINCT view, aggregate_type FROM read.checkpoint) AS f
        JOIN event_store.logs AS l ON l.aggregate_type = f.aggregate_type
        LEFT JOIN read.checkpoint AS c
            ON c.view = f.view AND c.aggregate_type = l.aggregate_type AND c.partition = l.partition) AS "unapplied"
FROM (SELECT coalesce(sum(last_position), 0) AS events, count(DISTINCT aggregate_type) AS aggregates
      FROM event_store.logs) AS l,
     (SELECT coalesce(sum(published), 0) AS published FROM event_store.publications) AS p
