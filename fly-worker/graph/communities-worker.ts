/** The thread in which communities are looked for: seconds of arithmetic for a large tenant, in which the worker's own thread keeps its leases. Lives for one answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { findCommunities, type Tie } from './communities.ts';

parentPort?.postMessage(findCommunities(workerData as Tie[]));
