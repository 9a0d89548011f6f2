-- Reading what changed: windows of other kinds than a span of time, and where each stream's changes go on.
alter table sync_windows
  -- `span`: reads a span. `changes`: follows the provider's changes (since, until: what memory held before). `sweep`: looks by id for what a whole reading did not meet.
  add column kind text not null default 'span' check (kind in ('span', 'changes', 'sweep')),
  -- The fence under which it was planned: a sweep is part of the run that read everything, or of none.
  add column planned_fence bigint;

-- The provider's token per connection and stream: every change since it was last written is still to come. Written in the commit of the chunk that ends a round.
create table sync_tokens (
  tenant_id text not null,
  connection_id uuid not null,
  stream text not null,
  -- It tells of records dated from here on.
  since timestamptz(3) not null,
  place jsonb not null,
  -- When deletes that it does not tell of are to be looked for; null: it tells of all.
  sweep_at timestamptz(3),
  begun_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, connection_id, stream, since),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade
);
alter table sync_tokens enable row level security;
create policy one_tenant on sync_tokens to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on sync_tokens to hsync_app;
