/** Somebody who has single records erased, in the middle of everything: asked at one moment, carried out at a later one. What was erased never comes back. */
import { openEraser } from '#fly-worker/erase';
import { writeErasure } from '#migrations/erasure';
import { idOf, randomOf, type World } from './world.ts';

const ERASURES_MAX = 6;

interface ErasingPerson {
  /** Call it whenever people might act. Its chance is its own, so that older seeds keep their histories. */
  act(): Promise<void>;
  /** Carries out what was asked for. */
  finish(): Promise<void>;
}

export function openErasingPerson(world: World): ErasingPerson {
  const { seed, db, tenantId, stats } = world, random = randomOf(seed + 2_000_003), isHere = seed % 3 === 2;
  const semantic = { erase: (_: string, { recordIds }: { recordIds?: string[] }) => {
    const before = world.lance.length;
    world.lance = world.lance.filter((row) => !recordIds?.includes(row.id));
    return Promise.resolve(before - world.lance.length);
  } };
  const eraser = openEraser({ db, semantic: semantic as never, log: () => undefined });
  let asked: string | null = null;
  const inPeace = async (work: () => Promise<unknown>): Promise<void> => {
    const wasCalm = world.calm;
    world.calm = true;
    await work();
    world.calm = wasCalm;
  };
  async function finish(): Promise<void> {
    const id = asked;
    asked = null;
    if (id !== null) await inPeace(() => eraser.erase(tenantId, id));
  }
  return {
    finish,
    async act() {
      if (!isHere || random() > 0.1) return;
      if (asked !== null) return finish();
      if (stats.erased >= ERASURES_MAX) return;
      const held = await db.query('select record_id::text as id from records where tenant_id = $1 order by record_id', [tenantId]), at = held.findIndex((row) => world.inHand.has(String(row.id))), record = held[at >= 0 ? at : Math.floor(random() * held.length)];
      // What somebody is about to store again is the hard case.
      if (!record || (at < 0 && random() > 0.1)) return;
      asked = idOf(tenantId, 'erasure', String(stats.erased++));
      await inPeace(() => db.tenant(tenantId, [writeErasure(tenantId, asked!, 'record', String(record.id), 'somebody')], 'exclusive'));
      // At once, before whoever holds it has made a step; or later.
      if (random() < 0.5) await finish();
    },
  };
}

/** Ids of the records that were erased for good. */
export const barredOf = async ({ db, tenantId }: Pick<World, 'db' | 'tenantId'>): Promise<Set<string>> =>
  new Set((await db.query('select record_id::text as id from barred_records where tenant_id = $1', [tenantId])).map((row) => String(row.id)));
