/** What several screens ask of the server in the same words: accounts, integrations, what memory holds. */
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { useResource, type Shown } from './resource.ts';

export type Connection = CallAnswer<'listConnections'>['connections'][number];
export type Integration = CallAnswer<'listIntegrations'>['integrations'][number];
export type EntityType = CallAnswer<'listEntityTypes'>['entity_types'][number];
export type Sources = CallAnswer<'memorySources'>;

export const useIntegrations = (): Shown<CallAnswer<'listIntegrations'>> => useResource('integrations', (signal) => callRoute('listIntegrations', {}, { signal }));
export const useConnections = (): Shown<CallAnswer<'listConnections'>> => useResource('connections', (signal) => callRoute('listConnections', {}, { signal }), { everyMs: 30_000 });
/** `live`: while a sync runs, its records are counted as they come. */
export const useSources = (live: boolean): Shown<CallAnswer<'memorySources'>> => useResource('sources', (signal) => callRoute('memorySources', {}, { signal }), { everyMs: live ? 5_000 : 60_000 });
export const useMemoryStats = (live: boolean): Shown<CallAnswer<'memoryStats'>> => useResource('memory-stats', (signal) => callRoute('memoryStats', {}, { signal }), { everyMs: live ? 2_000 : 60_000 });
/** Kinds of things: the system's and those found in records. */
export const useEntityTypes = (): Shown<CallAnswer<'listEntityTypes'>> => useResource('entity-types', (signal) => callRoute('listEntityTypes', {}, { signal }));
/** Found types that are part of the graph now. */
export const activeFoundTypes = (types: readonly EntityType[]): string[] => types.filter((one) => !one.is_system && one.status === 'active').map((one) => one.slug);
