/** The settings with which Worker and workers find the sandbox in place of every provider that a connector speaks to. */
import { connectors } from '#fly-worker/connectors/index';

/** Base URLs by the names that connectors give them (SPEC.md section 5), and a client per provider. */
export function sandboxEnvironment(sandboxUrl: string): Record<string, string> {
  const addresses = connectors.flatMap(({ baseUrl, oauth }) => [...baseUrl ? [baseUrl] : [], ...oauth ? [oauth.authorize, oauth.token, ...oauth.revoke ? [oauth.revoke] : []] : []]);
  const clients = connectors.flatMap(({ oauth }) => (oauth ? [oauth.provider.toUpperCase()] : []));
  return Object.fromEntries([
    ...addresses.map(({ env }) => [env, sandboxUrl]),
    ...clients.flatMap((name) => [[`${name}_CLIENT_ID`, 'sandbox-client'], [`${name}_CLIENT_SECRET`, 'sandbox-secret']]),
  ]);
}
