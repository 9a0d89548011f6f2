-- A stream may have a title (a channel's id says nothing to people) and may be passed over for a reason that is nobody's error.
alter table sync_windows add column title text, add column note text;
