-- The foundation. Every tenant table has tenant_id first in its keys and a row-level-security policy beneath it.
-- hsync_app: edge and workers; sees one tenant a statement. hsync_auth: sign-in only; sees users, sessions, keys and tenant names.

do $$ begin
  if not exists (select from pg_roles where rolname = 'hsync_app') then create role hsync_app nologin; end if;
  if not exists (select from pg_roles where rolname = 'hsync_auth') then create role hsync_auth nologin; end if;
end $$;

-- ---------------------------------------------------------------- tenants and sign-in
create table tenants (
  id text primary key,
  name text not null,
  slug text not null unique,
  logo text,
  metadata text,
  plan text not null default 'free' check (plan in ('free', 'solo', 'team', 'enterprise')),
  created_at timestamptz(3) not null default now()
);

create table users (
  id text primary key,
  name text not null,
  email text not null unique,
  email_verified boolean not null default false,
  image text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

create table sessions (
  id text primary key,
  token text not null unique,
  user_id text not null references users (id) on delete cascade,
  active_tenant_id text references tenants (id) on delete set null,
  ip_address text,
  user_agent text,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index sessions_user on sessions (user_id);

create table accounts (
  id text primary key,
  account_id text not null,
  provider_id text not null,
  user_id text not null references users (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz(3),
  refresh_token_expires_at timestamptz(3),
  scope text,
  password text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index accounts_user on accounts (user_id);

create table verifications (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index verifications_identifier on verifications (identifier);

create table members (
  id text primary key,
  tenant_id text not null references tenants (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  role text not null default 'member',
  created_at timestamptz(3) not null default now(),
  unique (tenant_id, user_id)
);
create index members_user on members (user_id);

create table invitations (
  id text primary key,
  tenant_id text not null references tenants (id) on delete cascade,
  email text not null,
  role text,
  status text not null default 'pending',
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  inviter_id text not null references users (id) on delete cascade
);

create table rate_limits (
  id text primary key,
  key text not null unique,
  count integer not null,
  last_request bigint not null
);

-- An API key is 32 random bytes; only its SHA-256 is kept, so an index look-up is the check.
create table api_keys (
  tenant_id text not null references tenants (id) on delete cascade,
  id text not null,
  name text not null,
  prefix text not null,
  hash text not null unique,
  scopes text[] not null,
  created_by text references users (id) on delete set null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  primary key (tenant_id, id)
);

-- ---------------------------------------------------------------- connections
create table connections (
  tenant_id text not null references tenants (id) on delete cascade,
  id uuid not null,
  integration_id text not null,
  account text not null,
  status text not null default 'active' check (status in ('active', 'needs_reauth', 'revoked')),
  scopes text[] not null default '{}',
  -- Sealed {access_token, refresh_token, expires_at}: v1.kid.iv.ciphertext. Opened only by the vault.
  sealed_tokens text,
  -- Grows with every token stored: tells a refresh that another one was faster.
  token_version integer not null default 0,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  last_synced_at timestamptz(3),
  primary key (tenant_id, id),
  unique (tenant_id, integration_id, account)
);

create table oauth_states (
  tenant_id text not null references tenants (id) on delete cascade,
  state_hash text not null,
  integration_id text not null,
  -- Whose session or key began: only the same one may finish.
  principal text not null,
  sealed_verifier text not null,
  expires_at timestamptz(3) not null,
  primary key (tenant_id, state_hash)
);

-- ---------------------------------------------------------------- jobs
create table historical_sync_jobs (
  tenant_id text not null references tenants (id) on delete cascade,
  id uuid not null,
  integration_id text not null,
  source_connection_id uuid not null,
  -- Written by the job's object alone.
  status text not null default 'pending' check (status in ('pending', 'running', 'completed', 'failed', 'paused', 'cancelled')),
  reason text,
  message text,
  status_version bigint not null default 0,
  -- Who may write: raised at every claim and whenever a lease ends.
  fence bigint not null default 0,
  attempt integer not null default 0,
  max_retries integer not null default 3,
  error_count integer not null default 0,
  last_error text,
  next_retry_at timestamptz(3),
  started_at timestamptz(3),
  completed_at timestamptz(3),
  -- Written once, at start.
  priority text not null default 'normal' check (priority in ('urgent', 'high', 'normal', 'low')),
  priority_rank smallint not null generated always as (case priority when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end) stored,
  start_date timestamptz(3) not null,
  end_date timestamptz(3) not null,
  chunk_size integer not null default 100,
  scope text not null default 'personal',
  idempotency_key text,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  -- Written by the lease holder alone, through the gate.
  progress_percentage real not null default 0,
  records_processed integer not null default 0,
  entities_extracted integer not null default 0,
  relationships_extracted integer not null default 0,
  seen integer not null default 0,
  stored integer not null default 0,
  unchanged integer not null default 0,
  duplicate integer not null default 0,
  failed integer not null default 0,
  chunks_completed integer not null default 0,
  checkpoint_data jsonb,
  last_heartbeat timestamptz(3),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, source_connection_id) references connections (tenant_id, id),
  constraint range_is_forward check (start_date < end_date),
  -- The promise, where nothing can go round it.
  constraint completed_means_balanced check (status <> 'completed' or seen = stored + unchanged + duplicate + failed)
);
create index jobs_newest on historical_sync_jobs (tenant_id, created_at desc, id);
create index jobs_waiting on historical_sync_jobs (priority_rank, created_at) where status = 'pending';
create unique index jobs_one_active_per_connection on historical_sync_jobs (tenant_id, source_connection_id) where status in ('pending', 'running');
create unique index jobs_idempotency on historical_sync_jobs (tenant_id, idempotency_key) where idempotency_key is not null;

create table sync_windows (
  tenant_id text not null,
  job_id uuid not null,
  stream text not null,
  no integer not null,
  since timestamptz(3) not null,
  until timestamptz(3) not null,
  -- Which chunk comes next: +1 per commit, checked by the gate.
  seq integer not null default 0,
  checkpoint jsonb,
  done boolean not null default false,
  covered real not null default 0,
  seen integer not null default 0,
  stored integer not null default 0,
  unchanged integer not null default 0,
  duplicate integer not null default 0,
  failed integer not null default 0,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, job_id, stream, no),
  foreign key (tenant_id, job_id) references historical_sync_jobs (tenant_id, id) on delete cascade
);

-- The books: what became of every record a job met. A second meeting is a duplicate and leaves no row.
create table sync_ledger (
  tenant_id text not null,
  job_id uuid not null,
  record_id uuid not null,
  stream text not null,
  window_no integer not null,
  outcome text not null check (outcome in ('stored', 'unchanged', 'failed')),
  primary key (tenant_id, job_id, record_id)
);

create table record_failures (
  tenant_id text not null,
  job_id uuid not null,
  record_id uuid not null,
  stream text not null,
  provider_id text not null,
  kind text not null,
  message text not null,
  attempts integer not null default 1,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, job_id, record_id)
);

-- ---------------------------------------------------------------- the dual memory
create table records (
  tenant_id text not null,
  record_id uuid not null,
  integration_id text not null,
  connection_id uuid not null,
  stream text not null,
  provider_id text not null,
  kind text not null,
  -- With record_id the address of the text and vector in semantic memory: a hit counts only if this row names it.
  content_hash text not null,
  title text not null,
  preview text not null,
  url text,
  occurred_at timestamptz(3) not null,
  ends_at timestamptz(3),
  people text[] not null default '{}',
  stored_by_job uuid not null,
  stored_at timestamptz(3) not null default now(),
  primary key (tenant_id, record_id)
);
create index records_by_time on records (tenant_id, occurred_at desc);
create index records_by_connection on records (tenant_id, connection_id, stream);

-- One row per (type, key) met in text or header. Promoted ones stand in graph_nodes under the same id.
create table discovered_entities (
  tenant_id text not null,
  id uuid not null,
  entity_type text not null,
  key text not null,
  name text not null,
  status text not null default 'staged' check (status in ('staged', 'promoted')),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);
create index discovered_by_type on discovered_entities (tenant_id, entity_type, status);

-- Name and properties come from the newest record that supports the node, whatever the order of arrival.
create table graph_nodes (
  tenant_id text not null,
  id uuid not null,
  node_type text not null,
  key text not null,
  name text not null,
  properties jsonb not null default '{}',
  described_at timestamptz(3) not null,
  described_by uuid not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, node_type, key)
);

create table graph_edges (
  tenant_id text not null,
  id uuid not null,
  source uuid not null,
  edge_type text not null,
  target uuid not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);
create unique index edges_by_source on graph_edges (tenant_id, source, edge_type, target);
create index edges_by_target on graph_edges (tenant_id, target, edge_type, source);

-- Every fact hangs on a record. Weights, counts, first and last seen are read off these rows, never stored.
create table evidence (
  tenant_id text not null,
  record_id uuid not null,
  target_id uuid not null,
  target_kind "char" not null check (target_kind in ('n', 'e')),
  method text not null,
  confidence real not null,
  name text,
  properties jsonb,
  primary key (tenant_id, record_id, target_id)
);
-- Without record_id: equal entries share a posting list, so a hub costs little.
create index evidence_by_target on evidence (tenant_id, target_id);

create table extraction_cache (
  tenant_id text not null,
  content_hash text not null,
  extractor text not null,
  answer jsonb not null,
  tokens integer not null default 0,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, content_hash, extractor)
);

-- ---------------------------------------------------------------- who may see what
do $$
declare t text;
begin
  foreach t in array array['connections', 'oauth_states', 'historical_sync_jobs', 'sync_windows', 'sync_ledger', 'record_failures',
    'records', 'discovered_entities', 'graph_nodes', 'graph_edges', 'evidence', 'extraction_cache'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy one_tenant on %I to hsync_app using (tenant_id = (select current_setting(''app.tenant_id'', true))) with check (tenant_id = (select current_setting(''app.tenant_id'', true)))', t);
    execute format('grant select, insert, update, delete on %I to hsync_app', t);
  end loop;
end $$;

alter table tenants enable row level security;
create policy own_tenant on tenants to hsync_app using (id = (select current_setting('app.tenant_id', true)));
create policy sign_in on tenants to hsync_auth using (true) with check (true);
grant select on tenants to hsync_app;

do $$
declare t text;
begin
  foreach t in array array['users', 'sessions', 'accounts', 'verifications', 'members', 'invitations', 'rate_limits', 'api_keys'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy sign_in on %I to hsync_auth using (true) with check (true)', t);
    execute format('grant select, insert, update, delete on %I to hsync_auth', t);
  end loop;
end $$;
grant select, insert, update, delete on tenants to hsync_auth;
grant usage on schema public to hsync_app, hsync_auth;

-- The one look across tenants that workers have: which jobs wait, in which order. Names only.
create function next_pending_jobs(most integer) returns table (tenant_id text, job_id uuid)
language sql stable security definer set search_path = public as $$
  select j.tenant_id, j.id from historical_sync_jobs j
   where j.status = 'pending' and (j.next_retry_at is null or j.next_retry_at <= now())
   order by j.priority_rank, j.created_at, j.id limit most
$$;
revoke all on function next_pending_jobs(integer) from public;
grant execute on function next_pending_jobs(integer) to hsync_app;
