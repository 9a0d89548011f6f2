/** Shows the notices of state/toasts, read out by screen readers, paused while one looks at them. */
import { Toast } from 'radix-ui';
import { dismissToast, useToasts } from '../state/toasts.ts';
import { IconButton, Link } from './basics.tsx';
import { Icon } from './icon.tsx';

const SHOWN_MS = 8_000;

export function Toaster() {
  const toasts = useToasts();
  return (
    <Toast.Provider duration={SHOWN_MS} label="Notice">
      {toasts.map((one) => (
        <Toast.Root key={one.id} className={`toast tone-${one.tone}`} onOpenChange={(open) => { if (!open) dismissToast(one.id); }}>
          <Icon name={one.tone === 'good' ? 'check' : one.tone === 'bad' || one.tone === 'warn' ? 'alert' : 'info'} />
          <div className="toast-body">
            <Toast.Title className="toast-title">{one.title}</Toast.Title>
            {one.text && <Toast.Description className="toast-text">{one.text}</Toast.Description>}
            {one.link && <Toast.Action altText={one.link.label} asChild><Link to={one.link.to} className="text-link">{one.link.label}</Link></Toast.Action>}
          </div>
          <Toast.Close asChild><IconButton icon="close" label="Dismiss" /></Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="toasts" />
    </Toast.Provider>
  );
}
