/**
 * What a text mentions, in the new part only: links, amounts, dates, numbers, and people, companies and places by their names. Whoever takes part in the record
 * is in the graph by address: a name that is theirs is a mention of them and no second person; the company behind an address is no second company.
 */
import type { EntityFact } from '#contract/memory';
import { findEntities } from './entities.ts';
import type { FactsDraft, KnownPerson, NodeRef } from './facts.ts';
import { displayName } from './facts.ts';
import { findNames } from './names.ts';

/** `author`: who says it; null: nobody in particular, and a mention of somebody who takes part says nothing new. */
export function mention(draft: FactsDraft, text: string, known: readonly KnownPerson[], author: NodeRef | null): void {
  draft.include(findEntities(text));
  const found = findNames(text);
  if (found.length === 0) return;
  const people = known.map(({ participant, person }) => ({ person, name: displayName(participant.name, person.key).toLowerCase() }));
  const labels = new Set(known.flatMap(({ organization }) => organization?.key.split('.').slice(0, -1) ?? []));
  draft.include(found.filter((entity) => {
    switch (entity.type) {
      case 'mentioned_person': {
        const meant = meantBy(entity, people);
        if (meant && author && meant.key !== author.key) draft.relation('MENTIONS', author, meant, {}, 0.9);
        return meant === null;
      }
      case 'company': return !labels.has(entity.key.replace(/[^\p{L}\d]+/gu, '')) && !labels.has(entity.key.replace(/[^\p{L}\d]+/gu, '-'));
      default: return true;
    }
  }));
}

/** The one who is called so; "Ms. Berg" is the one Berg who takes part. Null: nobody, or more than one. */
function meantBy({ key }: EntityFact, people: { person: NodeRef; name: string }[]): NodeRef | null {
  const titled = /^(?:mr|mrs|ms|dr|prof)\.? (\S+)$|^(?:herrn?|frau|madame|mme|monsieur|mlle|sir|professor) (\S+)$/u.exec(key), surname = titled?.[1] ?? titled?.[2];
  const meant = new Map(people.filter(({ name }) => (surname === undefined ? name === key : name.endsWith(` ${surname}`))).map(({ person }) => [person.key, person]));
  return meant.size === 1 ? [...meant.values()][0]! : null;
}
