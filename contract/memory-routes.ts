/** The routes of the structured memory: part of the one list in api.ts. */
import { z } from 'zod';
import { NeighborsAnswer, NeighborsQuery, NodeDetail, NodeQuery, NodesAnswer, NodesQuery, PathsAnswer, PathsQuery } from './graph.ts';

const NodeParams = z.object({ node_id: z.string().min(1).max(200) });

export const memoryRoutes = {
  listNodes: { method: 'get', path: '/api/memory/graph/nodes', summary: 'Nodes of the graph by name and type', scope: 'read', query: NodesQuery, status: 200, answer: NodesAnswer },
  getNode: {
    method: 'get', path: '/api/memory/graph/nodes/{node_id}', summary: 'One node: its facts, which records say so, and when', scope: 'read', params: NodeParams, query: NodeQuery, status: 200, answer: NodeDetail,
  },
  neighbors: {
    method: 'get', path: '/api/memory/graph/nodes/{node_id}/neighbors', summary: 'What is near a node, to depth 3', scope: 'read', params: NodeParams, query: NeighborsQuery, status: 200, answer: NeighborsAnswer,
  },
  paths: { method: 'get', path: '/api/memory/graph/paths', summary: 'The shortest path between two nodes', scope: 'read', query: PathsQuery, status: 200, answer: PathsAnswer },
} as const;
