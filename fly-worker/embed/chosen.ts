/** A tenant's own embedder as it is written down, and opened with the tenant's key. Its name says model, dimensions and address: another of these is another embedder. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { ModelKey } from '../door.ts';
import type { Embedder } from './embedder.ts';
import { embedderIdOf, openAiEmbedder, probeEmbedder } from './openai.ts';

/** `asked`: what the service is asked to shorten vectors to; null: it refuses to be asked. */
export const Chosen = z.object({ id: z.string(), model: z.string(), base_url: z.string().nullable(), dims: z.int().min(1), asked: z.int().nullable() });
export type Chosen = z.infer<typeof Chosen>;

/** What people asked for. `base_url` null: the service's own address. */
export interface Wish { model: string; base_url: string | null }

export const isWished = (chosen: Chosen | null, wish: Wish): boolean => chosen?.model === wish.model && chosen.base_url === wish.base_url;

/** Asks the service what its vectors are like. Throws ModelError. */
export async function chosenFor({ model, base_url }: Wish, apiKey: string): Promise<Chosen> {
  const { dims, asked } = await probeEmbedder({ apiKey, model, ...base_url !== null && { baseUrl: base_url } });
  return { id: `${embedderIdOf(model, dims)}${base_url === null ? '' : `-${hash('sha256', base_url, 'hex').slice(0, 8)}`}`, model, base_url, dims, asked };
}

/** Null: the key is kept for another address, and goes nowhere else. */
export const openChosen = ({ id, model, base_url, dims, asked }: Chosen, { apiKey, baseUrl }: ModelKey, timeoutMs?: number): Embedder | null =>
  (baseUrl !== base_url ? null : openAiEmbedder({ apiKey, model, dims, asked, id, ...base_url !== null && { baseUrl: base_url }, ...timeoutMs !== undefined && { timeoutMs } }));
