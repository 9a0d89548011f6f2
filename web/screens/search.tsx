/** Search: a question, a mode, the hits with their words marked, and how far back the answer can be trusted. */
import { useEffect, useRef, useState } from 'react';
import { SearchMode } from '#contract/memory';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { Button, Empty, Link, Notice, PageHead, Skeleton } from '../parts/basics.tsx';
import { useConnections } from '../state/sources.ts';
import { EntityChips } from '../parts/entity-chips.tsx';
import { Icon } from '../parts/icon.tsx';
import { Snippet, unmarked } from '../parts/marked.tsx';
import { filtersOf, SearchFilterBar } from '../parts/search-filters.tsx';
import { Segments } from '../parts/segments.tsx';
import { newestFirst, useJobBook } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { accountsOf, integrationTitle, listOf, STREAMS_NAMED_MAX, streamTitle } from '../words/job.ts';
import { ago, count, day, moment } from '../words/time.ts';

type Answer = CallAnswer<'search'>;
const FIRST = 20, MOST = 100;
const modes: Record<SearchMode, { label: string; hint: string }> = {
  hybrid: { label: 'Both', hint: 'By words and by meaning together' },
  keyword: { label: 'Words', hint: 'Exactly the words you type' },
  semantic: { label: 'Meaning', hint: 'What is meant, even in other words' },
};
const ideas = ['invoice', 'meeting next week', 'contract', 'travel'];

export function SearchScreen() {
  const { query } = usePlace();
  const q = (query.get('q') ?? '').trim(), mode = SearchMode.safeParse(query.get('mode')).data ?? 'hybrid', filters = filtersOf(query), { person } = filters;
  const [limits, setLimits] = useState({ key: '', limit: FIRST });
  const key = JSON.stringify([q, mode, filters]);
  const limit = limits.key === key ? limits.limit : FIRST;
  const found = useResource(q ? `search:${key}:${limit}` : null, (signal) => callRoute('search', { query: { q, mode, limit, ...filters } }, { signal }));
  // While the next answer is on its way the last one stays, dimmed: nothing jumps under the reader's eyes.
  const last = useRef<Answer | undefined>(undefined);
  useEffect(() => { if (found.data) last.current = found.data; else if (!q) last.current = undefined; }, [found.data, q]);
  const answer = q ? found.data ?? last.current : undefined;
  const stale = q !== '' && !found.data;

  return (
    <>
      <PageHead title="Search" />
      <div className="search-bar">
        <Segments label="Search by" value={mode} options={SearchMode.options.map((value) => ({ value, ...modes[value] }))} onChange={(next) => navigate(hrefWith({ mode: next === 'hybrid' ? null : next }), { replace: true })} />
        <SearchFilterBar />
        {person && <Link className="chip chip-link" to={hrefWith({ person: null })} aria-label={`No longer only ${person}`}><Icon name="person" /><span>{person}</span><Icon name="close" /></Link>}
        <p className="search-sum" role="status">{answer && !stale ? `${answer.results.length === limit ? 'First ' : ''}${count(answer.results.length, 'result')} in ${Math.max(1, Math.round(answer.took_ms))} ms` : stale && !found.error ? 'Searching …' : ''}</p>
      </div>
      {found.error && <Notice tone="bad" alert actions={<Button onClick={found.reload}>Try again</Button>}>{found.error.message}</Notice>}
      {!q && <FirstWords />}
      {q && !answer && !found.error && <div className="hits"><Skeleton lines={3} className="hit" /><Skeleton lines={3} className="hit" /><Skeleton lines={3} className="hit" /></div>}
      {answer && <Watermarks answer={answer} />}
      {answer && !found.error && answer.results.length === 0 && !stale && <NothingFound q={q} mode={mode} onAgain={found.reload} narrowed={Boolean(person ?? filters.integration ?? filters.from ?? filters.to)} />}
      {answer && answer.results.length > 0 && !(found.error && stale) && (
        <ol className={stale ? 'hits hits-stale' : 'hits'} aria-busy={stale}>
          {answer.results.map((hit) => <Hit key={hit.record_id} hit={hit} watermarks={answer.watermarks} />)}
        </ol>
      )}
      {answer && !stale && answer.results.length === limit && limit < MOST && <div className="more"><Button busy={found.loading} onClick={() => setLimits({ key, limit: Math.min(MOST, limit * 2) })}>Show more</Button></div>}
    </>
  );
}

