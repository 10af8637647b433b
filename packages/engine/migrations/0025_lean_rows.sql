-- Facts are written and read whole, thousands of times a second, and asked for a field seldom, of a few rows: as `json`
-- they are neither taken apart on the way in nor put together again on the way out. Room in each page lets an update
-- stay in its page, where it touches no index.
alter table stripe_object
  alter column fact type json using fact::json,
  alter column marks drop default,
  alter column marks type json using marks::json,
  alter column marks set default '{}'::json,
  set (fillfactor = 75);

-- A payload stays beside its row: out of line it costs two more rows and their index entries to write, and to read.
alter table inbox_event alter column payload set storage main;
