-- The first version of the saved filters.
CREATE TABLE filters (
  -- Never used again once deleted, so that an old address does not come to mean another filter.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user TEXT NOT NULL,
  -- What `@name` refers to; without it the filter is only listed.
  name TEXT,
  description TEXT NOT NULL,
  content TEXT NOT NULL,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX filters_by_name ON filters (user, name) WHERE name IS NOT NULL;
CREATE INDEX filters_shared ON filters (shared) WHERE shared = 1;
