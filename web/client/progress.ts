/** Progress of one job as it happens: WebSocket first, 5 s polling while there is none, back to the socket by itself. Knows no React. */
import './jitless.ts';
import { JobEventMessage, isTerminal } from '#contract/job';
import type { Job } from '#contract/job';
import { ApiError } from '#contract/errors';

export type SyncProgressEvent = JobEventMessage;
/** How the news comes in: pushed over the socket, or asked for every 5 s. */
export type ProgressMode = 'live' | 'polling';

export interface ProgressCallbacks {
  onEvent: (event: SyncProgressEvent) => void;
  onMode?: (mode: ProgressMode) => void;
  /** The job came to its end, or the server closed the stream for good. Nothing follows. */
  onEnd?: () => void;
  /** Nothing follows either: signed out, or no such job. Passing troubles are retried silently. */
  onError?: (error: ApiError) => void;
}

/** The part of a WebSocket that is used; the browser's and `ws`' both fit. */
export interface ProgressSocket {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  close: (code?: number) => void;
}
interface ProgressSource { openSocket: () => ProgressSocket; getJob: (signal: AbortSignal) => Promise<Job> }

const POLL_MS = 5_000;
/** A running job speaks every 5 s; a socket that stays silent for three beats is asked over REST whether it still lives. */
const SILENT_MS = 15_000;
const RECONNECT_FIRST_MS = 1_000;
const RECONNECT_MAX_MS = 15_000;
const CLOSED_FOR_GOOD = 1000;

export function followProgress(source: ProgressSource, callbacks: ProgressCallbacks): () => void {
  const stopped = new AbortController();
  let lastSeq = -1, lastJob: Job | null = null, lastHeard = Date.now(), mode: ProgressMode | null = null;
  let socket: ProgressSocket | null = null, open = false, attempt = 0, asking = false;
  let reconnectTimer: ReturnType<typeof setTimeout> | undefined;

  const setMode = (next: ProgressMode): void => { if (mode !== next) { mode = next; callbacks.onMode?.(next); } };

  function stop(): void {
    if (stopped.signal.aborted) return;
    stopped.abort();
    clearInterval(ticking);
    clearTimeout(reconnectTimer);
    globalThis.removeEventListener?.('online', reconnectNow);
    dropSocket();
  }

  /** Older or repeated news is dropped, so a late poll can never turn the page back. */
  function take(event: SyncProgressEvent): boolean {
    if (stopped.signal.aborted || event.seq <= lastSeq) return false;
    lastSeq = event.seq;
    lastJob = event.job;
    callbacks.onEvent(event);
    if (isTerminal(event.job.status)) end();
    return true;
  }
  function end(): void { if (!stopped.signal.aborted) { stop(); callbacks.onEnd?.(); } }

  function connect(): void {
    clearTimeout(reconnectTimer);
    dropSocket();
    let opened: ProgressSocket;
    try { opened = source.openSocket(); } catch { return reconnectLater(); }
    socket = opened;
    opened.onopen = () => { open = true; attempt = 0; lastHeard = Date.now(); setMode('live'); };
    opened.onmessage = (message: { data: unknown }) => {
      lastHeard = Date.now();
      const event = parseEvent(message.data);
      if (event) take(event);
    };
    opened.onerror = () => { /* a close follows and says it all */ };
    opened.onclose = (closed: { code: number }) => {
      if (socket !== opened) return;
      dropSocket();
      void afterClose(closed.code);
    };
  }

  async function afterClose(code: number): Promise<void> {
    if (stopped.signal.aborted) return;
    if (code === CLOSED_FOR_GOOD) {
      await ask();
      // A stream that ends while the job goes on is a server being replaced: keep following.
      if (!lastJob || (lastJob.status !== 'running' && lastJob.status !== 'pending')) return end();
    }
    setMode('polling');
    void ask();
    reconnectLater();
  }

  function dropSocket(): void {
    const old = socket;
    socket = null;
    open = false;
    if (!old) return;
    old.onopen = old.onmessage = old.onclose = null;
    try { old.close(CLOSED_FOR_GOOD); } catch { /* already gone */ }
  }
  function reconnectLater(): void {
    if (stopped.signal.aborted) return;
    setMode('polling');
    const ceiling = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** attempt++);
    reconnectTimer = setTimeout(connect, ceiling / 2 + Math.random() * ceiling / 2);
  }
  function reconnectNow(): void { if (!open && !stopped.signal.aborted) { attempt = 0; connect(); } }

  async function ask(): Promise<boolean> {
    if (asking) return false;
    asking = true;
    try {
      return take(eventOf(await source.getJob(stopped.signal)));
    } catch (error) {
      if (!stopped.signal.aborted && error instanceof ApiError && isFinal(error)) { stop(); callbacks.onError?.(error); }
      return false;
    } finally { asking = false; }
  }

  const ticking = setInterval(() => {
    if (!open) return void ask();
    if (lastJob?.status !== 'running' || Date.now() - lastHeard < SILENT_MS) return;
    void ask().then((news) => { if (news && !stopped.signal.aborted) { setMode('polling'); connect(); } });
  }, POLL_MS);
  globalThis.addEventListener?.('online', reconnectNow);
  connect();
  return stop;
}

function parseEvent(data: unknown): SyncProgressEvent | null {
  if (typeof data !== 'string') return null;
  try { return JobEventMessage.safeParse(JSON.parse(data)).data ?? null; } catch { return null; }
}

/** A polled job, told as the event the socket would have sent. */
function eventOf(job: Job): SyncProgressEvent {
  const type = job.status === 'running' || job.status === 'pending' ? 'progress' : job.status;
  return { type, seq: job.seq, job, timestamp: job.updated_at };
}

const isFinal = (error: ApiError): boolean => error.code === 'unauthenticated' || error.code === 'not_found' || error.code === 'forbidden';
