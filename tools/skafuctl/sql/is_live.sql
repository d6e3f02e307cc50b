-- a row when readers see a view of this name: $1
SELECT 1 FROM projection.views WHERE view = $1 AND live
