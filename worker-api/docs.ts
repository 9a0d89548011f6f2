/** `/openapi.json` for machines and `/docs` for people: both read worker-api/openapi. The page is plain HTML and one stylesheet; nothing on it runs. */
import { html, raw } from 'hono/html';
import { openApiDocument } from './openapi.ts';
import type { App } from './route.ts';

type Html = ReturnType<typeof html>;
/** Of a JSON Schema what a reader needs. https://json-schema.org/draft/2020-12 */
interface Schema { $ref?: string; type?: string | string[]; format?: string; enum?: unknown[]; const?: unknown; items?: Schema; anyOf?: Schema[]; oneOf?: Schema[]; properties?: Record<string, Schema>; required?: string[]; default?: unknown; minimum?: number; maximum?: number; minLength?: number; maxLength?: number; additionalProperties?: Schema | boolean }
interface Parameter { in: string; name: string; required?: boolean; schema: Schema }
type Content = Record<string, { schema: Schema }>;
interface Operation { operationId: string; summary: string; description: string; tags: string[]; parameters?: Parameter[]; requestBody?: { content: Content }; responses: Record<string, { content?: Content }> }

/** Nothing runs here, and the only thing loaded is the stylesheet. */
const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function serveDocs(app: App): void {
  app.get('/openapi.json', (context) => context.json(openApiDocument(), 200, { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' }));
  app.get('/docs', (context) => {
    context.header('content-security-policy', POLICY);
    context.header('cache-control', 'public, max-age=300');
    return context.html(page());
  });
}

function page(): Html {
  const { info, tags = [], paths = {}, components } = openApiDocument();
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ path, method, ...operation })));
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Historical Sync: the API</title><link rel="icon" href="/mark.svg"><link rel="stylesheet" href="/docs.css"></head><body>
<header><h1>${info.title}: the API</h1>${(info.description ?? '').split('\n\n').map((text) => html`<p>${coded(text)}</p>`)}<p>For machines: <a href="/openapi.json">openapi.json</a></p></header>
<nav aria-label="Contents"><ul>${tags.map(({ name }) => html`<li><a href="#${name}">${name}</a></li>`)}<li><a href="#Things">Things</a></li></ul></nav>
<main>${tags.map(({ name, description }) => html`<section id="${name}"><h2>${name}</h2><p>${description}</p>${operations.filter((one) => one.tags.includes(name)).map(operationOf)}</section>`)}
<section id="Things"><h2>Things</h2><p>What more than one answer speaks of.</p>${Object.entries((components?.schemas ?? {}) as Record<string, Schema>).map(([name, schema]) => html`<article id="thing-${name}"><h3>${name}</h3>${shapeOf(schema)}</article>`)}</section></main>
</body></html>`;
}

/** `code` as it is written in the sentences of the document. */
const coded = (text: string): (string | Html)[] => text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part));

function operationOf({ path, method, operationId, summary, description, parameters = [], requestBody, responses }: Operation & { path: string; method: string }): Html {
  const body = Object.entries(requestBody?.content ?? {}), [status, success] = Object.entries(responses)[0]!, answer = Object.entries(success.content ?? {});
  return html`<article id="${operationId}"><h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3><p>${summary}. ${coded(description)}</p>
${parameters.length > 0 ? html`<table><thead><tr><th scope="col">Parameter</th><th scope="col">In</th><th scope="col">What</th></tr></thead><tbody>${parameters.map((one) => html`<tr><td><code>${one.name}</code>${one.required ? '' : ' (optional)'}</td><td>${one.in}</td><td>${wordsOf(one.schema)}</td></tr>`)}</tbody></table>` : ''}
${body.map(([media, { schema }]) => html`<details><summary>Body: <code>${media}</code></summary>${shapeOf(schema)}</details>`)}
${answer.length === 0 ? html`<p class="answer">Answers ${status}, without a body.</p>` : answer.map(([media, { schema }]) => html`<details><summary>Answers ${status}: <code>${media}</code></summary>${shapeOf(schema)}</details>`)}</article>`;
}

/** The fields of an object as a table; anything else in words. */
function shapeOf(schema: Schema): Html {
  const required = new Set(schema.required), fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return html`<p>${wordsOf(schema)}</p>`;
  return html`<table><thead><tr><th scope="col">Field</th><th scope="col">What</th></tr></thead><tbody>${fields.map(([name, field]) => html`<tr><td><code>${name}</code>${required.has(name) ? '' : ' (optional)'}</td><td>${wordsOf(field)}</td></tr>`)}</tbody></table>`;
}

/** "array of Job", "text (date-time) or null", "one of: off, hourly, daily". */
function wordsOf(schema: Schema): Html {
  const { $ref, anyOf, oneOf, items, properties, additionalProperties } = schema;
  if ($ref) return html`<a href="#thing-${$ref.split('/').at(-1)}">${$ref.split('/').at(-1)}</a>`;
  const either = anyOf ?? oneOf;
  if (either) return html`${either.map((one, i) => html`${i > 0 ? ' or ' : ''}${wordsOf(one)}`)}`;
  if (items) return html`list of ${wordsOf(items)}`;
  if (properties && Object.keys(properties).length > 0) return html`<details><summary>object</summary>${shapeOf(schema)}</details>`;
  if (typeof additionalProperties === 'object') return html`object of ${wordsOf(additionalProperties)}`;
  return html`${plainWords(schema)}`;
}

function plainWords({ type, format, enum: values, const: constant, default: standard, minimum, maximum, minLength, maxLength }: Schema): Html {
  const kind = values ? `one of: ${values.join(', ')}` : constant !== undefined ? JSON.stringify(constant) : [type ?? 'anything'].flat().map((one) => (one === 'string' ? 'text' : one)).join(' or ');
  const more = [format, minimum !== undefined && `from ${minimum}`, maximum !== undefined && `to ${maximum}`, minLength !== undefined && minLength > 0 && `at least ${minLength} characters`, maxLength !== undefined && `at most ${maxLength} characters`, standard !== undefined && `left out: ${JSON.stringify(standard)}`].filter(Boolean);
  return html`${kind}${more.length > 0 ? raw(` <small>(${more.join(', ').replaceAll('&', '&amp;').replaceAll('<', '&lt;')})</small>`) : ''}`;
}
