-- Accounts in full: roles as a closed list, invitations by a token of which only the hash is kept, keys that follow their maker,
-- secrets that a tenant hands us, and one tenant's rows only, also for the role that signs people in.

alter table members add constraint members_role check (role in ('owner', 'admin', 'member'));

-- Nothing could make invitations before, so there is none without a token.
delete from invitations;
alter table invitations alter column role set not null;
alter table invitations add constraint invitations_role check (role in ('owner', 'admin', 'member'));
alter table invitations add constraint invitations_status check (status in ('pending', 'accepted', 'revoked'));
alter table invitations add column token_hash text not null unique;
create index invitations_tenant on invitations (tenant_id, created_at);

create index api_keys_maker on api_keys (tenant_id, created_by);

-- OPENAI_API_KEY, a tenant's own OAuth clients. Opened only by the vault.
create table tenant_secrets (
  tenant_id text not null references tenants (id) on delete cascade,
  name text not null,
  -- v1.kid.iv.ciphertext, bound to tenant and name.
  sealed text not null,
  last4 text not null,
  base_url text,
  model text,
  updated_by text not null,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, name)
);
alter table tenant_secrets enable row level security;
create policy one_tenant on tenant_secrets to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on tenant_secrets to hsync_app;

-- hsync_auth looks across tenants when somebody signs in (no tenant is known yet). As soon as a tenant is set, it sees and changes that one's rows only.
do $$
declare t text;
begin
  foreach t in array array['members', 'invitations', 'api_keys'] loop
    execute format('drop policy sign_in on %I', t);
    execute format('create policy sign_in on %I to hsync_auth using (coalesce(nullif((select current_setting(''app.tenant_id'', true)), ''''), tenant_id) = tenant_id) with check (coalesce(nullif((select current_setting(''app.tenant_id'', true)), ''''), tenant_id) = tenant_id)', t);
  end loop;
end $$;
drop policy sign_in on tenants;
create policy sign_in on tenants to hsync_auth using (coalesce(nullif((select current_setting('app.tenant_id', true)), ''), id) = id) with check (coalesce(nullif((select current_setting('app.tenant_id', true)), ''), id) = id);
