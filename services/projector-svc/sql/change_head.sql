-- how far the change feed of a view is: $1 view. Gives the last change, and the last one published; nothing before the
-- feed was opened.
SELECT l.last, p.published
FROM projection.change_logs AS l JOIN projection.change_publications AS p USING (view)
WHERE l.view = $1
