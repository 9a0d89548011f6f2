/** The workbench: the invented companies and people of a mailbox. Every domain is `.example`, but for a few free-mail names of private contacts. */
import { dice, type Dice } from './random.ts';
import type { Person } from './shape.ts';

export type Language = 'en' | 'de' | 'fr';
/** What a company is to the mailbox's owner. */
export type Role = 'home' | 'customer' | 'supplier' | 'law' | 'accountant' | 'bank' | 'landlord' | 'agency' | 'logistics';
export type Company = { name: string; domain: string; role: Role; language: Language; city: string; street: string; phone: string; disclaimer: number; people: Member[] };
export type Member = Person & { first: string; title: string; client: 'outlook' | 'owa' | 'gmail' | 'apple' | 'plain'; language: Language; company: string };
/** What the home company makes, which decides what people write about. */
type Trade = 'robotics' | 'lighting';
export type Cast = { trade: Trade; home: Company; owner: Member; others: Company[]; friends: Member[]; byRole(role: Role): Company[] };

const FIRST: Record<Language, string[]> = {
  en: [
    'Olivia', 'James', 'Priya', 'Marcus', 'Hannah', 'Daniel', 'Amara', 'Tom', 'Rachel', 'Kofi', 'Grace', 'Liam', 'Nadia', 'Owen', 'Zoe', 'Victor', 'Elena', 'Sam',
    'Ruth', 'Arjun', 'Maeve', 'Colin', 'Ingrid', 'Tessa',
  ],
  de: [
    'Anna', 'Jonas', 'Katrin', 'Lukas', 'Sabine', 'Tobias', 'Miriam', 'Stefan', 'Leonie', 'Florian', 'Birgit', 'Henrik', 'Yasemin', 'Matthias', 'Claudia', 'Emre',
    'Franziska', 'Ulrich', 'Johanna', 'Björn', 'Jürgen', 'Käthe',
  ],
  fr: [
    'Camille', 'Julien', 'Élodie', 'Marc', 'Sophie', 'Antoine', 'Inès', 'Thomas', 'Chloé', 'Nicolas', 'Margaux', 'Rémi', 'Léa', 'Benoît', 'Aïcha', 'Pascal', 'Hélène',
    'Mathieu', 'Noémie', 'Gaël',
  ],
};
const LAST: Record<Language, string[]> = {
  en: [
    'Whitfield', 'Okafor', 'Sharma', 'Brennan', 'Castellan', 'Hargreave', 'Mensah', 'Lindqvist', 'Pemberton', 'Novak', 'Ashdown', 'Mercer', 'Delgado', 'Rahman',
    'Thorne', 'Kowalski', 'Fairbairn', 'Ibarra', 'Osei', 'Maddox', 'Vance', 'Quill',
  ],
  de: [
    'Keller', 'Brandt', 'Vogelsang', 'Hartmann', 'Özdemir', 'Lorenz', 'Steinbach', 'Wirth', 'Rademacher', 'Böhm', 'Petersen', 'Krügel', 'Seidel', 'Althaus', 'Grünwald',
    'Jansen', 'Hofstetter', 'Dreyer', 'Kaltenbach', 'Moser',
  ],
  fr: [
    'Dubois', 'Lefèvre', 'Moreau', 'Garnier', 'Benali', 'Chevallier', 'Rousselot', 'Perrin', 'Vasseur', 'Marchand', 'Delacourt', 'Fontaine', 'Guérin', 'Barbier',
    'Lacombe', 'Sauvage', 'Thibault', 'Renaud', 'Aubry', 'Mercier',
  ],
};
const TITLES: Record<Language, string[]> = {
  en: [
    'Head of Operations', 'Account Manager', 'Procurement Lead', 'Project Engineer', 'Finance Manager', 'Customer Success', 'Quality Engineer', 'Managing Director',
    'Legal Counsel', 'Office Manager', 'Field Service Lead', 'Product Manager',
  ],
  de: [
    'Leitung Einkauf', 'Projektleiterin', 'Vertrieb Innendienst', 'Geschäftsführer', 'Entwicklung', 'Personalabteilung', 'Buchhaltung', 'Qualitätssicherung',
    'Serviceleitung', 'Assistenz der Geschäftsführung',
  ],
  fr: [
    'Responsable achats', 'Cheffe de projet', 'Directeur commercial', 'Comptabilité', "Bureau d'études", 'Ressources humaines', 'Directrice générale',
    'Conductrice de travaux', 'Service client', 'Assistante de direction',
  ],
};
type Draft = [name: string, role: Role, language: Language, city: string, street: string, size: number];
const WORLDS: Record<Trade, Draft[]> = {
  robotics: [
    ['Harbourline Freight', 'logistics', 'en', 'Rotterdam', 'Waalhaven Oostzijde 12', 4], ['Brightwell Foods', 'customer', 'en', 'Leeds', 'Kirkstall Road 88', 7],
    ['Velora Pharma', 'customer', 'fr', 'Lyon', '12 quai Perrache', 6], ['Kestrel Packaging', 'customer', 'en', 'Bristol', 'Avonmouth Way 3', 6],
    ['Alpenmilch Molkerei', 'customer', 'de', 'Kempten', 'Füssener Straße 41', 6], ['Oriel Automotive Seating', 'customer', 'en', 'Coventry', 'Torrington Avenue 19', 5],
    ['Zahnrad Lohmann', 'supplier', 'de', 'Schwäbisch Gmünd', 'Lorcher Straße 7', 5], ['Pico Sensorik', 'supplier', 'de', 'Jena', 'Carl-Pulfrich-Straße 2', 4],
    ['Tessera Controls', 'supplier', 'en', 'Eindhoven', 'High Tech Campus 60', 5], ['Fonderie Vallorbe', 'supplier', 'fr', 'Besançon', '4 rue des Forges', 4],
    ['Castellan & Thorne LLP', 'law', 'en', 'London', "Gray's Inn Road 210", 4], ['Moser Steuerberatung', 'accountant', 'de', 'Hamburg', 'Neuer Wall 54', 3],
    ['Hansebank Nord', 'bank', 'de', 'Hamburg', 'Ballindamm 9', 3], ['Speicherquartier Immobilien', 'landlord', 'de', 'Hamburg', 'Am Sandtorkai 30', 2], ['Northbeam Talent', 'agency', 'en', 'Dublin', 'Hanover Quay 5', 3],
  ],
  lighting: [
    ['Transports Sauvage', 'logistics', 'fr', 'Villeurbanne', '18 rue du Pérou', 3], ['Musée du Confluent', 'customer', 'fr', 'Lyon', '86 quai Sarrail', 5], ['Hôtel Belle-Rive', 'customer', 'fr', 'Annecy', '3 avenue du Lac', 4],
    ['Larkspur Theatres', 'customer', 'en', 'Edinburgh', 'Grindlay Street 14', 5], ['Stadtwerke Rheinau', 'customer', 'de', 'Mannheim', 'Hafenstraße 25', 4], ["Verrerie d'Ambre", 'supplier', 'fr', 'Saint-Étienne', '9 rue des Verriers', 4],
    ['Lumen Drivers BV', 'supplier', 'en', 'Utrecht', 'Kanaalweg 17', 4], ['Halbleiter Kessler', 'supplier', 'de', 'Regensburg', 'Wernerwerkstraße 6', 3], ['Cabinet Vasseur Avocats', 'law', 'fr', 'Lyon', '27 rue de la République', 3],
    ['Fiduciaire Marchand', 'accountant', 'fr', 'Lyon', '5 place Bellecour', 2], ['Crédit des Monts', 'bank', 'fr', 'Lyon', '41 cours Lafayette', 2], ['Régie Croix-Rousse', 'landlord', 'fr', 'Lyon', '2 grande rue', 2], ['Studio Pamplemousse', 'agency', 'fr', 'Paris', '33 rue Oberkampf', 3],
  ],
};
/** Look-alikes on `.example`, and some real names of free-mail services: nobody's employer, which extraction has to know. */
const FREE_MAIL = ['gmail.com', 'gmx.de', 'outlook.com', 'orange.fr', 'web.de', 'icloud.com', 'googlemail.example', 'freemail.example'];
const CLIENTS: Member['client'][] = ['outlook', 'owa', 'gmail', 'apple', 'plain'];

