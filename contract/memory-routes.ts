/** The routes of the structured memory: part of the one list in api.ts. */
import { z } from 'zod';
import { ContextAnswer, ContextRequest } from './context.ts';
import { DiscoveredAnswer, DiscoveredQuery, EntityTypesAnswer, TypeChangeAnswer } from './entity-types.ts';
import { Confirmation, Erasure, ErasuresAnswer } from './erasure.ts';
import { ExportLine } from './export.ts';
import { CommunitiesAnswer, CommunitiesQuery, MergeAnswer, MergeRequest, NeighborsAnswer, NeighborsQuery, NodeDetail, NodeQuery, NodesAnswer, NodesQuery, PathsAnswer, PathsQuery } from './graph.ts';

const NodeParams = z.object({ node_id: z.string().min(1).max(200) });
const RecordParams = z.object({ record_id: z.string().min(1).max(200) });
const TypeParams = z.object({ slug: z.string().min(1).max(100) });

export const memoryRoutes = {
  listNodes: { method: 'get', path: '/api/memory/graph/nodes', summary: 'Nodes of the graph by name and type', scope: 'read', query: NodesQuery, status: 200, answer: NodesAnswer },
  getNode: {
    method: 'get', path: '/api/memory/graph/nodes/{node_id}', summary: 'One node: its facts, which records say so, and when', scope: 'read', params: NodeParams, query: NodeQuery, status: 200, answer: NodeDetail,
  },
  neighbors: {
    method: 'get', path: '/api/memory/graph/nodes/{node_id}/neighbors', summary: 'What is near a node, to depth 3', scope: 'read', params: NodeParams, query: NeighborsQuery, status: 200, answer: NeighborsAnswer,
  },
  paths: { method: 'get', path: '/api/memory/graph/paths', summary: 'The shortest path between two nodes', scope: 'read', query: PathsQuery, status: 200, answer: PathsAnswer },
  communities: {
    method: 'get', path: '/api/memory/graph/communities', summary: 'Who belongs together: groups of people, companies and the like', scope: 'read', query: CommunitiesQuery, status: 200, answer: CommunitiesAnswer,
  },
  exportMemory: {
    method: 'get', path: '/api/memory/export', summary: 'The whole memory, one JSON object a line', scope: 'read', status: 200, answer: ExportLine, media: 'application/x-ndjson',
  },
  context: {
    method: 'post', path: '/api/memory/context', summary: 'What an agent should read about a question: records, entities and relations within a budget of tokens', scope: 'read', body: ContextRequest, status: 200, answer: ContextAnswer,
  },
  forgetRecord: {
    method: 'delete', path: '/api/memory/records/{record_id}', summary: 'Erase one record from both memories, with everything only it supported. Later syncs leave it out', scope: 'admin',
    params: RecordParams, status: 200, answer: Erasure,
  },
  erasePerson: {
    method: 'delete', path: '/api/memory/people/{node_id}', summary: 'Erase a person: every record they take part in or are named in, from both memories. Later syncs leave those records out; new ones that name them are stored', scope: 'admin', params: NodeParams, status: 200, answer: Erasure,
  },
  eraseTenant: { method: 'delete', path: '/api/tenant/data', summary: 'Erase everything the tenant has in both memories; its running syncs are cancelled, its connections stay', scope: 'admin', body: Confirmation, status: 200, answer: Erasure },
  listErasures: { method: 'get', path: '/api/memory/erasures', summary: 'What was erased, with receipts, newest first', scope: 'admin', status: 200, answer: ErasuresAnswer },
  mergeNode: {
    method: 'post', path: '/api/memory/graph/nodes/{node_id}/merge', summary: 'Let one node stand for two that are the same; reversible', scope: 'sync', params: NodeParams, body: MergeRequest, status: 200, answer: MergeAnswer,
  },
  splitNode: {
    method: 'post', path: '/api/memory/graph/nodes/{node_id}/split', summary: 'Take a merge back: of this node into another, or of all that were merged into this one', scope: 'sync', params: NodeParams, status: 200, answer: MergeAnswer,
  },
  listEntityTypes: { method: 'get', path: '/api/entity-types', summary: 'Kinds of things: the system\'s, and those found in the tenant\'s records', scope: 'read', status: 200, answer: EntityTypesAnswer },
  activateType: {
    method: 'post', path: '/api/entity-types/{slug}/activate', summary: 'Make all entities of a found type nodes of the graph, now and from now on', scope: 'sync', params: TypeParams, status: 200, answer: TypeChangeAnswer,
  },
  deactivateType: {
    method: 'post', path: '/api/entity-types/{slug}/deactivate', summary: 'Take a found type out of the graph; its entities stay staged', scope: 'sync', params: TypeParams, status: 200, answer: TypeChangeAnswer,
  },
  listDiscovered: { method: 'get', path: '/api/discovered-entities', summary: 'Everything that was found in records, staged or promoted', scope: 'read', query: DiscoveredQuery, status: 200, answer: DiscoveredAnswer },
} as const;
