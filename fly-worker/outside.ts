/**
 * Whether an address that a tenant named leads outside, at the moment it is called. The front desk has looked at its spelling (worker-api/outside-address); what the name
 * resolves to is seen only here. It may change between this look and the call: then the call still needs that name's certificate, which nothing inside our network has.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { ModelError } from './model-error.ts';

/** Networks that are nobody's on the Internet. https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry */
const inside = new BlockList();
for (const [network, bits] of [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['224.0.0.0', 3]] as const) inside.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [['::', 128], ['::1', 128], ['64:ff9b::', 96], ['100::', 64], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8]] as const) inside.addSubnet(network, bits, 'ipv6');

/** An address of a machine, a private network or a provider's own services. */
export function isInside(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return inside.check(mapped, isIP(mapped) === 6 ? 'ipv6' : 'ipv4');
}

/** Throws ModelError `auth` when the name leads inside, `unavailable` when it leads nowhere. http is let through: the desk takes it for this very machine only, and only where the operator said so. */
export async function mustLeadOutside(url: URL): Promise<void> {
  if (url.protocol !== 'https:') return;
  const found = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => { throw new ModelError('unavailable', `The name ${url.hostname} is not known. It is tried again by itself.`); });
  if (found.some(({ address }) => isInside(address))) throw new ModelError('auth', `The address of the model, ${url.hostname}, leads into a private network and is not called. Correct it in the settings.`);
}
