/** Keys for scripts and agents: made here, shown once, revoked here. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { useResource } from '../state/resource.ts';
import { scopeWords } from '../words/accounts.ts';
import { ago, day, isPast } from '../words/time.ts';
import { Badge, Button, IconButton, Notice, Skeleton } from './basics.tsx';
import { Confirm } from './dialog.tsx';
import { NewKeyDialog } from './new-key-dialog.tsx';

type Key = CallAnswer<'listApiKeys'>['keys'][number];

export function ApiKeysCard() {
  const { data, error, reload } = useResource('api-keys', (signal) => callRoute('listApiKeys', {}, { signal }));
  const [open, setOpen] = useState(false), [going, setGoing] = useState<Key | null>(null);
  return (
    <section className="card" aria-labelledby="keys">
      <div className="card-line"><h2 id="keys">API keys</h2><Button icon="plus" onClick={() => setOpen(true)}>New key</Button></div>
      <p className="quiet keys-lead">For scripts and agents. A key can do no more than whoever made it, and stops when that person leaves.</p>
      {error && <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice>}
      {!data && !error && <Skeleton lines={3} />}
      {data?.keys.length === 0 && <p className="quiet">There is none yet.</p>}
      {data && data.keys.length > 0 && <ul className="people" aria-label="API keys">{data.keys.map((one) => <KeyRow key={one.key_id} of={one} onRevoke={() => setGoing(one)} />)}</ul>}
      <NewKeyDialog open={open} onClose={() => setOpen(false)} onDone={reload} />
      <Confirm open={going !== null} onClose={() => setGoing(null)} title={`Revoke ${going?.name ?? 'the key'}?`} yes="Revoke" no="Keep" text="Whatever uses it is refused from the next request on. This cannot be taken back."
        act={async () => { if (going) await callRoute('revokeApiKey', { params: { key_id: going.key_id } }); reload(); }} />
    </section>
  );
}

function KeyRow({ of: { name, prefix, scopes, created_by, expires_at, last_used_at }, onRevoke }: { of: Key; onRevoke: () => void }) {
  const isOver = expires_at !== null && isPast(expires_at);
  return (
    <li className="person">
      <div className="person-name">
        <strong>{name} <code>{prefix}…</code></strong>
        <small>{created_by ? `by ${created_by.name}, ` : ''}{last_used_at ? `used ${ago(last_used_at)}` : 'never used'}{expires_at && `, ${isOver ? 'expired' : 'good until'} ${day(expires_at)}`}</small>
      </div>
      <span className="person-role">{isOver ? <Badge tone="warn">Expired</Badge> : scopes.map((one) => <Badge key={one} tone="neutral">{scopeWords[one].label}</Badge>)}</span>
      <span className="person-act"><IconButton icon="trash" label={`Revoke ${name}`} onClick={onRevoke} /></span>
    </li>
  );
}