function Hit({ hit, watermarks }: { hit: Answer['results'][number]; watermarks: Answer['watermarks'] }) {
  const stream = streamTitle({ name: hit.stream, title: watermarks.find((one) => one.stream === hit.stream)?.title });
  return (
    <li className="hit">
      <div className="hit-head">
        <Link to={hrefWith({ record: hit.record_id })} className="hit-title">{unmarked(hit.title) || 'No subject'}</Link>
        <time dateTime={hit.occurred_at} title={moment(hit.occurred_at)}>{ago(hit.occurred_at)}</time>
      </div>
      <p className="hit-snippet"><Snippet text={hit.snippet} /></p>
      <div className="hit-foot">
        <span className="hit-source">{[integrationTitle(hit.integration_id), stream].filter(Boolean).join(' · ')}</span>
        {hit.url && <a className="text-link" href={hit.url} target="_blank" rel="noopener noreferrer">Original<Icon name="external" /><span className="visually-hidden"> of {unmarked(hit.title)}, in a new tab</span></a>}
        <EntityChips entities={hit.entities} most={5} />
      </div>
    </li>
  );
}

/** How far back the answer can be trusted: an honest search says what it has not read yet. */
function Watermarks({ answer }: { answer: Answer }) {
  const connections = useConnections(), { jobs } = useJobBook();
  const accounts = accountsOf(connections.data?.connections), several = new Set(answer.watermarks.map((one) => one.connection_id)).size > 1;
  const running = newestFirst(jobs).some(({ job }) => job.status === 'running');
  if (answer.watermarks.length === 0) return <p className="watermark"><Icon name="clock" />{running ? 'The first days are being read. Older results follow as the sync goes on.' : 'No account has been read completely for any range yet, so something may be missing.'}</p>;
  const byDay = Map.groupBy(answer.watermarks, (one) => day(one.complete_back_to));
  const said = [...byDay].map(([since, ones]) => `${listOf(shortly(ones).map((one) => `${one.title}${several ? ` of ${accounts.get(one.connection_id) ?? integrationTitle(one.integration_id)}` : ''}`))} complete back to ${since}`);
  return <p className="watermark"><Icon name="clock" />{said.join('; ')}.{running && ' Older ones are still being read.'}</p>;
}

/** A few streams by name; more of one account as a number. */
function shortly(watermarks: Answer['watermarks']): { title: string; connection_id: string; integration_id: Answer['watermarks'][number]['integration_id'] }[] {
  return [...Map.groupBy(watermarks, (one) => one.connection_id).values()].flatMap((ones) =>
    (ones.length > STREAMS_NAMED_MAX ? [{ ...ones[0]!, title: `${ones.length} parts` }] : ones.map((one) => ({ ...one, title: streamTitle({ name: one.stream, title: one.title }) }))));
}

function FirstWords() {
  return (
    <Empty icon="search" title="What are you looking for?" action={<ul className="chips chips-center" aria-label="Ideas">{ideas.map((idea) => <li key={idea}><Link className="chip chip-link" to={hrefWith({ q: idea })}><span>{idea}</span></Link></li>)}</ul>}>
      Names, words from a subject, or a question in your own words. Press <kbd>/</kbd> to type from anywhere.
    </Empty>
  );
}

function NothingFound({ q, mode, narrowed, onAgain }: { q: string; mode: SearchMode; narrowed: boolean; onAgain: () => void }) {
  const { jobs, loaded } = useJobBook(), reading = newestFirst(jobs).some(({ job }) => job.status === 'running' || job.status === 'pending');
  if (loaded && jobs.size === 0) return <Empty icon="search" title="Nothing is in memory yet" action={<Link to="/integrations" className="button button-primary"><span>Connect an account</span></Link>}>Connect an account and read its past. The first results come within seconds.</Empty>;
  return (
    <Empty icon="search" title={`Nothing found for “${q}”${reading ? ' yet' : ''}`} action={<div className="empty-links">
      {reading && <Button kind="primary" icon="refresh" onClick={onAgain}>Ask again</Button>}
      {mode === 'keyword' && <Link className="button button-plain" to={hrefWith({ mode: 'semantic' })}><span>Search by meaning</span></Link>}
      {narrowed && <Link className="button button-plain" to={hrefWith({ person: null, integration: null, from: null, to: null })}><span>Search everything</span></Link>}
      {mode !== 'keyword' && !narrowed && <Link className="button button-plain" to="/search"><span>Start over</span></Link>}
    </div>}>
      {reading && 'A sync is still reading; what it stores is found at once. '}
      {narrowed ? 'Within what you chose, that is.' : mode === 'keyword' ? 'No record has these words.' : 'Try fewer or other words.'}
    </Empty>
  );
}
