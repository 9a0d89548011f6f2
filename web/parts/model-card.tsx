/** The team's own model: its key (which never comes back), its address, its name, and whether it answers. */
import { useEffect, useState } from 'react';
import { ENRICH_MODEL_DEFAULT } from '#contract/limits';
import { modelTokensPerMonth } from '#contract/plans';
import { MODEL_KEY_NAME } from '#contract/secrets';
import type { EmbeddingState, ModelTest, Secret } from '#contract/secrets';
import { callRoute } from '../client/index.ts';
import { useResource } from '../state/resource.ts';
import type { Me } from '../state/session.ts';
import { toast } from '../state/toasts.ts';
import { ago, compact, number, span } from '../words/time.ts';
import { Badge, Button, Link, Notice, Skeleton } from './basics.tsx';
import { Confirm, useAction } from './dialog.tsx';

const path = { params: { name: MODEL_KEY_NAME } } as const;

export function ModelCard({ me }: { me: Me }) {
  const { data, error, reload } = useResource('secrets', (signal) => callRoute('listSecrets', {}, { signal }));
  const kept = data?.secrets.find((one) => one.name === MODEL_KEY_NAME) ?? null, tokens = modelTokensPerMonth[me.tenant.plan];
  return (
    <section className="card" aria-labelledby="model">
      <div className="card-line"><h2 id="model">Your model</h2>{kept && <Badge tone="good">Key kept{kept.last4 && `: …${kept.last4}`}</Badge>}</div>
      <p className="quiet keys-lead">With a key of your own, a model reads what is in memory and adds people, topics and relations that rules do not see. OpenAI, or any service that speaks its language. Without one everything else works.</p>
      {tokens === 0 && <Notice tone="warn" actions={<Link to="/settings/plan" className="text-link">See the plan</Link>}>The {me.tenant.plan} plan has no reading by a model. A key is kept, but not used.</Notice>}
      {error && <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice>}
      {!data && !error && <Skeleton lines={4} />}
      {kept?.embedding && <Embedding state={kept.embedding} reload={reload} />}
      {data && <ModelForm key={kept?.updated_at ?? 'none'} kept={kept} onChange={reload} />}
      {tokens > 0 && <p className="fine"><span>Your plan reads up to {compact(tokens)} tokens a month. Secrets are taken out before anything is read: <Link to="/settings/redaction" className="text-link">which ones</Link>.</span></p>}
    </section>
  );
}

/** Looked at again while vectors are being made. */
const LOOK_AGAIN_MS = 5_000;

function Embedding({ state: { model, is_used: isUsed, done, total, message }, reload }: { state: EmbeddingState; reload: () => void }) {
  useEffect(() => {
    if (isUsed) return undefined;
    const timer = setInterval(reload, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isUsed, reload]);
  if (message) return <Notice tone="warn">{message}</Notice>;
  return <p className="fine" role="status">{isUsed ? `Searches use ${model}.` : `Re-embedding ${number(done)} of ${number(total)} records with ${model}. Until it is done, searches work as before.`}</p>;
}

function ModelForm({ kept, onChange }: { kept: Secret | null; onChange: () => void }) {
  const [value, setValue] = useState(''), [address, setAddress] = useState(kept?.base_url ?? ''), [model, setModel] = useState(kept?.model ?? ''), [embedding, setEmbedding] = useState(kept?.embedding_model ?? '');
  const [asking, setAsking] = useState(false), saving = useAction(), testing = useAction(), [tested, setTested] = useState<ModelTest | null>(null);
  const save = (): void => void saving.run(async () => {
    await callRoute('putSecret', { ...path, body: { value: value.trim(), ...(address.trim() ? { base_url: address.trim() } : {}), ...(model.trim() ? { model: model.trim() } : {}), ...(embedding.trim() ? { embedding_model: embedding.trim() } : {}) } });
    toast({ tone: 'good', title: 'The key is kept', text: 'Sealed with AES-256. It never comes back out of here.' });
    onChange();
  });
  const test = (): void => void testing.run(async () => { setTested(null); setTested(await callRoute('testModel', {})); });
  return (
    <form className="form" onSubmit={(event) => { event.preventDefault(); if (!saving.busy) save(); }}>
      <label className="field">{kept ? 'Another key' : 'Key'}<input type="password" required autoComplete="off" spellCheck={false} value={value} placeholder={kept ? `kept since ${ago(kept.updated_at)}` : 'sk-…'} onChange={(event) => setValue(event.target.value)} /></label>
      <div className="form-two">
        <label className="field">Address<input type="url" autoComplete="off" value={address} placeholder="https://api.openai.com/v1" onChange={(event) => setAddress(event.target.value)} /></label>
        <label className="field">Model<input autoComplete="off" spellCheck={false} value={model} placeholder={ENRICH_MODEL_DEFAULT} onChange={(event) => setModel(event.target.value)} /></label>
        <label className="field">Embedding model<input autoComplete="off" spellCheck={false} value={embedding} placeholder="none: local vectors" onChange={(event) => setEmbedding(event.target.value)} /></label>
      </div>
      {kept && <p className="fine">Whoever changes the address or a model enters the key again.</p>}
      {saving.error && <Notice tone="bad" alert>{saving.error}</Notice>}
      {testing.error && <Notice tone="bad" alert>{testing.error}</Notice>}
      <div role="status">{tested && <Notice tone={tested.works ? 'good' : 'bad'}>{tested.message}{tested.works && ` It took ${tested.took_ms < 1_000 ? 'less than a second' : span(tested.took_ms / 1_000)}.`}</Notice>}</div>
      <div className="form-foot">
        {kept && <Button kind="quiet" icon="trash" onClick={() => setAsking(true)}>Forget the key</Button>}
        {kept && <Button icon="bolt" busy={testing.busy} onClick={test}>Test</Button>}
        <Button kind="primary" type="submit" busy={saving.busy}>{kept ? 'Replace' : 'Keep'}</Button>
      </div>
      <Confirm open={asking} onClose={() => setAsking(false)} title="Forget the key?" yes="Forget" no="Keep it" text="Nothing more is read by a model. What it found stays in memory."
        act={async () => { await callRoute('deleteSecret', path); onChange(); }} />
    </form>
  );
}
