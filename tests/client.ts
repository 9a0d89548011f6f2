/** A tenant's API client for tests of the whole house: what a script of theirs would do. Waits for states, never for time. */
import { isTerminal, Job, type IntegrationId } from '#contract/job';
import { SearchAnswer } from '#contract/memory';

export interface Client {
  readonly apiKey: string;
  /** Connects an account of the sandbox through real consent; answers the connection's id. No account named: the one that the provider offers first. */
  connect(account: string | null, integration?: IntegrationId): Promise<string>;
  start(connectionId: string, options?: { chunk_size?: number; start_date?: string; end_date?: string }, integration?: IntegrationId): Promise<Job>;
  job(id: string): Promise<Job>;
  /** Waits until the job is completed, failed, cancelled or paused. */
  ended(id: string): Promise<Job>;
  search(q: string, query?: Record<string, string>): Promise<SearchAnswer>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export function openClient(url: string, apiKey: string): Client {
  const call = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...init.headers as Record<string, string> } });
  async function read<T>(response: Response, schema: { parse(value: unknown): T }): Promise<T> {
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${JSON.stringify(answer)}`);
    return schema.parse(answer);
  }
  const client: Client = {
    apiKey, fetch: call,
    async connect(account, integration = 'outlook') {
      const begun = await (await call(`/api/connections/${integration}/authorize`, { method: 'POST', body: JSON.stringify(account === null ? {} : { login_hint: account }) })).json() as { authorize_url: string };
      const consent = await fetch(begun.authorize_url, { redirect: 'manual' });
      const back = await fetch(consent.headers.get('location')!, { headers: { authorization: `Bearer ${apiKey}` }, redirect: 'manual' });
      const id = new URL(back.headers.get('location')!).searchParams.get('connected');
      if (!id) throw new Error(`${account ?? integration} was not connected: ${back.headers.get('location')}`);
      return id;
    },
    async start(connectionId, options = {}, integration = 'outlook') {
      return read(await call(`/api/integrations/${integration}/historical-sync/start`, { method: 'POST', body: JSON.stringify({ connection_id: connectionId, ...options }) }), Job);
    },
    async job(id) { return read(await call(`/api/integrations/historical-sync/jobs/${id}`), Job); },
    ended: (id) => until(() => client.job(id), (j) => isTerminal(j.status) || j.status === 'paused', 'the job ends', 150_000),
    async search(q, query = {}) { return read(await call(`/api/memory/search?${new URLSearchParams({ q, ...query })}`), SearchAnswer); },
  };
  return client;
}

/** Looks again and again until it is as wanted. Throws with the last thing seen. */
export async function until<T>(look: () => Promise<T>, wanted: (value: T) => boolean, what: string, withinMs = 60_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await look();
    if (wanted(value)) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs} ms for: ${what}. Last seen: ${JSON.stringify(value)?.slice(0, 1500)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
