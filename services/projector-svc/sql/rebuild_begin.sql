-- a version is to be built: $1 view, $2 version, $3 reason, $4 who asked, $5 source, $6 rate, $7 whether it switches by
-- itself, $8 whether differences matter
INSERT INTO projection.rebuilds (view, version, reason, requested_by, source, rate, switches_by_itself, ignore_differences)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
