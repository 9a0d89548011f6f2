/** The demo: what a person would do, through the public API with a tenant's key. Connect, backfill three months, watch, check the books, ask. */
import { ConnectionsResponse } from '#contract/api';
import { isBalanced, isTerminal, Job, JobEventMessage } from '#contract/job';
import { SearchAnswer } from '#contract/memory';
import type { z } from 'zod';
import type { House } from './house.ts';

const BAR = 30;
const QUESTIONS = ['invoice due date', 'who is visiting the trade fair', 'delivery delayed'];

/** 0 when the job completed with balanced books and every question found something. */
export async function runDemo({ url, credentials }: House): Promise<number> {
  const tenant = credentials.tenants[0]!;
  const call = async <T extends z.ZodType>(method: string, path: string, schema: T, body?: unknown): Promise<z.output<T>> => {
    const response = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${tenant.api_key}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return schema.parse(answer);
  };

  const connection = await connect(url, tenant.api_key);
  console.log(`Connected ${connection.account} (Outlook).`);
  const began = Date.now();
  const started = await call('POST', '/api/integrations/outlook/historical-sync/start', Job, { connection_id: connection.connection_id });
  const job = await watch(url, tenant.api_key, started);
  const seconds = (Date.now() - began) / 1000;
  const { ledger } = job;
  console.log(`\n${job.status}: ${job.message ?? ''}\n`);
  console.log(`  records        ${job.records_processed}   (${Math.round(job.records_processed / seconds)} records/s, ${seconds.toFixed(1)} s from start to completed)`);
  console.log(`  entities       ${job.entities_extracted}`);
  console.log(`  relationships  ${job.relationships_extracted}`);
  console.log(`  ledger         seen ${ledger.seen} = stored ${ledger.stored} + unchanged ${ledger.unchanged} + duplicate ${ledger.duplicate} + failed ${ledger.failed}   ${isBalanced(ledger) ? 'balanced' : 'NOT BALANCED'}`);
  let found = true;
  for (const question of QUESTIONS) {
    const answer = await call('GET', `/api/memory/search?limit=3&q=${encodeURIComponent(question)}`, SearchAnswer);
    console.log(`\n? ${question}   (${answer.took_ms} ms)`);
    for (const hit of answer.results) console.log(`  ${hit.occurred_at.slice(0, 10)}  ${hit.title}\n              ${hit.snippet.replaceAll('⟦', '').replaceAll('⟧', '').replaceAll(/\s+/g, ' ').slice(0, 110)}`);
    found &&= answer.results.length > 0;
  }
  console.log('');
  return job.status === 'completed' && isBalanced(ledger) && found ? 0 : 1;
}

/** Consent as a script gives it: follow the redirects, with the key on the way back. */
async function connect(url: string, key: string) {
  const authorization = { authorization: `Bearer ${key}` };
  const begun = await fetch(`${url}/api/connections/outlook/authorize`, { method: 'POST', headers: authorization });
  const { authorize_url } = await begun.json() as { authorize_url: string };
  const consent = await fetch(authorize_url, { redirect: 'manual' });
  const back = await fetch(consent.headers.get('location') ?? '', { headers: authorization, redirect: 'manual' });
  const id = new URL(back.headers.get('location') ?? url, url).searchParams.get('connected');
  const listed = ConnectionsResponse.parse(await (await fetch(`${url}/api/connections`, { headers: authorization })).json());
  const connection = listed.connections.find((c) => c.connection_id === id);
  if (!connection) throw new Error(`Connecting the sandbox mailbox did not work: ${back.headers.get('location') ?? back.status}`);
  return connection;
}

/** The job's own socket, drawn as a bar. */
function watch(url: string, key: string, first: Job): Promise<Job> {
  return new Promise((done, fail) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/historical-sync/${first.job_id}`, { headers: { authorization: `Bearer ${key}` } } as never);
    socket.addEventListener('message', ({ data }) => {
      const { job } = JobEventMessage.parse(JSON.parse(String(data)));
      draw(job);
      if (isTerminal(job.status) || job.status === 'paused') { socket.close(); done(job); }
    });
    socket.addEventListener('error', () => fail(new Error('The job\'s socket broke.')));
  });
}

function draw(job: Job): void {
  const filled = Math.round(job.progress_percentage / 100 * BAR);
  const line = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${job.progress_percentage.toFixed(1).padStart(5)} %  ${job.records_processed} records, ${job.entities_extracted} entities`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}  `);
  else if (filled !== drawn) console.log(line);
  drawn = filled;
}
let drawn = -1;
