/** Back from consent, anywhere in the app: `?connected=<connection_id>`. A new account gets the prompt once, a reconnected one just a word. */
import { useEffect, useState } from 'react';
import { keep, kept } from '../state/kept.ts';
import { useJobBook } from '../state/jobs.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { useConnections } from '../state/sources.ts';
import type { Connection } from '../state/sources.ts';
import { toast } from '../state/toasts.ts';
import { StartDialog } from './start-dialog.tsx';

/** The prompt waits this long, so that one sees first that connecting worked. */
const PROMPT_AFTER_MS = 1_000;

export function AfterConnecting() {
  const { path, query } = usePlace(), { jobs, loaded } = useJobBook(), { data } = useConnections();
  const connectedId = query.get('connected'), back = connectedId !== null || query.has('connect_error');
  const [prompted, setPrompted] = useState<Connection | null>(null);
  const [open, setOpen] = useState(false);
  // The provider sends people back to the front page; what they came for is here.
  useEffect(() => { if (path === '/' && back) navigate(`/integrations${location.search}`, { replace: true }); }, [path, back]);

  const connected = data?.connections.find((one) => one.connection_id === connectedId);
  const syncedBefore = connected !== undefined && [...jobs.values()].some(({ job }) => job.source_connection_id === connected.connection_id);
  useEffect(() => {
    if (!connected || !loaded || path === '/') return;
    const settle = (): void => navigate(hrefWith({ connected: null }), { replace: true });
    const asked = `prompted.${connected.connection_id}`;
    if (syncedBefore) { settle(); toast({ tone: 'good', title: 'Reconnected', text: `${connected.account} lets us in again.` }); return; }
    if (kept(asked)) { settle(); return; }
    const timer = setTimeout(() => { keep(asked, 'yes'); setPrompted(connected); setOpen(true); settle(); }, PROMPT_AFTER_MS);
    return () => clearTimeout(timer);
    // The connection's identity is what counts, not each fresh copy of it.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [connected?.connection_id, loaded, syncedBefore, path]);

  return prompted && <StartDialog prompt open={open} onClose={() => setOpen(false)} connection={prompted} />;
}
