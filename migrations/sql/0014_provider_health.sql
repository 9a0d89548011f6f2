-- How a connection's provider behaves: runs in a row that it failed (the circuit breaker, written by the front desk when a run ends), and what is asked of it a day.
alter table connections add column failures_in_a_row integer not null default 0;
alter table connections add column open_until timestamptz(3);

-- Written by whoever holds the connection's only active job, so no two wait for a row.
create table provider_usage (
  tenant_id text not null,
  connection_id uuid not null,
  day date not null,
  requests integer not null,
  -- Answered with 429.
  throttled integer not null,
  primary key (tenant_id, connection_id, day),
  foreign key (tenant_id, connection_id) references connections (tenant_id, id) on delete cascade
);
alter table provider_usage enable row level security;
create policy one_tenant on provider_usage to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on provider_usage to hsync_app;
