/** One component of a calendar file as properties. Line by line, so that a broken line costs itself and not its event. RFC 5545 section 3.1 */
import ICAL from 'ical.js';
import { textOf } from './text-bytes.ts';

/** A property as jCal has it (RFC 7265): texts unescaped, dates as `2026-06-15T10:00:00`, rules taken apart. */
export interface IcsProperty { name: string; parameters: Record<string, string | string[]>; type: string; values: unknown[] }
export interface IcsComponent { name: string; properties: IcsProperty[]; parts: IcsComponent[]; /** Names of properties that could not be read. */ broken: string[] }

/** Properties that are read; whatever else a file holds is none of ours, and may be megabytes of pictures. */
const READ = new Set([
  'uid', 'recurrence-id', 'dtstart', 'dtend', 'duration', 'rrule', 'rdate', 'exdate', 'summary', 'description', 'location', 'status', 'organizer', 'attendee', 'categories', 'priority', 'url', 'attach',
  'conference', 'x-google-conference', 'x-microsoft-skypeteamsmeetingurl', 'tzid', 'tzoffsetto', 'tzoffsetfrom',
]);

/** `bytes`: from BEGIN to END. Folded lines are joined before the bytes become text, because some programs fold within a character. */
export function readComponent(bytes: Uint8Array): IcsComponent {
  const open: IcsComponent[] = [{ name: '', properties: [], parts: [], broken: [] }];
  for (const line of textOf(unfolded(bytes), null).split(/\r?\n|\r/)) {
    const name = /^[A-Za-z0-9-]+/.exec(line)?.[0].toLowerCase() ?? '', inside = open.at(-1)!;
    if (name === 'begin') {
      const part: IcsComponent = { name: line.slice(6).trim().toLowerCase(), properties: [], parts: [], broken: [] };
      inside.parts.push(part);
      open.push(part);
    } else if (name === 'end') {
      if (open.length > 1) open.pop();
    } else if (READ.has(name)) {
      const property = readProperty(line, name);
      if (property) inside.properties.push(property); else inside.broken.push(name.toUpperCase());
    }
  }
  return open[0]!.parts[0] ?? open[0]!;
}

function readProperty(line: string, name: string): IcsProperty | null {
  // Only that there is something is asked of it, and it may be long.
  if (name === 'attach') return { name, parameters: {}, type: 'text', values: [''] };
  try {
    const [, parameters, type, ...values] = ICAL.parse.property(line) as [string, Record<string, string | string[]>, string, ...unknown[]];
    return { name, parameters, type, values };
  } catch {
    return null;
  }
}

const LF = 10, CR = 13, SPACE = 32, TAB = 9;

function unfolded(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const at = bytes[i] === CR && bytes[i + 1] === LF ? i + 1 : i;
    if (bytes[at] === LF && (bytes[at + 1] === SPACE || bytes[at + 1] === TAB)) { i = at + 1; continue; }
    plain[length++] = bytes[i]!;
  }
  return plain.subarray(0, length);
}
