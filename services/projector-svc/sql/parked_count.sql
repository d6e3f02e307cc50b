-- how many aggregates a view version holds back: $1 view, $2 version
SELECT count(*) FROM projection.parked WHERE view = $1 AND version = $2
