/** How a line of contract/api becomes a Hono route: path, principal, scope, validation, answer. Handlers get values that were checked. */
import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import type { RouteScope, Scope } from '#contract/accounts';
import type { Route } from '#contract/api';
import { ApiError } from '#contract/errors';
import { personOf, principalOf, type Person, type Principal } from './auth.ts';
import { readJson } from './body.ts';
import type { Env } from './env.ts';

export type App = Hono<{ Bindings: Env }>;
type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;

/** Who may be behind a call, by the route's scope. */
type Caller<S extends RouteScope> = S extends 'anyone' ? object : S extends 'person' ? { person: Person } : { principal: Principal };
type Call<R extends Route> = Caller<R['scope']> & {
  env: Env;
  params: Parsed<R['params']>;
  query: Parsed<R['query']>;
  body: Parsed<R['body']>;
  context: Context<{ Bindings: Env }>;
};

type Answer<R extends Route> = R extends { media: string } ? Response : R['answer'] extends z.ZodType ? z.input<R['answer']> : null;

export function serve<const R extends Route>(app: App, route: R, handle: (call: Call<R>) => Promise<Answer<R>>): void {
  app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (context) => {
    const { env, req } = context;
    const caller = await callerOf(route, req.raw, env);
    for (const cookie of caller.renewed) context.header('set-cookie', cookie, { append: true });
    context.header('cache-control', 'no-store');
    const params = route.params ? parse(route.params, req.param(), 'path', /\{(?:job|record|node)_id\}/.test(route.path) ? 'not_found' : 'bad_request') : undefined;
    const query = route.query ? parse(route.query, req.query(), 'query', 'bad_request') : undefined;
    const body = route.body ? parse(route.body, await readJson(req.raw), 'body', 'bad_request') : undefined;
    const answer = await handle({ env, ...caller, params, query, body, context } as unknown as Call<R>);
    if (answer instanceof Response) return answer;
    return route.answer === null ? context.body(null, 204) : context.json(answer as object, route.status as 200);
  });
}

/** Throws ApiError `unauthenticated` or `forbidden`. */
async function callerOf({ scope, method }: Route, request: Request, env: Env): Promise<{ renewed: string[]; principal?: Principal; person?: Person }> {
  const mayComeFromElsewhere = method === 'get';
  if (scope === 'anyone') {
    // Also signing in and out is not to be done by another site on somebody's behalf.
    if (!mayComeFromElsewhere) refuseForeignOrigin(request, env);
    return { renewed: [] };
  }
  if (scope === 'person') {
    const person = await personOf(request, env);
    if (!mayComeFromElsewhere) refuseForeignOrigin(request, env);
    return { person, renewed: person.renewed };
  }
  const principal = await admit(scope, request, env, mayComeFromElsewhere);
  return { principal, renewed: principal.renewed };
}

/** Whoever has this scope in a tenant. Throws ApiError `unauthenticated` or `forbidden`. */
export async function admit(scope: Scope | 'owner', request: Request, env: Env, mayComeFromElsewhere = false): Promise<Principal> {
  const principal = await principalOf(request, env);
  if (!principal.scopes.has(scope)) throw new ApiError('forbidden', principal.via === 'key' ? `This key may not do that: it needs the scope "${scope}".` : `Your role here may not do that: it needs "${scope}". Ask an owner of the tenant.`);
  if (principal.via === 'session' && !mayComeFromElsewhere) refuseForeignOrigin(request, env);
  return principal;
}

/** A browser sends its cookies from any page; only our own may act with them. */
function refuseForeignOrigin(request: Request, env: Env): void {
  const origin = request.headers.get('origin'), site = request.headers.get('sec-fetch-site');
  const isForeign = origin !== null && origin !== new URL(env.APP_URL).origin && origin !== new URL(request.url).origin;
  // https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header (a page of a neighbouring subdomain is another site, too)
  if (isForeign || site === 'cross-site' || site === 'same-site') {
    throw new ApiError('forbidden', 'This request came from another site. Open the app itself and try again.');
  }
}

function parse<T extends z.ZodType>(schema: T, value: unknown, where: string, code: 'bad_request' | 'not_found'): z.output<T> {
  const result = schema.safeParse(value), noText = result.success ? whereNoText(result.data) : null;
  if (result.success && noText === null) return result.data;
  const details = result.success ? [{ in: where, path: noText!, message: NO_TEXT }] : result.error.issues.map((i) => ({ in: where, path: i.path.join('.'), message: i.message }));
  if (code === 'not_found') throw new ApiError('not_found', 'There is no such thing here. Check the id.');
  throw notAsExpected(details);
}

interface Detail { in: string; path: string; message: string }
const notAsExpected = (details: Detail[]): ApiError => new ApiError('bad_request', `The request is not as expected: ${details.map((d) => `${d.path || d.in}: ${d.message}`).join('; ')}.`, { details });

const NO_TEXT = 'NUL and half a surrogate pair are no characters of a text';
/** Where in a value there is a string that Postgres could not hold, as a path; null: nowhere. */
function whereNoText(value: unknown, path = ''): string | null {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? path : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, one] of Object.entries(value)) {
    const within = path === '' ? key : `${path}.${key}`, found = whereNoText(key, path) ?? whereNoText(one, within);
    if (found !== null) return found;
  }
  return null;
}
/** For what comes in by another way than a route's schema. Throws ApiError `bad_request`. */
export function refuseNoText(value: unknown, where: string): void {
  const path = whereNoText(value);
  if (path !== null) throw notAsExpected([{ in: where, path, message: NO_TEXT }]);
}

/** An id that cannot be one of ours is simply unknown. Throws ApiError `not_found`. */
export function uuidOr404(id: string): string {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id)) throw new ApiError('not_found', 'There is no such thing here. Check the id.');
  return id.toLowerCase();
}
