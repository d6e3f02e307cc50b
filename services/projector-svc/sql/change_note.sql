-- the broker has acknowledged changes: $1 view, $2 up to which one
UPDATE projection.change_publications SET published = greatest(published, $2), updated_at = now() WHERE view = $1
