/** The workbench: what the company wrote down about its customers: the companies and people of the mails as accounts and contacts, deals about the same products, leads of a trade fair. */
import { createHash } from 'node:crypto';
import { ascii, type Cast, type Company, type Member } from './cast.ts';
import { dice, type Dice } from './random.ts';
import { factsFor, fill } from './storyline.ts';
import { LIGHTING } from './storylines-lighting.ts';
import { ROBOTICS } from './storylines-robotics.ts';

export type CrmObject = 'Account' | 'Contact' | 'Lead' | 'Opportunity' | 'User';
/** A row with all its fields by Salesforce's names; a reference to another row is that row's Id. Dates are `2026-05-01T07:25:37.000+0000`. */
export type CrmRow = Record<string, string | number | boolean | null> & { Id: string; SystemModstamp: string };
export type Crm = { organization: string; rows: Record<CrmObject, CrmRow[]> };

const MONTH = 30.44 * 86_400_000, DAY = 86_400_000;
const PREFIXES: Record<CrmObject | 'Organization', string> = { Organization: '00D', Account: '001', Contact: '003', Lead: '00Q', Opportunity: '006', User: '005' };
const STAGES: [name: string, probability: number][] = [['Prospecting', 10], ['Qualification', 20], ['Needs Analysis', 40], ['Proposal/Price Quote', 65], ['Negotiation/Review', 80], ['Closed Won', 100], ['Closed Lost', 0]];
const NEXT = ['Send the revised offer', 'Call after the site visit', 'Wait for the budget decision', 'Agree a date for acceptance', 'Clarify the delivery time', null];
const SOURCES = ['Trade fair', 'Web', 'Recommendation', 'Phone', null];
const LEAD_NAMES = ['Halden', 'Mistral', 'Ostwind', 'Corvette', 'Tamarind', 'Bluestone', 'Fjordline', 'Pinnacle', 'Rosewater', 'Ironbridge', 'Lavendel', 'Quarry', 'Saltmarsh', 'Treetop', 'Vantage', 'Windrose'];
const LEAD_TRADES = ['Foods', 'Logistics', 'Hotels', 'Museums', 'Packaging', 'Breweries', 'Theatres', 'Pharma'];

type World = { cast: Cast; roll: Dice; from: number; to: number; sales: CrmRow[]; seed: string };

/** All rows, last changed within `months` before `now`. `leads`: how many people left their card at the fair. */
export function writeCrm({ seed, cast, leads, months, now }: { seed: number; cast: Cast; leads: number; months: number; now: Date }): Crm {
  const key = `crm ${seed} ${cast.home.domain}`, roll = dice(key), to = Math.floor(now.getTime() / 60_000) * 60_000 - 60_000, from = to - months * MONTH;
  const users = cast.home.people.toSorted((a, b) => (a.address < b.address ? -1 : 1)).map(one => user(one, stampOf(from), key));
  const boss = users.find(({ Email }) => Email === cast.owner.address) ?? users[0]!;
  const world: World = { cast, roll, from, to, seed: key, sales: [boss, ...users.filter(one => one !== boss).slice(0, 8)] };
  const companies = [...cast.byRole('customer'), ...cast.byRole('supplier'), ...cast.byRole('logistics')];
  const accounts = companies.map(company => account(world, company));
  const contacts = companies.flatMap((company, i) => company.people.map(one => contact(world, company, one, accounts[i]!)));
  const opportunities = companies.flatMap((company, i) => (company.role === 'customer' ? Array.from({ length: roll.int(4, 9) }, (_, n) => opportunity(world, company, accounts[i]!, n)) : []));
  return { organization: idOf('Organization', key), rows: { Account: accounts, Contact: contacts, Opportunity: opportunities, User: users, Lead: Array.from({ length: leads }, (_, n) => lead(world, n)) } };
}

/** One more card from the fair, as of `at` (ms). */
export function anotherLead(cast: Cast, owner: CrmRow, n: number, at: number): CrmRow {
  const seed = `more leads ${cast.home.domain} ${n}`;
  return lead({ cast, roll: dice(seed), from: at, to: at, seed, sales: [owner] }, n);
}

/** Salesforce's ids: a prefix for the object, fifteen characters, three for those who cannot tell A from a. */
const idOf = (object: CrmObject | 'Organization', words: string): string =>
  `${PREFIXES[object]}5g${[...createHash('sha256').update(`${object} ${words}`).digest()].slice(0, 10).map(byte => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('')}AAA`;
