/** Ports on loopback: a free one for tests, and a clear word when one is taken. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what the kernel hands out by itself: nobody's outgoing connection takes the port between the look and its use. */
const FROM = 20_000, COUNT = 12_000;

/** A port nobody listens on right now. Drawn at random, so that processes that look at once find different ones. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(FROM, FROM + COUNT);
    if (await expectFree(port, 'a test').then(() => true, () => false)) return port;
  }
  throw new Error(`Of the ports from ${FROM} to ${FROM + COUNT}, 50 that were tried are all taken.`);
}

/** Throws when somebody listens there. `what`: for whom the port is meant. */
export function expectFree(port: number, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () => reject(new Error(`Port ${port} (${what}) is taken. Stop whatever listens there, or choose other ports with HSYNC_PORT=<first port>.`)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}

/** The first of `count` neighbouring ports that are all free right now. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = await freePort();
    try {
      for (let i = 0; i < count; i++) await expectFree(first + i, 'a test');
      return first;
    } catch { /* one of them is taken: look elsewhere */ }
  }
  throw new Error(`No ${count} neighbouring ports are free.`);
}
