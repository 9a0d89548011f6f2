/** One house for all browser tests, in a process of its own: started once, stopped in the end. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { BrowserHouse } from './house.ts';

declare module 'vitest' { export interface ProvidedContext { house: BrowserHouse } }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const child = fork(join(import.meta.dirname, 'house.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const house = await new Promise<BrowserHouse>((resolve, reject) => {
    child.once('message', (message) => resolve(message as BrowserHouse));
    child.once('exit', (code) => reject(new Error(`The house of the browser tests ended with ${code} before it was ready.`)));
  });
  project.provide('house', house);
  return async () => {
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  };
}
