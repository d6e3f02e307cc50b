-- what the comparison found: $1 id, $2 JSON
UPDATE projection.rebuilds SET differences = $2::json, compared_at = now() WHERE id = $1