/** Salesforce's way to write a time; whole seconds. */
export const stampOf = (ms: number): string => `${new Date(Math.floor(ms / 1_000) * 1_000).toISOString().slice(0, -1)}+0000`;

function basis({ roll, from, to, sales, seed }: World, object: CrmObject, words: string): CrmRow {
  const changed = from + roll.next() * (to - from);
  return { Id: idOf(object, `${seed} ${words}`), SystemModstamp: stampOf(changed), LastModifiedDate: stampOf(changed), CreatedDate: stampOf(changed - roll.int(1, 400) * DAY), IsDeleted: false, OwnerId: roll.pick(sales).Id };
}

const user = ({ name, address, title }: Member, at: string, seed: string): CrmRow => ({ Id: idOf('User', `${seed} ${address}`), SystemModstamp: at, Name: name, Email: address, Username: address, Title: title, IsActive: true });

function account(world: World, company: Company): CrmRow {
  const { roll } = world, [city, country] = [company.city, { en: 'United Kingdom', de: 'Germany', fr: 'France' }[company.language]];
  return {
    ...basis(world, 'Account', company.domain), Name: company.name, Website: roll.pick([`https://www.${company.domain}`, `www.${company.domain}/about`, `http://${company.domain}/`]), Phone: company.phone,
    Industry: roll.pick(['Food', 'Logistics', 'Manufacturing', 'Healthcare', 'Culture']), Type: company.role === 'customer' ? 'Customer' : 'Vendor', BillingStreet: company.street, BillingCity: city, BillingCountry: country,
    NumberOfEmployees: roll.int(20, 4_000), AnnualRevenue: roll.int(1, 900) * 100_000, Description: company.role === 'customer' ? `${company.name} buys from us since ${roll.int(2009, 2024)}.` : null,
  };
}

function contact(world: World, company: Company, one: Member, { Id, BillingCountry }: CrmRow): CrmRow {
  return {
    ...basis(world, 'Contact', one.address), Name: one.name, FirstName: one.first, LastName: one.name.slice(one.first.length + 1), Email: one.address, Phone: company.phone, Title: one.title, Department: null,
    AccountId: Id, MailingCity: company.city, MailingCountry: BillingCountry ?? null, LeadSource: world.roll.pick(SOURCES), Description: null,
  };
}

function opportunity(world: World, company: Company, { Id }: CrmRow, n: number): CrmRow {
  const { roll, cast, from, to } = world, stories = (cast.trade === 'lighting' ? LIGHTING : ROBOTICS).filter(story => story.with === 'customer');
  const story = roll.pick(stories), [stage, probability] = roll.pick(STAGES), when = new Date(from + roll.next() * (to - from));
  const facts = factsFor(roll, cast.trade, story.lang, { company: company.name, person: roll.pick(company.people).first, colleague: roll.pick(cast.home.people).name }, when);
  return {
    ...basis(world, 'Opportunity', `${company.domain} ${n}`), Name: `${company.name}: ${facts.product} ${facts.order}`, AccountId: Id, StageName: stage, Probability: probability, Amount: roll.int(40, 9_000) * 100 + 0.5, CloseDate: new Date(when.getTime() + roll.int(10, 200) * DAY).toISOString().slice(0, 10),
    Type: roll.pick(['New Business', 'Existing Business']), NextStep: roll.pick(NEXT), LeadSource: roll.pick(SOURCES), IsClosed: stage.startsWith('Closed'), IsWon: stage === 'Closed Won', Description: fill(roll.pick(story.say), facts, roll, story.lang),
  };
}

function lead(world: World, n: number): CrmRow {
  const { roll, cast } = world, company = `${roll.pick(LEAD_NAMES)} ${roll.pick(LEAD_TRADES)}`, like = roll.pick(roll.pick(cast.others).people);
  const last = roll.pick(roll.pick(cast.others).people).name.split(' ').at(-1)!, name = `${like.first} ${last}`;
  return {
    ...basis(world, 'Lead', String(n)), Name: name, FirstName: like.first, LastName: last, Company: company, Email: roll.chance(0.95) ? `${ascii(like.first)}.${ascii(last)}${n}@${ascii(company).replace(/ /g, '-')}.example` : null,
    Phone: null, Title: like.title, Website: null, Industry: null, Status: roll.pick(['Open - Not Contacted', 'Working - Contacted', 'Closed - Not Converted']), LeadSource: 'Trade fair', City: roll.pick(cast.others).city, Country: null, IsConverted: false, Description: null,
  };
}
