/** Collects what the rules find in one record: unique entities, unique relations, every end of a relation known. */
import { ENTITIES_PER_RECORD_MAX, PARTICIPANTS_MAX } from '#contract/limits';
import type { EdgeType, EntityFact, Facts, NodeType } from '#contract/memory';
import type { Participant } from '#contract/connector';

type Properties = EntityFact['properties'];
export interface NodeRef { type: NodeType; key: string }

/** Longer keys are cut: no address, domain or thread id of the real world is this long. */
const KEY_CHARS_MAX = 500;

export interface FactsDraft {
  entity(type: NodeType, key: string, name: string, properties?: Properties, confidence?: number): NodeRef;
  relation(type: EdgeType, source: NodeRef, target: NodeRef, properties?: Properties, confidence?: number): void;
  include(found: EntityFact[]): void;
  done(): Facts;
}

export function draftFacts(): FactsDraft {
  const entities = new Map<string, EntityFact>(), relations = new Map<string, Facts['relations'][number]>();
  return {
    entity(type, key, name, properties = {}, confidence = 1) {
      const ref: NodeRef = { type, key: key.slice(0, KEY_CHARS_MAX) }, id = `${type} ${ref.key}`, known = entities.get(id);
      if (!known) { if (entities.size < ENTITIES_PER_RECORD_MAX) entities.set(id, { ...ref, name: name.slice(0, 300) || ref.key, properties, method: 'header', confidence }); }
      else {
        if (known.name === known.key && name !== '') known.name = name.slice(0, 300);
        Object.assign(known.properties, properties);
      }
      return ref;
    },
    relation(type, source, target, properties = {}, confidence = 1) {
      if (!entities.has(`${source.type} ${source.key}`) || !entities.has(`${target.type} ${target.key}`)) return;
      const id = `${type} ${source.type} ${source.key} ${target.type} ${target.key}`;
      // the first word counts: someone in to and cc got it as "to"
      if (!relations.has(id)) relations.set(id, { type, source, target, properties, method: 'header', confidence });
    },
    include(found) {
      for (const entity of found) if (entities.size < ENTITIES_PER_RECORD_MAX && !entities.has(`${entity.type} ${entity.key}`)) entities.set(`${entity.type} ${entity.key}`, entity);
    },
    done: () => ({ entities: [...entities.values()], relations: [...relations.values()] }),
  };
}

/** Domains that say nothing about where somebody works. */
const FREE_MAIL = new Set(`gmail.com googlemail.com outlook.com outlook.de outlook.fr hotmail.com hotmail.de hotmail.fr hotmail.co.uk hotmail.it hotmail.es live.com live.de live.fr live.co.uk live.nl msn.com passport.com
yahoo.com yahoo.de yahoo.fr yahoo.co.uk yahoo.it yahoo.es yahoo.co.in yahoo.co.jp yahoo.com.br yahoo.ca ymail.com rocketmail.com aol.com aol.de aim.com icloud.com me.com mac.com
gmx.de gmx.net gmx.com gmx.at gmx.ch web.de t-online.de freenet.de arcor.de mail.de posteo.de posteo.net mailbox.org online.de email.de
orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr libero.it virgilio.it alice.it tin.it tiscali.it bluewin.ch hispavista.com terra.com.br uol.com.br bol.com.br
proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.com tuta.io hey.com fastmail.com fastmail.fm zoho.com zohomail.com mail.com email.com inbox.com
mail.ru yandex.ru yandex.com ya.ru bk.ru list.ru inbox.ru rambler.ru ukr.net seznam.cz centrum.cz wp.pl o2.pl onet.pl interia.pl
qq.com 163.com 126.com sina.com sohu.com foxmail.com naver.com daum.net hanmail.net rediffmail.com
comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com netzero.net btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net blueyonder.co.uk shaw.ca rogers.com sympatico.ca bigpond.com optusnet.com.au
compuserve.com prodigy.net mindspring.com excite.com lycos.com hushmail.com usa.net pacbell.net swbell.net ameritech.net email.msn.com rr.com worldnet.att.net home.com starband.net`.split(/\s+/));

/** Machines that write mail: people, but not ones to talk to. */
const AUTOMATED = /^(?:no[._-]?reply|do[._-]?not[._-]?reply|donotreply|notifications?|alerts?|mailer-daemon|postmaster|bounces?|newsletter|news|automated|system|updates?|info-noreply)(?:[+._-].*)?@/i;

/** The company behind an address, or null for free mail and addresses without one. */
export function organizationOf(address: string): string | null {
  const domain = address.slice(address.lastIndexOf('@') + 1).replace(/\.$/, '');
  return /^[\p{L}\d-]+(?:\.[\p{L}\d-]+)*\.[\p{L}\d-]{2,}$/u.test(domain) && !/^\d+(?:\.\d+){3}$/.test(domain) && !FREE_MAIL.has(domain) ? domain : null;
}

export interface KnownPerson { participant: Participant; person: NodeRef; organization: NodeRef | null }

/**
 * Person and Organization nodes with WORKS_AT for everyone who has an address; at most PARTICIPANTS_MAX. The address is the person, whatever
 * integration names it: Anna in mail, calendar, chat and CRM is one node. Only who has none goes by the provider's id.
 */
export function introduce(draft: FactsDraft, participants: Participant[]): KnownPerson[] {
  const known: KnownPerson[] = [];
  for (const participant of participants) {
    const address = participant.address?.toLowerCase() ?? null, key = address ?? participant.id;
    if (key === undefined || known.length >= PARTICIPANTS_MAX) continue;
    const person = draft.entity('person', key, displayName(participant.name, key), address !== null && AUTOMATED.test(address) ? { automated: true } : {});
    const domain = address === null ? null : organizationOf(address);
    const organization = domain === null ? null : draft.entity('organization', domain, domain, { domain });
    if (organization) draft.relation('WORKS_AT', person, organization, {}, 0.8);
    known.push({ participant, person, organization });
  }
  return known;
}

/** "Berg, Anna" <-> "Anna Berg"; quotes and repeated addresses fall away. The address itself stands in when there is no name. */
export function displayName(name: string | null, address: string): string {
  const plain = (name ?? '').replace(/\s+/g, ' ').replace(/^['"“”\s]+|['"“”\s]+$/g, '').replace(/\s*<[^>]*>\s*$|\s*\[mailto:[^\]]*\]\s*$/i, '');
  if (plain === '' || plain.toLowerCase() === address || plain.includes('@')) return address;
  const turned = /^([\p{L}'’-]+(?: [\p{L}'’-]+)?), ([\p{L}'’. -]+)$/u.exec(plain);
  return turned ? `${turned[2]} ${turned[1]}` : plain;
}
