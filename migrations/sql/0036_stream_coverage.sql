-- How far memory of a stream reaches, over all jobs there ever were: every search says it, and each sync begins with it. Read off the windows of all
-- jobs it took 3 ms for each thousand of them, and an account that is followed hourly has some thousands a month.
create table stream_coverage (
  tenant_id text not null,
  connection_id uuid not null,
  stream text not null,
  title text,
  -- The union of all windows that were read to their end and not passed over. What was erased since is still held: it is not read again by itself.
  held tstzmultirange not null default '{}',
  -- The same, of what no erasure has taken since.
  complete tstzmultirange not null default '{}',
  -- Where the earliest window begins that was done, passed over or not.
  oldest timestamptz(3) not null,
  primary key (tenant_id, connection_id, stream),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade
);
alter table stream_coverage enable row level security;
create policy one_tenant on stream_coverage to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on stream_coverage to hsync_app;

insert into stream_coverage (tenant_id, connection_id, stream, title, held, complete, oldest)
select j.tenant_id, j.source_connection_id, w.stream, (array_agg(w.title order by w.updated_at desc) filter (where w.title is not null))[1],
       coalesce(range_agg(tstzrange(w.since, w.until)) filter (where w.note is null and w.retry_of is null), '{}'),
       coalesce(range_agg(tstzrange(w.since, w.until)) filter (where w.note is null and w.retry_of is null and not exists (
         select from erasures e where e.tenant_id = w.tenant_id and w.updated_at <= e.requested_at and (e.subject = 'tenant' or (e.subject = 'connection' and e.subject_id = j.source_connection_id)))), '{}'),
       min(w.since)
  from sync_windows w join historical_sync_jobs j on j.tenant_id = w.tenant_id and j.id = w.job_id
 where w.kind = 'span' and w.done group by 1, 2, 3;

-- Changes, sweeps and retries cover nothing: what a retry reads, its window has covered.
create function cover_stream() returns trigger language plpgsql as $$
declare span tstzmultirange := case when new.note is null and new.retry_of is null then tstzmultirange(tstzrange(new.since, new.until)) else '{}' end;
begin
  insert into stream_coverage as c (tenant_id, connection_id, stream, title, held, complete, oldest)
  select j.tenant_id, j.source_connection_id, new.stream, new.title, span, span, new.since from historical_sync_jobs j where j.tenant_id = new.tenant_id and j.id = new.job_id
  on conflict (tenant_id, connection_id, stream) do update
     set title = coalesce(excluded.title, c.title), held = c.held + excluded.held, complete = c.complete + excluded.complete, oldest = least(c.oldest, excluded.oldest);
  return null;
end $$;
create trigger covers_stream after insert or update of done on sync_windows for each row when (new.done and new.kind = 'span') execute function cover_stream();

-- An erasure is written under the tenant's exclusive lock: no window ends meanwhile.
create function uncover_streams() returns trigger language plpgsql as $$
begin
  update stream_coverage set complete = '{}' where tenant_id = new.tenant_id and (new.subject = 'tenant' or connection_id = new.subject_id);
  return null;
end $$;
create trigger uncovers_streams after insert on erasures for each row when (new.subject in ('tenant', 'connection')) execute function uncover_streams();

-- Windows that were planned and not read, or passed over: what is still owed.
create index windows_owed on sync_windows (tenant_id, job_id) where kind = 'span' and retry_of is null and not (done and note is null);
