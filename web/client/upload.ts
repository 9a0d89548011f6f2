/** Sending a file, with word of how much of it has left: fetch cannot tell that, XMLHttpRequest can. In a page only. */
import './jitless.ts';
import type { z } from 'zod';
import { routes, type Connection } from '#contract/api';
import { ApiError, ApiErrorBody } from '#contract/errors';
import { ARCHIVE_HEAD_BYTES } from '#contract/limits';
import { fromStatus, send } from './call.ts';
import type { Caller } from './call.ts';

interface UploadOptions {
  integrationId: z.input<typeof routes.uploadArchive.query>['integration_id'];
  /** 0 to 1, of the file's bytes. */
  onProgress: (part: number) => void;
  /** Aborting it ends the upload; the promise is rejected with its reason. */
  signal: AbortSignal;
}

/** Asks first whether it would be taken, then sends it. Resolves with the connection that the file has become. Throws ApiError, or the signal's reason. */
export async function uploadArchive(file: File, options: UploadOptions): Promise<Connection> {
  const query = new URLSearchParams({ integration_id: options.integrationId, name: file.name, bytes: String(file.size) });
  const answer = await send(page, `${routes.checkArchive.path}?${query}`, { method: routes.checkArchive.method, body: file.slice(0, ARCHIVE_HEAD_BYTES), signal: options.signal });
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  return sendWhole(file, options);
}

const page: Caller = { baseUrl: '', apiKey: undefined, fetch: (input, init) => fetch(input, init) };

function sendWhole(file: File, { integrationId, onProgress, signal }: UploadOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(), query = new URLSearchParams({ integration_id: integrationId, name: file.name });
    const stop = (): void => request.abort();
    signal.addEventListener('abort', stop, { once: true });
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const answer = routes.uploadArchive.answer.safeParse(parsed(request.responseText));
      if (request.status < 300 && answer.success) resolve(answer.data);
      else reject(refusal(request.status, request.responseText));
    };
    request.onerror = () => reject(new ApiError('unavailable', 'The upload broke off. Check the connection and try again; nothing was kept of it.'));
    request.onabort = () => reject(signal.reason as Error);
    request.onloadend = () => signal.removeEventListener('abort', stop);
    request.open(routes.uploadArchive.method, `${routes.uploadArchive.path}?${query}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.send(file);
  });
}

function refusal(status: number, text: string): ApiError {
  const body = ApiErrorBody.safeParse(parsed(text));
  return body.success ? new ApiError(body.data.error.code, body.data.error.message, { details: body.data.error.details }) : new ApiError(...fromStatus(status));
}

function parsed(text: string): unknown {
  try { return JSON.parse(text); } catch { return undefined; }
}
