-- Looks across tenants for key rotation: what is sealed under which key. Names and key ids only, nothing sealed leaves.
create function sealed_things() returns table (tenant_id text, kind text, id text, key_id text)
language sql stable security definer set search_path = public as $$
  select c.tenant_id, 'connection', c.id::text, split_part(c.sealed_tokens, '.', 2) from connections c where c.sealed_tokens is not null
  union all select s.tenant_id, 'secret', s.name, split_part(s.sealed, '.', 2) from tenant_secrets s
  union all select o.tenant_id, 'consent', o.state_hash, split_part(o.sealed_verifier, '.', 2) from oauth_states o where o.expires_at > now()
$$;
revoke all on function sealed_things() from public;
grant execute on function sealed_things() to hsync_auth;
