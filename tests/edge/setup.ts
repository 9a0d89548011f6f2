/** Starts everything outside the Worker (outside.ts) as a process of its own before the edge tests, and tells the bindings where it is. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Addresses that the Worker's bindings are made of. */
/** `providers`: base URLs and clients of every provider, by their environment names. */
export interface EdgeHouse { appUrl: string; authUrl: string; neonUrl: string; sandboxUrl: string; providers: Record<string, string>; fleetUrl: string; backRoomUrl: string }
declare module 'vitest' { export interface ProvidedContext { edge: EdgeHouse } }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const child = fork(join(import.meta.dirname, 'outside.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const house = await new Promise<EdgeHouse>((resolve, reject) => {
    child.once('message', (message) => resolve(message as EdgeHouse));
    child.once('exit', (code) => reject(new Error(`What the edge tests need ended with ${code} before it was ready.`)));
  });
  project.provide('edge', house);
  return async () => {
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  };
}
