-- The first schema of the library. Times are milliseconds since 1970. Rows that were deleted stay
-- for a while, so that deleting can be undone. Searches look into two folded texts: `search` is
-- written with what a user changes, `source` once.

CREATE TABLE direction (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision INTEGER NOT NULL DEFAULT 1,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  tags TEXT NOT NULL,     -- a JSON array
  model TEXT NOT NULL,
  recipe TEXT NOT NULL,   -- a JSON object
  width INTEGER NOT NULL,
  numbers BLOB NOT NULL,  -- float64, little-endian
  offset REAL NOT NULL,   -- what is taken from their product with the stream
  vector TEXT NOT NULL,   -- the id that follows from the numbers
  search TEXT NOT NULL,
  source TEXT NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  deleted INTEGER,
  CHECK (length(numbers) = 8 * width)
) STRICT;

CREATE UNIQUE INDEX direction_name ON direction (name) WHERE deleted IS NULL;

CREATE INDEX direction_vector ON direction (vector);

CREATE TABLE note (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision INTEGER NOT NULL DEFAULT 1,
  text TEXT NOT NULL,
  model TEXT NOT NULL,
  prompt TEXT NOT NULL,
  place TEXT NOT NULL,    -- empty where the note is on no place
  position INTEGER NOT NULL,  -- -1 where it is on no position
  search TEXT NOT NULL,
  source TEXT NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  deleted INTEGER
) STRICT;

CREATE INDEX note_text ON note (text);

CREATE TABLE view (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision INTEGER NOT NULL DEFAULT 1,
  name TEXT NOT NULL,
  note TEXT NOT NULL,
  state TEXT NOT NULL,    -- a JSON object: what a link says
  search TEXT NOT NULL,
  source TEXT NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  deleted INTEGER
) STRICT;

CREATE UNIQUE INDEX view_name ON view (name) WHERE deleted IS NULL;
