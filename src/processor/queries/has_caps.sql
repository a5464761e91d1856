-- Whether running tasks are capped at all.
SELECT EXISTS (SELECT FROM cap)
