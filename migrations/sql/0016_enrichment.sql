-- What a tenant's model reads of records that are stored already: a stage with its own queue and its own books.

create table enrichments (
  tenant_id text not null,
  job_id uuid not null,
  record_id uuid not null,
  -- The version that is read. A newer one is another job's.
  content_hash text not null,
  occurred_at timestamptz(3) not null,
  outcome text not null default 'queued' check (outcome in ('queued', 'done', 'failed')),
  -- Why it failed.
  message text,
  -- What the model was asked: finds the cached answer when the record is forgotten.
  input_hash text,
  primary key (tenant_id, job_id, record_id),
  foreign key (tenant_id, job_id) references historical_sync_jobs (tenant_id, id) on delete cascade,
  -- A record that is forgotten takes along what was read of it.
  foreign key (tenant_id, record_id) references records (tenant_id, record_id) on delete cascade
);
create index enrichments_waiting on enrichments (tenant_id, job_id, occurred_at desc) where outcome = 'queued';
create index enrichments_by_record on enrichments (tenant_id, record_id);

-- Written with the answer that cost them, so an answer is counted once. Outlives its job.
create table model_usage (
  tenant_id text not null references tenants (id) on delete cascade,
  month date not null,
  job_id uuid not null,
  tokens bigint not null,
  primary key (tenant_id, month, job_id)
);

-- An answer goes with the last record that asked for it.
create function forget_answer() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from extraction_cache c where c.tenant_id = old.tenant_id and c.content_hash = old.input_hash
    and not exists (select from enrichments e where e.tenant_id = old.tenant_id and e.input_hash = old.input_hash);
  return null;
end $$;
create trigger forget_answer after delete on enrichments for each row when (old.input_hash is not null) execute function forget_answer();
create index enrichments_by_input on enrichments (tenant_id, input_hash) where input_hash is not null;

-- Null: what the plan gives.
alter table tenants add column model_tokens_per_month bigint check (model_tokens_per_month >= 0);
-- {queued, done, failed, tokens_spent, tokens_left, message}, written by the lease holder through the gate; null: nothing was to be enriched.
alter table historical_sync_jobs add column enrichment jsonb;

do $$
declare t text;
begin
  foreach t in array array['enrichments', 'model_usage'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy one_tenant on %I to hsync_app using (tenant_id = (select current_setting(''app.tenant_id'', true))) with check (tenant_id = (select current_setting(''app.tenant_id'', true)))', t);
    execute format('grant select, insert, update, delete on %I to hsync_app', t);
  end loop;
end $$;
