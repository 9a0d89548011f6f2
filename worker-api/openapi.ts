/** The API as OpenAPI 3.1, made from contract/api's list: what is served and what is described cannot differ. https://spec.openapis.org/oas/v3.1.1 */
import { z } from 'zod';
import { createDocument, type CreateDocumentOptions, type ZodOpenApiObject, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { ApiKey, Invitation, Member, Membership, Role, Scope, Tenant, User } from '#contract/accounts';
import { Connection, Integration, JOB_SOCKET_PATH, Me, routes, Schedule, type Route } from '#contract/api';
import { DiscoveredEntity, EntityTypeDefinition } from '#contract/entity-types';
import { ApiErrorBody } from '#contract/errors';
import { FleetDecision, FleetMachine } from '#contract/fleet';
import { EvidenceRef, Relation } from '#contract/graph';
import { Enrichment, IntegrationId, Job, JobEventEntry, JobEventMessage, JobMode, JobStatus, Ledger, Priority, Reason, RecordFailure, StreamProgress } from '#contract/job';
import { EntityRef, MemoryRecord, SearchResult, Watermark } from '#contract/memory';

type OpenApiDocument = ReturnType<typeof createDocument>;

/** What is spoken of in more than one place, by its name in the contract. */
const schemas = {
  ApiErrorBody, ApiKey, Connection, DiscoveredEntity, Enrichment, EntityRef, EntityTypeDefinition, EvidenceRef, FleetDecision, FleetMachine, Integration, IntegrationId, Invitation, Job, JobEventEntry, JobEventMessage,
  JobMode, JobStatus, Ledger, Me, Member, Membership, MemoryRecord, Priority, Reason, RecordFailure, Relation, Role, Schedule, Scope, SearchResult, StreamProgress, Tenant, User, Watermark,
};

/** By the first part of the path that says something; what a reader looks under. */
const TAGS: readonly (readonly [tag: string, pattern: RegExp, description: string])[] = [
  ['Syncs', /historical-sync/, 'Historical syncs: starting, watching, stopping, resuming them; their books, failures and dead letters.'],
  ['Memory', /^\/api\/memory\/(?!graph)/, 'Searching and reading what was remembered, forgetting it, taking it along.'],
  ['Graph', /^\/api\/(?:memory\/graph|entity-types|discovered-entities)/, 'Who and what the records speak of, and how they relate.'],
  ['Connections', /^\/api\/(?:connections|integrations|archives)/, 'Accounts and files that records come from.'],
  ['Accounts', /^\/api\/(?:auth|me|tenants?|members|invitations|keys|secrets|oauth-clients)/, 'Signing in, tenants, members, keys and secrets.'],
  ['Operation', /./, 'The workers, and how things are going.'],
];
const tagOf = (path: string): string => TAGS.find(([, pattern]) => pattern.test(path))![0];

const DESCRIPTION = `Every request is for one tenant: that of the API key (\`Authorization: Bearer hs_...\`) or of the signed-in session's cookie. Errors have one shape, \`ApiErrorBody\`; its message says what happened, to what, and what to do.

Progress of one job streams over a WebSocket at \`${JOB_SOCKET_PATH}\` as \`JobEventMessage\`: the job as it stands first, then every change with a growing \`seq\`, one end, close code 1000. Agents may speak MCP (Streamable HTTP) at \`/mcp\` with the same keys.`;

const failure = (description: string) => ({ description, content: { 'application/json': { schema: ApiErrorBody } }, headers: z.object({ 'Retry-After': z.int().optional().meta({ description: 'Seconds after which trying again makes sense; with 429 and 503.' }) }) });

function operation(name: string, { summary, scope, path, params, query, body, file, status, answer, media }: Route): ZodOpenApiOperationObject {
  const isOptional = body !== undefined && body.safeParse(undefined).success;
  return {
    operationId: name, summary, tags: [tagOf(path)], description: wordsOf(scope),
    security: scope === 'anyone' ? [] : scope === 'person' || scope === 'owner' ? [{ session: [] }] : [{ key: [] }, { session: [] }],
    ...((params || query) && { requestParams: { ...(params && { path: params }), ...(query && { query }) } }),
    ...(body && { requestBody: { required: !isOptional, content: { 'application/json': { schema: body } } } }),
    ...(file && { requestBody: { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } } }),
    responses: {
      [`${status}`]: { description: status === 202 ? 'Taken on; it goes on by itself.' : answer === null ? 'Done.' : 'As asked.', ...(answer && { content: { [media ?? 'application/json']: { schema: answer } } }) },
      '4XX': failure('It was not done, and nothing has changed.'),
      '5XX': failure('Something is broken or away at our side. Try again in a moment.'),
    },
  };
}

function wordsOf(scope: Route['scope']): string {
  switch (scope) {
    case 'anyone': return 'Anybody may ask.';
    case 'person': return 'For whoever is signed in; keys are no people.';
    case 'owner': return 'For signed-in owners of the tenant; no key may.';
    case 'read': case 'sync': case 'admin': return `Needs the scope \`${scope}\`.`;
  }
}

function paths(): ZodOpenApiPathsObject {
  const all: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [name, route] of Object.entries(routes) as [string, Route][]) (all[route.path] ??= {})[route.method] = operation(name, route);
  return all;
}

/** Answers and what is asked name the same things. What a reader cannot use is left out: the expression behind a date, the bounds of a double. */
const options: CreateDocumentOptions = {
  outputIdSuffix: '',
  override({ jsonSchema }) {
    if (jsonSchema.format === 'date-time' || jsonSchema.format === 'date') delete jsonSchema.pattern;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
};

let made: OpenApiDocument | null = null;

/** The document, made once. */
export function openApiDocument(): OpenApiDocument {
  return made ??= createDocument({
    openapi: '3.1.1',
    info: { title: 'Historical Sync', version: '1', description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: TAGS.map(([name, , description]) => ({ name, description })),
    components: {
      schemas,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key with the scope that the operation needs.' },
        session: { type: 'apiKey', in: 'cookie', name: 'hsync.session_token', description: 'A signed-in person, in the app\'s own page.' },
      },
    },
    paths: paths(),
  } satisfies ZodOpenApiObject, options);
}
