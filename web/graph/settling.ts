/** The worker in which a picture finds its places, so that the page answers meanwhile: takes a graph, answers once. */
import { settled } from './places.ts';
import type { Unsettled } from './places.ts';

onmessage = ({ data }: MessageEvent<Unsettled>) => { postMessage(settled(data)); };