/** The people of a mailbox: the same for the same seed and owner. */
export function castFor(seed: number, owner: Person): Cast {
  const roll = dice(`cast ${seed} ${owner.address}`);
  const domain = owner.address.split('@')[1] ?? 'home.example';
  const trade: Trade = /lumi|light|licht-?(design|studio)/.test(domain) ? 'lighting' : 'robotics';
  const language: Language = trade === 'lighting' ? 'fr' : 'de';
  const [city, street] = trade === 'lighting' ? ['Lyon', '11 montée de la Grande-Côte'] as const : ['Hamburg', 'Speicherstraße 18'] as const;
  const home: Company = { ...company([nameOf(domain), 'home', language, city, street, 0], roll), domain, disclaimer: 1 };
  const title = language === 'fr' ? 'Directeur des projets' : 'Head of Operations', first = owner.name.split(' ')[0] ?? owner.name;
  const me: Member = { ...owner, first, title, client: 'outlook', language, company: home.name };
  home.people = [me, ...team(home, 21, roll).filter(({ address }) => address !== me.address)];
  const others = WORLDS[trade].map(draft => company(draft, roll));
  const friends = Array.from({ length: 14 }, () => friend(roll, language));
  return { trade, home, owner: me, others, friends, byRole: role => role === 'home' ? [home] : others.filter(other => other.role === role) };
}

