-- Archives: files that somebody uploaded, each the one thing behind its connection. The file itself lies in object storage, by tenant and connection.
create table archives (
  tenant_id text not null,
  connection_id uuid not null,
  bytes bigint not null check (bytes > 0),
  sha256 text not null,
  uploaded_at timestamptz(3) not null default now(),
  primary key (tenant_id, connection_id),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade
);
alter table archives enable row level security;
create policy one_tenant on archives to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on archives to hsync_app;

-- A file is read whole; what lies outside of the job's range is counted.
alter table sync_windows add column left_out integer not null default 0;
