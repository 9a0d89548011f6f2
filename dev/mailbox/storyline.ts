/** The workbench: what a storyline is, and how its sentences are filled. `{a|b}` is a choice, `$word` a fact of the thread. */
import type { Language, Role } from './cast.ts';
import type { Dice } from './random.ts';

/** A matter that people write about: its own words, its own partners. */
export type Storyline = {
  slug: string; lang: Language; with: Role; subjects: string[];
  /** How the first mail begins, what any mail may say, how an answer sounds, what is asked at the end. */
  open: string[]; say: string[]; reply: string[]; ask: string[];
};

/** What stays the same through a thread. */
export type Facts = { company: string; person: string; colleague: string; order: string; ticket: string; invoice: string; amount: string; product: string; part: string; city: string; when: Date };

const PRODUCTS: Record<string, string[]> = {
  robotics: ['NR-7 palletiser', 'Polar G2 gripper', 'Falk 40 cobot', 'Kompass vision kit', 'Drift AMR', 'NR-12 depalletiser', 'Lotse fleet controller'],
  lighting: ['Aube pendant', 'Lisière track spot', 'Halo 90 driver', 'Nacre wall washer', 'Orée bollard', 'Contre-jour profile', 'Perle micro-spot'],
};
const PARTS = ['wrist joint J5', 'harmonic drive', 'vacuum cup set', 'encoder cable', 'brake resistor', 'lens carrier', 'DALI gateway', 'end stop', 'gear stage 3', 'teach pendant', 'reflector ring', 'base plate', 'light curtain', 'junction box'];
const CITIES = ['Hamburg', 'Lyon', 'Rotterdam', 'Leeds', 'Kempten', 'Mannheim', 'Gdańsk', 'Porto', 'Bristol', 'Annecy', 'Brno', 'Malmö', 'Torino', 'Antwerp'];
const LOCALE: Record<Language, string> = { en: 'en-GB', de: 'de-DE', fr: 'fr-FR' };

/** The facts of a new thread. */
export function factsFor(roll: Dice, trade: string, language: Language, people: { company: string; person: string; colleague: string }, when: Date): Facts {
  const year = when.getUTCFullYear();
  return {
    ...people, when, product: roll.pick(PRODUCTS[trade] ?? PARTS), part: roll.pick(PARTS), city: roll.pick(CITIES), amount: money(roll.int(90, 96_000) + roll.int(0, 99) / 100, language),
    order: `${trade === 'robotics' ? 'NR' : 'AL'}-${roll.int(20_000, 89_999)}`, ticket: `${roll.pick(['INC', 'TCK', 'CASE'])}-${roll.int(10_000, 99_999)}`,
    invoice: `${{ en: 'INV', de: 'RE', fr: 'FA' }[language]}-${year}-${String(roll.int(1, 9_999)).padStart(4, '0')}`,
  };
}

/** One sentence with its choices made and its facts in place. */
export function fill(text: string, facts: Facts, roll: Dice, language: Language): string {
  return text.replace(/\{([^{}]*)\}/g, (_, choices: string) => roll.pick(choices.split('|'))).replace(/\$([a-z]+)/g, (_, name: string) => fact(name, facts, roll, language));
}

function fact(name: string, facts: Facts, roll: Dice, language: Language): string {
  switch (name) {
    case 'company': case 'person': case 'colleague': case 'order': case 'ticket': case 'invoice': case 'amount': case 'product': case 'part': case 'city': return facts[name];
    case 'sum': return money(roll.int(40, 60_000) + roll.int(0, 99) / 100, language);
    case 'date': return dayName(new Date(facts.when.getTime() + roll.int(2, 40) * 86_400_000), language);
    case 'past': return dayName(new Date(facts.when.getTime() - roll.int(2, 25) * 86_400_000), language);
    case 'time': return `${String(roll.int(8, 17)).padStart(2, '0')}:${roll.pick(['00', '15', '30', '45'])}`;
    case 'n': return String(roll.int(2, 48));
    case 'big': return roll.int(1_200, 48_000).toLocaleString(LOCALE[language]);
    case 'pct': return language === 'en' ? `${roll.int(2, 38)}%` : `${roll.int(2, 38)} %`;
    case 'kw': return `${language === 'en' ? 'week' : language === 'de' ? 'KW' : 'semaine'} ${roll.int(2, 51)}`;
    case 'room': return roll.pick(['Elbe', 'Saône', 'Alster', 'Rhône', '3.14', 'Bellevue', 'Dock 2']);
    default: throw new Error(`a storyline speaks of $${name}, which nobody knows`);
  }
}

/** Formatters are slow to make: one per language and form. */
const MONEY = perLanguage(locale => new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' }));
const DAY = perLanguage(locale => new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', timeZone: 'UTC' }));
const LONG = perLanguage(locale => new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'Europe/Berlin' }));
const SHORT = perLanguage(locale => new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'Europe/Berlin' }));

function perLanguage<T>(make: (locale: string) => T): Record<Language, T> {
  return { en: make(LOCALE.en), de: make(LOCALE.de), fr: make(LOCALE.fr) };
}

export const money = (value: number, language: Language): string => MONEY[language].format(value);
export const dayName = (date: Date, language: Language): string => DAY[language].format(date);
/** As Outlook writes it above a quoted mail. */
export const longDate = (date: Date, language: Language): string => LONG[language].format(date);
/** As Gmail writes it there. */
export const shortDate = (date: Date, language: Language): string => SHORT[language].format(date);
