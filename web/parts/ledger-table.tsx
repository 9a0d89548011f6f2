/** The books of a sync: everything the provider showed is accounted for, or it says that it is not. */
import { isBalanced } from '#contract/job';
import type { HistoricalSyncJob } from '../client/index.ts';
import { number } from '../words/time.ts';
import { Badge } from './basics.tsx';

const ledgerColumns = [
  ['stored', 'New in memory'], ['unchanged', 'Known already'], ['duplicate', 'Met twice'], ['failed', 'Not readable'],
] as const;
/** The books: everything seen is accounted for. */
export function LedgerTable({ job }: { job: HistoricalSyncJob }) {
  const { ledger } = job, balanced = isBalanced(ledger);
  return (
    <table className="ledger">
      <caption className="visually-hidden">Ledger: what became of every record the provider showed</caption>
      <tbody>
        {ledgerColumns.map(([key, label]) => <tr key={key}><th scope="row">{label}</th><td>{number(ledger[key])}</td></tr>)}
        <tr className="ledger-sum"><th scope="row">Seen at the provider</th><td>{number(ledger.seen)}</td></tr>
      </tbody>
      <tfoot><tr><td colSpan={2}><Badge tone={balanced ? 'good' : 'warn'}>{balanced ? 'Balanced' : job.status === 'running' ? 'Counting' : 'Does not balance'}</Badge></td></tr></tfoot>
    </table>
  );
}
