/** Ports on loopback: a free one for tests, and a clear word when one is taken. */
import { createServer } from 'node:net';

/** A port nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
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
    if (first + count > 65_535) continue;
    try {
      for (let i = 0; i < count; i++) await expectFree(first + i, 'a test');
      return first;
    } catch { /* one of them is taken: look elsewhere */ }
  }
  throw new Error(`No ${count} neighbouring ports are free.`);
}
