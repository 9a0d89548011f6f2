/**
 * Seals secrets at rest: AES-256-GCM under a key derived per tenant (HKDF-SHA256). The only room that knows keys.
 * Format: v1.<key id>.<iv, base64url>.<ciphertext and tag, base64url>. Bound to tenant and purpose by the additional data.
 */

interface Key { id: string; bytes: Uint8Array<ArrayBuffer> }
interface Opened { text: string; /** Sealed under an older key: seal again when convenient. */ stale: boolean }

export class SealError extends Error { override name = 'SealError'; }

export interface Vault {
  /** The key that seals. */
  readonly currentKey: string;
  seal(tenantId: string, purpose: string, text: string): Promise<string>;
  /** Throws SealError for another tenant, another purpose, an unknown key or a changed text. */
  open(tenantId: string, purpose: string, sealed: string): Promise<Opened>;
}

/** `keys`: `k2:<32 bytes base64>,k1:..`; the first one seals. Throws SealError when it is not that. */
export function openVault(keys: string): Vault {
  const ring = keys.split(',').map(parseKey);
  const current = ring[0]!;
  const derived = new Map<string, Promise<CryptoKey>>();

  const keyFor = (key: Key, tenantId: string): Promise<CryptoKey> => {
    const name = `${key.id}/${tenantId}`;
    let promise = derived.get(name);
    if (!promise) derived.set(name, promise = deriveKey(key, tenantId));
    return promise;
  };
  return {
    currentKey: current.id,
    async seal(tenantId, purpose, text) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bound(tenantId, purpose, current.id) }, await keyFor(current, tenantId), encode(text));
      return `v1.${current.id}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`;
    },
    async open(tenantId, purpose, sealed) {
      const [version, id, iv, text] = sealed.split('.');
      const key = ring.find((k) => k.id === id);
      if (version !== 'v1' || !key || !iv || !text) throw new SealError('This secret was sealed with a key that is not here. Add the key to TOKEN_KEYS.');
      try {
        const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: fromBase64Url(iv), additionalData: bound(tenantId, purpose, key.id) }, await keyFor(key, tenantId), fromBase64Url(text));
        return { text: new TextDecoder().decode(plain), stale: key !== current };
      } catch (cause) {
        throw new SealError('This secret does not open: it belongs to another tenant or purpose, or was changed.', { cause });
      }
    },
  };
}

function parseKey(text: string): Key {
  const [id, base64] = text.trim().split(':');
  const bytes = base64 ? fromBase64Url(base64) : new Uint8Array();
  if (!id || !/^[A-Za-z0-9]+$/.test(id) || bytes.length !== 32) throw new SealError('TOKEN_KEYS must read id:<32 bytes in base64>, separated by commas.');
  return { id, bytes };
}

async function deriveKey(key: Key, tenantId: string): Promise<CryptoKey> {
  const root = await crypto.subtle.importKey('raw', key.bytes, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: encode('historical-sync'), info: encode(tenantId) }, root, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

const bound = (tenantId: string, purpose: string, keyId: string) => encode(`${tenantId}|${purpose}|${keyId}`);
const encode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
export const toBase64Url = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
