-- The dashboards and views that users have made, as the text of a file.
CREATE TABLE boards (
  user TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('dashboard', 'view')),
  name TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (user, kind, name)
) STRICT, WITHOUT ROWID;