/** The same people as one of the owner's colleagues knows them. Throws for somebody who does not work there. */
export function seenBy(cast: Cast, address: string): Cast {
  const owner = cast.home.people.find(one => one.address === address);
  if (!owner) throw new Error(`${address} does not work at ${cast.home.name}`);
  return { ...cast, owner, home: { ...cast.home, people: [owner, ...cast.home.people.filter(one => one !== owner)] } };
}

/** `nordlicht-robotics.example` -> `Nordlicht Robotics` */
function nameOf(domain: string): string {
  const words = (domain.split('.')[0] ?? domain).split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join(' ').replace('Lumiere', 'Lumière');
}

function company([name, role, language, city, street, size]: Draft, roll: Dice): Company {
  const domain = `${ascii(name).replace(/ (llp|bv)$/, '').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}.example`;
  const made: Company = { name, role, language, city, street, domain, phone: phone(language, roll), disclaimer: role === 'law' || role === 'bank' ? 2 : roll.int(0, 2), people: [] };
  made.people = team(made, size, roll);
  return made;
}

function team(company: Company, size: number, roll: Dice): Member[] {
  const client = company.role === 'home' ? 'outlook' : roll.pick(CLIENTS), taken = new Set<string>();
  return Array.from({ length: size * 2 }, () => {
    const language = company.role === 'home' && roll.chance(0.45) ? 'en' : company.language;
    const first = roll.pick(FIRST[language]), last = roll.pick(LAST[language]);
    const address = `${ascii(first)}.${ascii(last)}@${company.domain}`, title = roll.pick(TITLES[language]);
    return { name: `${first} ${last}`, first, address, title, client: roll.chance(0.8) ? client : roll.pick(CLIENTS), language, company: company.name };
  }).filter(({ address }) => !taken.has(address) && taken.add(address)).slice(0, size);
}

function friend(roll: Dice, home: Language): Member {
  const language = roll.chance(0.6) ? home : 'en', first = roll.pick(FIRST[language]), last = roll.pick(LAST[language]);
  const address = `${ascii(first)}${roll.pick(['.', '_', ''])}${ascii(last)}${roll.int(60, 99)}@${roll.pick(FREE_MAIL)}`;
  return { name: `${first} ${last}`, first, address, title: '', client: roll.pick(['gmail', 'apple', 'owa'] as const), language, company: '' };
}

/** Ranges that telephone authorities keep free for stories. */
function phone(language: Language, roll: Dice): string {
  return { en: `+44 20 7946 0${roll.int(100, 999)}`, de: `+49 40 66969 ${roll.int(100, 999)}`, fr: `+33 4 65 71 ${roll.int(10, 99)} ${roll.int(10, 99)}` }[language];
}

/** Plain letters, as addresses have them. */
export function ascii(text: string): string {
  return text.toLowerCase().replace(/ä/g, 'ae').replace(/ö/g, 'oe').replace(/ü/g, 'ue').replace(/ß/g, 'ss').normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/[’']/g, '');
}
