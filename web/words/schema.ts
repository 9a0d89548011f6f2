/** A JSON Schema of a found type's properties, as people read it: name, what kind of value, whether always there. Pure. */
import type { EntityTypeDefinition } from '#contract/entity-types';

interface Particular { name: string; kind: string; always: boolean }

const formats: Record<string, string> = { date: 'date', 'date-time': 'date and time', uri: 'web address', email: 'e-mail address' };
const types: Record<string, string> = { string: 'text', integer: 'whole number', number: 'number', boolean: 'yes or no', array: 'list', object: 'group of values' };

const asObject = (value: unknown): Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};

/** `invoice_no` -> `Invoice no`. */
export function nameInWords(key: string): string {
  const words = key.replaceAll('_', ' ').replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().replace(/\burl\b/, 'address').replace(/\bid\b/, 'ID');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What the samples have in common; what is always there first. A property that is only ever empty is left out. */
export function particularsOf({ json_schema }: Pick<EntityTypeDefinition, 'json_schema'>): Particular[] {
  const required = Array.isArray(json_schema['required']) ? json_schema['required'] : [];
  return Object.entries(asObject(json_schema['properties'])).flatMap(([key, value]) => {
    const { type, format } = asObject(value), known = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null' && typeof one === 'string') as string[];
    if (known.length === 0) return [];
    return [{ name: nameInWords(key), kind: known.map((one) => one === 'string' && typeof format === 'string' ? formats[format] ?? types['string']! : types[one] ?? one).join(' or '), always: required.includes(key) }];
  }).sort((a, b) => Number(b.always) - Number(a.always) || a.name.localeCompare(b.name));
}
