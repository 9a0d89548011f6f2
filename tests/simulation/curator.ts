/** Somebody who activates a type of what was found, and takes that back, in the middle of everything. */
import { activate, deactivate } from '#worker-api/entity-types';
import { randomOf, type World } from './world.ts';

/** Call it whenever people might act. Its chance is its own, so that older seeds keep their histories. */
export function openCurator(world: World): () => Promise<void> {
  const { seed, db, tenantId, stats } = world, random = randomOf(seed + 1_000_003), isHere = seed % 4 !== 3;
  const type = { slug: 'url', name: 'Url', is_system: false, samples: 5, json_schema: {}, activated_at: null };
  return async () => {
    if (!isHere || random() > 0.01) return;
    const wasCalm = world.calm;
    world.calm = true;
    if (world.isActive) await deactivate(db, tenantId, { ...type, status: 'active' }, 'somebody');
    else await activate(db, tenantId, { ...type, status: 'draft' }, 'somebody');
    world.isActive = !world.isActive;
    world.calm = wasCalm;
    stats.activations++;
  };
}
