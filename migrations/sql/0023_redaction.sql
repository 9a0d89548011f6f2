-- How many secrets of which pattern were taken out of a record, {"password": 2}; null: none. Sums over it are what the settings show, so that storing a record again counts nothing twice.
alter table records add column redacted jsonb;
create index records_redacted on records (tenant_id) where redacted is not null;

-- Patterns that a tenant wants left in its records. No row: none, everything is taken out.
create table redaction_settings (
  tenant_id text primary key,
  spared text[] not null default '{}',
  changed_by text not null,
  changed_at timestamptz(3) not null default now()
);
alter table redaction_settings enable row level security;
create policy one_tenant on redaction_settings to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on redaction_settings to hsync_app;
