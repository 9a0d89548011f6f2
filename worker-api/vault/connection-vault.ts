/** One object per connection: the one place where its tokens are read, refreshed and stored, one caller after the other. Rotating refresh tokens are stored before use. */
import { DurableObject } from 'cloudflare:workers';
import { sql } from 'drizzle-orm';
import type { IntegrationId } from '#contract/job';
import { takeTurns } from '#contract/turns';
import { connectorOf } from '#fly-worker/connectors/index';
import type { Env } from '../env.ts';
import { tenantDatabase } from '../database.ts';
import { refreshTokens, revokeTokens, Tokens } from '../oauth-client.ts';
import { OAuthError } from '../oauth-error.ts';
import { openVault, SealError, type Vault } from './seal.ts';

/** Refreshed this long before it expires, so that no request starts with a token about to die. */
const REFRESH_AHEAD_MS = 60_000;
const TOKEN_PURPOSE = 'oauth-tokens';
/** Of a consent that is on its way. */
export const VERIFIER_PURPOSE = 'oauth-verifier';

const SPARE = 'spare';
const REMOVED = { ok: false, kind: 'removed', message: 'The account was disconnected. Connect it again.' } as const;

/** `apiUrl`: the account's own API address, for providers that have one. */
type TokenReply = { ok: true; accessToken: string; apiUrl: string | null } | { ok: false; kind: 'auth_expired' | 'removed' | 'unavailable'; message: string };

export const vaultName = (tenantId: string, connectionId: string): string => `${tenantId}/${connectionId}`;

export class ConnectionVault extends DurableObject<Env> {
  readonly #vault: Vault = openVault(this.env.TOKEN_KEYS);
  readonly #inTurn = takeTurns();

