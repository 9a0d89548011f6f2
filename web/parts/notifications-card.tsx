/** Whether this browser may say it, when a sync ends while one looks elsewhere. */
import { Switch } from 'radix-ui';
import { setNotify, useNotify } from '../state/notify.ts';
import { Notice } from './basics.tsx';

export function NotificationsCard() {
  const state = useNotify();
  return (
    <section className="card" aria-labelledby="notices">
      <div className="card-line">
        <div><h2 id="notices">Notices of the browser</h2><p className="quiet">When a sync is complete or stops while you look elsewhere. Within the app you are told anyway.</p></div>
        <Switch.Root className="switch" checked={state === 'on'} disabled={state === 'impossible' || state === 'blocked'} onCheckedChange={(on) => void setNotify(on)} aria-labelledby="notices"><Switch.Thumb className="switch-thumb" /></Switch.Root>
      </div>
      {state === 'blocked' && <Notice tone="warn">This browser refuses notices from here. Allow them in its settings for this site, then come back.</Notice>}
      {state === 'impossible' && <Notice tone="neutral">This browser has no notices.</Notice>}
    </section>
  );
}
