/** Before leaving for the provider's consent: what will be asked for, in words. */
import { callRoute } from '../client/index.ts';
import { useIntegrations } from '../state/sources.ts';
import type { Integration } from '../state/sources.ts';
import { Button, Notice } from './basics.tsx';
import { Dialog, useAction } from './dialog.tsx';
import { Icon } from './icon.tsx';

interface Props { open: boolean; onClose: () => void; integrationId: Integration['integration_id']; title: string; loginHint?: string | undefined; again?: boolean }

export function ConnectDialog({ open, onClose, integrationId, title, loginHint, again = false }: Props) {
  const { data } = useIntegrations();
  const { busy, error, run } = useAction();
  const scopes = data?.integrations.find((one) => one.integration_id === integrationId)?.scopes ?? [];

  const leave = (): Promise<boolean> => run(async () => {
    const { authorize_url } = await callRoute('authorizeConnection', { params: { integration_id: integrationId }, body: loginHint ? { login_hint: loginHint } : {} });
    const to = new URL(authorize_url);
    if (to.protocol !== 'https:' && to.protocol !== 'http:') throw new Error('not a web address');
    location.assign(to.href);
    // Stay busy until the browser has left.
    await new Promise(() => {});
  });

  return (
    <Dialog open={open} onClose={onClose} title={again ? `Reconnect ${title}` : `Connect ${title}`}
      lead={again ? `${loginHint ?? 'The account'} no longer lets us in. Sign in once more; everything already in memory stays, and a paused sync goes on where it stopped.` : `You sign in at ${title} and decide there. We never see your password.`}>
      <h3 className="dialog-label">You will be asked to allow</h3>
      <ul className="ticks">
        {scopes.map((one) => <li key={one.scope}><Icon name="check" /><span>{one.in_words}</span></li>)}
      </ul>
      <p className="fine"><Icon name="shield" />Access is sealed with AES-256 and can be withdrawn here at any time.</p>
      {error && <Notice tone="bad" alert>{error}</Notice>}
      <div className="dialog-foot">
        <Button onClick={onClose}>Not now</Button>
        <Button kind="primary" busy={busy} onClick={() => void leave()}>Continue to {title}</Button>
      </div>
    </Dialog>
  );
}
