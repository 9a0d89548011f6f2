/** Who we are to a provider: the tenant's own OAuth client when it has handed us one, else the platform's of the environment. */
import type { Connector, OAuth } from '#contract/connector';
import type { Env } from './env.ts';
import { OAuthError } from './oauth-error.ts';
import { readSecrets } from './secrets.ts';

export interface Client { id: string; secret: string; oauth: OAuth }

/** A variable whose name is put together. */
export const settingOf = (env: Env, name: string): string | undefined => (env as unknown as Record<string, string | undefined>)[name];

/**
 * The client for new consent; with `givenTo`, the one that consent was given to (null: the platform's), because no other can refresh what it was given.
 * Throws OAuthError `not_configured`; `refused` when nobody has that client any more.
 */
export async function clientOf(env: Env, tenantId: string, { title, oauth }: Connector, givenTo?: string | null): Promise<Client> {
  if (!oauth) throw new OAuthError('not_configured', `${title} is not connected by signing in.`);
  const platform = platformClient(env, oauth);
  if (platform && (givenTo === null || givenTo === platform.id)) return platform;
  const own = await ownClient(env, tenantId, oauth);
  if (own && (givenTo === undefined || givenTo === own.id)) return own;
  if (typeof givenTo === 'string') throw new OAuthError('refused', `${title} was connected through an OAuth client that is not configured any more. Reconnect it.`);
  if (platform) return platform;
  const { id, secret } = namesOf(oauth);
  throw new OAuthError('not_configured', `Connecting ${title} needs ${id} and ${secret}, in the tenant's settings or in the environment.`);
}

const namesOf = ({ provider }: OAuth) => {
  const prefix = provider.toUpperCase() as Uppercase<OAuth['provider']>;
  return { id: `${prefix}_CLIENT_ID`, secret: `${prefix}_CLIENT_SECRET` } as const;
};

function platformClient(env: Env, oauth: OAuth): Client | null {
  const names = namesOf(oauth), id = settingOf(env, names.id), secret = settingOf(env, names.secret);
  return id && secret ? { id, secret, oauth } : null;
}

async function ownClient(env: Env, tenantId: string, oauth: OAuth): Promise<Client | null> {
  const names = namesOf(oauth), secrets = await readSecrets(env, tenantId, [names.id, names.secret]);
  const id = secrets.get(names.id)?.value, secret = secrets.get(names.secret)?.value;
  return id && secret ? { id, secret, oauth } : null;
}
