/** A company's mail in which more than 2,000 people write to each other: an archive as Thunderbird keeps them, the same each time. For the graph explorer's tests and pictures. */
import type { Page } from 'playwright-core';
import { NodesAnswer } from '#contract/graph';

/** Whose mailbox it is: everybody's hub. */
export const CROWD_OWNER = { name: 'Mia Adler', address: 'mia.adler@harbor.example' };
const FIRST = 'Ada Ben Cleo Dan Eva Finn Gina Hugo Ida Jan Kim Leo Mara Nils Olga Pia Quinn Rosa Sven Tara Ugo Vera Wim Xenia Yuri Zoe Amir Bea Carl Dora Emil Fay Gus Hana Ivo Juna Kai Lena Max Nora'.split(' ');
const LAST = 'Abel Bauer Cruz Dahl Eder Falk Gruber Haas Ilg Jung Kern Lang Moser Nagel Otto Peters Quast Roth Sommer Thiel Ulrich Vogt Weber Xander Young Zander Arndt Brandt Conrad Drexel Engel Frank Geiger Hahn Imhof Jansen Keller Lorenz Maurer Neumann Oswald Pohl Ritter Schulz Tanner Unger Vollmer Winter Zeller Albers Busch Carls Dietz Erler Fuchs Graf'.split(' ');
const COMPANIES = 64, PEOPLE_MIN = 12, LARGEST = 260, MAILS = 2_800, TEAM = 9;
const TOPICS = ['Delivery plan', 'Budget for spring', 'Prototype tests', 'Offer', 'Contract', 'Workshop', 'Support case', 'Design review', 'Audit', 'Travel'];

interface Person { name: string; address: string; company: number; team: number }

/** Numbers from 0 to below 1, the same sequence each time (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Companies from large to small, each in teams; the first one is the mailbox owner's. */
function everybody(): Person[] {
  const people: Person[] = [{ ...CROWD_OWNER, company: 0, team: 0 }];
  for (let company = 0; company < COMPANIES; company++) {
    const size = Math.max(PEOPLE_MIN, Math.round(LARGEST / (1 + company * 0.35)));
    for (let i = 0; i < size; i++) {
      const n = people.length, first = FIRST[n % FIRST.length]!, last = LAST[Math.floor(n / FIRST.length + n) % LAST.length]!;
      people.push({ name: `${first} ${last}`, address: `${first}.${last}.${n}@${company === 0 ? 'harbor' : `company${company}`}.example`.toLowerCase(), company, team: company * 100 + Math.floor(i / TEAM) });
    }
  }
  return people;
}

/** Mostly within a team, sometimes with the owner's company; everybody answers somebody at least once. Over the last ten months, so that a free plan takes it. */
export function crowdMailbox(now: number): string {
  const people = everybody(), roll = dice(20), pick = <T>(from: readonly T[]): T => from[Math.floor(roll() * from.length)]!;
  const teams = Map.groupBy(people, (one) => one.team), own = people.filter((one) => one.company === 0), owner = people[0]!, mails: string[] = [];
  for (let i = 0; i < MAILS; i++) {
    const from = i < people.length ? people[i]! : pick(people), chance = roll(), near = teams.get(from.team)!.filter((one) => one !== from);
    const to = chance < 0.62 && near.length > 0 ? pick(near) : chance < 0.9 || from === owner ? pick(own) : owner;
    if (to === from) continue;
    const cc = roll() < 0.3 ? [pick(near.length > 0 ? near : own)] : [];
    const at = new Date(now - (1 + (i * 7919) % 300) * 86_400_000 - i * 1_000), subject = `Re: ${pick(TOPICS)} ${1 + (i % 900)}`;
    mails.push([`From - Thu Jan 1 00:00:00 1970`, `Message-ID: <crowd-${i}@harbor.example>`, `In-Reply-To: <begun-${i % 900}@harbor.example>`, `Date: ${at.toUTCString().replace('GMT', '+0000')}`, `From: ${from.name} <${from.address}>`, `To: ${to.name} <${to.address}>`,
      ...(cc.length > 0 ? [`Cc: ${cc.map((one) => `${one.name} <${one.address}>`).join(', ')}`] : []), `Subject: ${subject}`, '', `Thank you, that fits. More on ${pick(TOPICS).toLowerCase()} next week.`, '', ''].join('\n'));
  }
  return mails.join('\n');
}

/** Has the page import the mailbox as a file, the way a person does, and answers the address of the explorer round its owner. The page is signed in to a team of its own. */
export async function importCrowd(page: Page): Promise<string> {
  await page.goto('/integrations');
  await page.getByRole('article', { name: 'Mail from a file', exact: true }).getByRole('button').click();
  await page.locator('input[type=file]').setInputFiles({ name: 'Harbor.mbox', mimeType: 'application/mbox', buffer: Buffer.from(crowdMailbox(Date.now())) });
  await page.getByRole('button', { name: 'Upload and import' }).click();
  await page.getByRole('article', { name: /Harbor/ }).getByText(/is complete/).waitFor({ timeout: 120_000 });
  const { nodes } = NodesAnswer.parse(await (await page.request.get(`/api/memory/graph/nodes?type=person&q=${CROWD_OWNER.address}`)).json());
  return `/graph?node=${nodes[0]!.id}`;
}

/** Everything that the address asks for has come, and lies where it stays. */
export async function isCalm(page: Page): Promise<void> {
  const centres = new URL(page.url()).searchParams.get('node')?.split(',').length ?? 1;
  await page.getByText(`, ${centres} expanded`).waitFor({ timeout: 40_000 });
  await page.locator('[data-resting=true]').waitFor({ timeout: 40_000 });
}

/** How many things the panel says there are. */
export async function thingsIn(page: Page): Promise<number> {
  return Number(/^[\d,]+/.exec((await page.locator('.panel-title').textContent()) ?? '')?.[0].replaceAll(',', ''));
}

/** Shows more until there are so many, or no more fits. */
export async function growTo(page: Page, wanted: number): Promise<void> {
  const more = page.getByRole('button', { name: 'Show more' });
  while (await thingsIn(page) < wanted && await more.count() > 0) {
    const centres = page.url();
    await more.click();
    await page.waitForURL((url) => url.href !== centres);
    await isCalm(page);
  }
}
