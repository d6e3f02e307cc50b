-- all that was held is applied: $1 view, $2 version, $3 aggregate type, $4 aggregate id
DELETE FROM projection.parked WHERE view = $1 AND version = $2 AND aggregate_type = $3 AND aggregate_id = $4
