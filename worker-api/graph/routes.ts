/** The graph's front: which question goes to which statement, each one round trip to Postgres; what needs both memories goes to a worker. */
import { z } from 'zod';
import { routes } from '#contract/api';
import { ContextAnswer } from '#contract/context';
import { serve, type App } from '../route.ts';
import { tenantDatabase } from '../database.ts';
import { askFleet, askMemory } from '../memory.ts';
import { communitiesOf } from './communities.ts';
import { mergeNode, splitNode } from './merging.ts';
import { neighborsOf } from './neighbors.ts';
import { findNodes, readNode } from './nodes.ts';
import { pathBetween } from './paths.ts';

export function serveGraph(app: App): void {
  serve(app, routes.listNodes, ({ env, principal, query }) => findNodes(tenantDatabase(env), principal.tenantId, query));
  serve(app, routes.getNode, ({ env, principal, params, query }) => readNode(tenantDatabase(env), principal.tenantId, params.node_id, query.as_of));
  serve(app, routes.neighbors, ({ env, principal, params, query }) => neighborsOf(tenantDatabase(env), principal.tenantId, params.node_id, query));
  serve(app, routes.communities, async ({ env, principal: { tenantId }, query, context }) => {
    const answer = await communitiesOf(tenantDatabase(env), tenantId, query);
    // A worker that was not there when the job ended is told by whoever looks.
    if (answer.stale) context.executionCtx.waitUntil(askFleet(env, 'communities', { tenant_id: tenantId }, z.unknown()).catch(() => undefined));
    return answer;
  });
  serve(app, routes.context, ({ env, principal, body }) => askMemory(env, 'context', principal.tenantId, { request: body }, ContextAnswer));
  serve(app, routes.mergeNode, ({ env, principal: { tenantId, name }, params, body }) => mergeNode(tenantDatabase(env), tenantId, params.node_id, body.into, name));
  serve(app, routes.splitNode, ({ env, principal, params }) => splitNode(tenantDatabase(env), principal.tenantId, params.node_id));
  serve(app, routes.paths, ({ env, principal, query }) => pathBetween(tenantDatabase(env), principal.tenantId, query));
}
