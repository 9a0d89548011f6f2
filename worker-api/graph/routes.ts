/** The graph's front: which question goes to which statement. Everything is one round trip to Postgres; nothing of the graph is kept at the edge. */
import { routes } from '#contract/api';
import { serve, type App } from '../route.ts';
import { tenantDatabase } from '../database.ts';
import { neighborsOf } from './neighbors.ts';
import { findNodes, readNode } from './nodes.ts';
import { pathBetween } from './paths.ts';

export function serveGraph(app: App): void {
  serve(app, routes.listNodes, ({ env, principal, query }) => findNodes(tenantDatabase(env), principal.tenantId, query));
  serve(app, routes.getNode, ({ env, principal, params, query }) => readNode(tenantDatabase(env), principal.tenantId, params.node_id, query.as_of));
  serve(app, routes.neighbors, ({ env, principal, params, query }) => neighborsOf(tenantDatabase(env), principal.tenantId, params.node_id, query));
  serve(app, routes.paths, ({ env, principal, query }) => pathBetween(tenantDatabase(env), principal.tenantId, query));
}
