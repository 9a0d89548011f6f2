/** Which secrets are taken out of records before anything stores or reads them, and how many were. Switching one off asks first; counts only, never what was found. */
import { useState } from 'react';
import { Switch } from 'radix-ui';
import type { RedactionPattern, RedactionSettings, SecretKind } from '#contract/redaction';
import { callRoute } from '../client/index.ts';
import { useResource } from '../state/resource.ts';
import { toast } from '../state/toasts.ts';
import { foundWords, patternTexts, patternTitles } from '../words/redaction.ts';
import { ago } from '../words/time.ts';
import { Button, Notice, Skeleton } from './basics.tsx';
import { Confirm, useAction } from './dialog.tsx';

export function RedactionCard() {
  const { data, error, reload } = useResource('redaction', (signal) => callRoute('getRedaction', {}, { signal }));
  return (
    <section className="card" aria-labelledby="redaction">
      <h2 id="redaction">Secrets in records</h2>
      <p className="quiet keys-lead">What is switched on is replaced by a word like [redacted:password] before a record is stored, searched or read by a model. Nobody can bring it back, for it is never kept.</p>
      {!data && (error ? <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice> : <Skeleton lines={5} />)}
      {data && <Patterns settings={data} onChange={reload} />}
      <p className="fine">A change holds from the next page that a sync reads. Records in memory stay as they are until a sync meets them again: start one over their time to have them read anew.</p>
      {data?.changed_at && <p className="fine">Last changed {ago(data.changed_at)}.</p>}
    </section>
  );
}

function Patterns({ settings, onChange }: { settings: RedactionSettings; onChange: () => void }) {
  const [leaving, setLeaving] = useState<RedactionPattern | null>(null), saving = useAction();
  const put = async (name: SecretKind, isOn: boolean): Promise<void> => {
    await callRoute('putRedaction', { body: { on: settings.patterns.filter((one) => (one.name === name ? isOn : one.is_on)).map((one) => one.name) } });
    onChange();
    toast({ tone: 'good', title: `${patternTitles[name]} ${isOn ? 'are taken out' : 'stay in'} from now on` });
  };
  return (
    <>
      {saving.error && <Notice tone="bad" alert>{saving.error}</Notice>}
      <ul className="people switches" aria-label="Secrets">
        {settings.patterns.map((one) => (
          <li key={one.name} className="person">
            <div className="person-name"><strong id={`secret-${one.name}`}>{patternTitles[one.name]}</strong><small>{patternTexts[one.name]}</small><small>{foundWords(one)}</small></div>
            <span className="person-role">
              <Switch.Root className="switch" checked={one.is_on} disabled={saving.busy} aria-labelledby={`secret-${one.name}`} onCheckedChange={(isOn) => { if (isOn) void saving.run(() => put(one.name, true)); else setLeaving(one); }}><Switch.Thumb className="switch-thumb" /></Switch.Root>
            </span>
          </li>
        ))}
      </ul>
      <Confirm open={leaving !== null} onClose={() => setLeaving(null)} title={leaving ? `Leave ${patternTitles[leaving.name].toLowerCase()} in?` : ''} yes="Leave them in" no="Take them out"
        text="They are stored with the records from now on: everybody in the team finds them, agents and your model read them."
        act={async () => { if (leaving) await put(leaving.name, false); }} />
    </>
  );
}
