/**
 * Addresses that a tenant gives us to call (a model of its own) must lead outside: https at a name of the public Internet. Whoever could name
 * our own network would read it through us (SSRF). A name may still resolve to anything: whoever calls it follows no redirects and sends the tenant's key only.
 */
import { ApiError } from '#contract/errors';

/** Names that mean this machine or a network behind it. RFC 6761, RFC 6762, RFC 8375, ICANN's .internal; Fly's own is .internal as well. */
const INSIDE = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|arpa|test|invalid|onion)$/;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/** The address without a trailing slash. Throws ApiError `bad_request` when it does not lead outside. `allowLoopback`: this machine is fine, http too. */
export function outsideAddress(text: string, allowLoopback: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) throw refusal('is not an address');
  // The URL parser has written out every other spelling of a number by now: 0x7f.1, 2130706433, 127.1.
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  if (url.username || url.password) throw refusal('must not carry a user or password');
  if (url.search || url.hash) throw refusal('must end with its path');
  const path = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  if (LOOPBACK.test(host) && allowLoopback && /^https?:$/.test(url.protocol)) return path;
  if (url.protocol !== 'https:') throw refusal('must begin with https://');
  if (host.startsWith('[') || /^[\d.]+$/.test(host) || !host.includes('.') || INSIDE.test(host)) throw refusal('must be a name on the public Internet, not a number and not a name inside a network');
  return path;
}

const refusal = (what: string): ApiError => new ApiError('bad_request', `base_url ${what}.`);
