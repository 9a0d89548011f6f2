/** Google in the sandbox signs people in as strictly as Google does: refresh tokens, scopes, giving access back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '#dev/sandbox/server';
import { gmail } from '#fly-worker/connectors/gmail';
import { googleCalendar } from '#fly-worker/connectors/google-calendar';
import { consent, MIA, openMiasGoogle, refresh, startMiasSandbox, type SandboxAccount } from '../sandbox-account.ts';

let sandbox: Sandbox, mail: SandboxAccount, calendar: SandboxAccount;
beforeAll(async () => { sandbox = await startMiasSandbox(); });
afterAll(() => sandbox.stop());
beforeEach(async () => { ({ mail, calendar } = await openMiasGoogle(sandbox.url)); });

describe('the sign-in', () => {
  it('brings a refresh token for offline access, later ones only with consent, and keeps it over refreshes', async () => {
    const oauth = gmail.oauth!, first = mail.grant;
    expect((await consent(sandbox.url, oauth, MIA, { access_type: 'online' })).refreshToken).toBeNull();
    expect((await consent(sandbox.url, oauth, MIA, { prompt: 'select_account' })).refreshToken).toBeNull();
    for (let i = 0; i < 3; i++) expect((await refresh(sandbox.url, oauth, first)).refreshToken).toBeNull();
    expect(first.scopes).toEqual(['https://www.googleapis.com/auth/gmail.readonly']);
  });

  it('ends everything of the account when one token is given back', async () => {
    const revoke = (token: string): Promise<Response> => fetch(`${sandbox.url}${gmail.oauth!.revoke!.path}`, { method: 'POST', body: new URLSearchParams({ token }) });
    expect((await revoke(mail.grant.refreshToken!)).status).toBe(200);
    await expect(refresh(sandbox.url, gmail.oauth!, mail.grant)).rejects.toThrow(/expired or revoked/);
    await expect(refresh(sandbox.url, googleCalendar.oauth!, calendar.grant)).rejects.toThrow(/expired or revoked/);
    expect((await revoke(mail.grant.refreshToken!)).status).toBe(400);
  });

  it('opens with a token of its own scope and provider only', async () => {
    const get = async (path: string, { grant }: SandboxAccount): Promise<number> => (await fetch(`${sandbox.url}${path}`, { headers: { authorization: `Bearer ${grant.accessToken}` } })).status;
    expect(await get('/gmail/v1/users/me/profile', mail)).toBe(200);
    expect(await get('/gmail/v1/users/me/profile', calendar)).toBe(403);
    expect(await get('/v1.0/me', mail)).toBe(401);
  });
});
