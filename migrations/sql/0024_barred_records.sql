-- Records that somebody had erased, alone or with a person: later syncs leave them out. The id is a hash of tenant, connection, stream and the provider's id: no word of what it was.
create table barred_records (
  tenant_id text not null,
  record_id uuid not null,
  erasure_id uuid not null,
  primary key (tenant_id, record_id)
);
alter table barred_records enable row level security;
create policy one_tenant on barred_records to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on barred_records to hsync_app;