  /** An access token that works for the next minute. `rejected`: the provider would not take this one. */
  accessToken(rejected: string | null): Promise<TokenReply> { return this.#inTurn(() => this.#accessToken(rejected)); }

  /** Stores what consent brought; the connection works (again). */
  connected(tokens: Tokens): Promise<void> {
    return this.#inTurn(async () => {
      this.ctx.storage.kv.delete(SPARE);
      await this.#store(tokens, 'active', true);
    });
  }

  /** Gives the access of these sealed tokens back to the provider. False: it was not confirmed, for whatever reason. */
  async withdraw(integrationId: IntegrationId, sealed: string): Promise<boolean> {
    const connector = connectorOf(integrationId);
    if (!connector) return false;
    // A seal that no longer opens must not keep an account from being disconnected.
    const opened = await this.#vault.open(this.#names().tenantId, TOKEN_PURPOSE, sealed).catch(() => null);
    return opened !== null && revokeTokens(this.env, connector, Tokens.parse(JSON.parse(opened.text)));
  }

  /** Seals under the newest key what stands under an older one; nothing else changes, and no refresh is on its way meanwhile. False: it does not open. */
  reseal(): Promise<boolean> {
    return this.#inTurn(async () => {
      const { tenantId, connectionId } = this.#names(), db = tenantDatabase(this.env);
      try {
        await this.#storeSpare(tenantId);
        const [rows] = await db.tenant(tenantId, [sql`select sealed_tokens from connections where tenant_id = ${tenantId} and id = ${connectionId}::uuid and sealed_tokens is not null`]);
        const sealed = rows?.[0]?.sealed_tokens;
        if (typeof sealed !== 'string') return true;
        const { text, stale } = await this.#vault.open(tenantId, TOKEN_PURPOSE, sealed);
        if (stale) await db.tenant(tenantId, [sql`update connections set sealed_tokens = ${await this.#vault.seal(tenantId, TOKEN_PURPOSE, text)} where tenant_id = ${tenantId} and id = ${connectionId}::uuid and sealed_tokens = ${sealed}`]);
        return true;
      } catch (error) {
        if (error instanceof SealError) return false;
        throw error;
      }
    });
  }

  async #accessToken(rejected: string | null): Promise<TokenReply> {
    const { tenantId, connectionId } = this.#names();
    const db = tenantDatabase(this.env);
    await this.#storeSpare(tenantId);
    const [rows] = await db.tenant(tenantId, [sql`select integration_id, status, sealed_tokens from connections where tenant_id = ${tenantId} and id = ${connectionId}::uuid`]);
    const row = rows?.[0] as { integration_id: IntegrationId; status: string; sealed_tokens: string | null } | undefined;
    if (!row || row.status === 'revoked' || !row.sealed_tokens) return REMOVED;
    if (row.status === 'needs_reauth') return { ok: false, kind: 'auth_expired', message: 'The account needs to be reconnected.' };
    const opened = await this.#vault.open(tenantId, TOKEN_PURPOSE, row.sealed_tokens);
    const tokens = Tokens.parse(JSON.parse(opened.text));
    if (tokens.accessToken !== rejected && (tokens.expiresAt === null || tokens.expiresAt - Date.now() > REFRESH_AHEAD_MS)) {
      if (opened.stale) await this.#store(tokens, 'active');
      return { ok: true, accessToken: tokens.accessToken, apiUrl: tokens.apiUrl };
    }
    return this.#refresh(row.integration_id, tokens);
  }

  async #refresh(integrationId: IntegrationId, tokens: Tokens): Promise<TokenReply> {
    const connector = connectorOf(integrationId);
    try {
      if (!connector) throw new OAuthError('unavailable', 'This version does not know the integration of this account.');
      const newer = await refreshTokens(this.env, this.#names().tenantId, connector, tokens, Date.now());
      // The old refresh token is spent: should Postgres not answer now, the new one must not be lost with it.
      this.ctx.storage.kv.put(SPARE, await this.#vault.seal(this.#names().tenantId, TOKEN_PURPOSE, JSON.stringify(newer)));
      const stands = await this.#store(newer, 'active');
      this.ctx.storage.kv.delete(SPARE);
      if (stands) return { ok: true, accessToken: newer.accessToken, apiUrl: newer.apiUrl };
      // Disconnected while we asked: what the provider has just given out nobody else will give back.
      if (!connector.oauth?.revoke?.wholeAccount) await revokeTokens(this.env, connector, newer);
      return REMOVED;
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      if (error.kind === 'refused') {
        await this.#store(tokens, 'needs_reauth');
        return { ok: false, kind: 'auth_expired', message: error.message };
      }
      return { ok: false, kind: 'unavailable', message: error.message };
    }
  }

  /** Tokens that were refreshed while Postgres did not answer. */
  async #storeSpare(tenantId: string): Promise<void> {
    const sealed = this.ctx.storage.kv.get<string>(SPARE);
    if (!sealed) return;
    const { text } = await this.#vault.open(tenantId, TOKEN_PURPOSE, sealed);
    await this.#store(Tokens.parse(JSON.parse(text)), 'active');
    this.ctx.storage.kv.delete(SPARE);
  }

  /** False: the account was disconnected meanwhile; only a new consent takes that back. */
  async #store(tokens: Tokens, status: 'active' | 'needs_reauth', consented = false): Promise<boolean> {
    const { tenantId, connectionId } = this.#names();
    const sealed = await this.#vault.seal(tenantId, TOKEN_PURPOSE, JSON.stringify(tokens));
    const [stored] = await tenantDatabase(this.env).tenant(tenantId, [sql`
      update connections set sealed_tokens = ${sealed}, status = ${status}, token_version = token_version + 1, updated_at = now()
       where tenant_id = ${tenantId} and id = ${connectionId}::uuid and (${consented}::boolean or status <> 'revoked') returning id`]);
    return stored?.length === 1;
  }

  #names(): { tenantId: string; connectionId: string } {
    const [tenantId, connectionId] = (this.ctx.id.name ?? '').split('/');
    if (!tenantId || !connectionId) throw new Error('A connection\'s vault is found by its name, tenant/connection.');
    return { tenantId, connectionId };
  }
}
