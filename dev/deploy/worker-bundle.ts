/** What wrangler says of the Worker's bundle, and what wrangler.toml gives it besides secrets and variables. */
import { z } from 'zod';

/** KiB zipped that a Worker may have on the paid plan. https://developers.cloudflare.com/workers/platform/limits/#worker-size */
const GZIP_KIB_MAX = 10 * 1024;

interface Size { kib: number; gzipKib: number }

/** Off the line that `wrangler deploy --dry-run` prints. Throws when it is not there. */
export function sizeOf(output: string): Size {
  const [, kib, gzipKib] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(output) ?? [];
  if (kib === undefined || gzipKib === undefined) throw new Error(`wrangler did not say how large the bundle is:\n${output}`);
  return { kib: Number(kib), gzipKib: Number(gzipKib) };
}

export const faultsOfBundle = ({ gzipKib }: Size): string[] => (gzipKib > GZIP_KIB_MAX ? [`the bundle has ${gzipKib} KiB zipped, Cloudflare takes ${GZIP_KIB_MAX}`] : []);

const named = z.object({ name: z.string() }), bound = z.object({ binding: z.string() });
const Bindings = z.object({ assets: bound, durable_objects: z.object({ bindings: z.array(named) }), r2_buckets: z.array(bound), ratelimits: z.array(named), queues: z.object({ producers: z.array(bound) }) });

/** The names under which wrangler.toml hands things to the Worker. */
export function bindingsOf(toml: unknown): Set<string> {
  const { assets, durable_objects, r2_buckets, ratelimits, queues } = Bindings.parse(toml);
  return new Set([assets, ...r2_buckets, ...queues.producers].map(({ binding }) => binding).concat([...durable_objects.bindings, ...ratelimits].map(({ name }) => name)));
}
