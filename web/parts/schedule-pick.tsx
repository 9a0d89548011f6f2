/** How often an account is brought up to date by itself, and when next. The change holds at once. */
import { DropdownMenu } from 'radix-ui';
import type { Schedule } from '#contract/api';
import { callRoute } from '../client/index.ts';
import type { Connection } from '../state/sources.ts';
import { toast } from '../state/toasts.ts';
import { moment, until } from '../words/time.ts';
import { useAction } from './dialog.tsx';
import { Icon } from './icon.tsx';

/** Of each schedule its name, and what it does in a sentence. */
export const scheduleWords: Record<Schedule, { label: string; said: string }> = {
  off: { label: 'Only when asked', said: 'It is brought up to date only when you ask.' },
  hourly: { label: 'Every hour', said: 'What is new comes into memory every hour.' },
  daily: { label: 'Every day', said: 'What is new comes into memory every day.' },
};

export function SchedulePick({ connection, onChange }: { connection: Connection; onChange: () => void }) {
  const action = useAction();
  const choose = (every: Schedule): void => void action.run(async () => {
    await callRoute('setSchedule', { params: { connection_id: connection.connection_id }, body: { every } });
    toast({ tone: 'good', title: connection.account, text: scheduleWords[every].said });
    onChange();
  }).then((done) => { if (!done) toast({ tone: 'bad', title: 'The schedule was not changed', text: 'Try again in a moment.' }); });
  const next = connection.next_sync_at;
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="pick" disabled={connection.status === 'revoked' || action.busy} title={next ? moment(next) : undefined}>
        <span className="visually-hidden">Schedule of {connection.account}: </span>{next ? until(next) : 'only when asked'}<Icon name="down" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="start" sideOffset={4} collisionPadding={8}>
          <DropdownMenu.RadioGroup value={connection.schedule} onValueChange={(value) => choose(value as Schedule)} aria-label="Schedule">
            {(Object.keys(scheduleWords) as Schedule[]).map((one) => (
              <DropdownMenu.RadioItem key={one} value={one} className="menu-item">{scheduleWords[one].label}<DropdownMenu.ItemIndicator className="menu-tick"><Icon name="check" /></DropdownMenu.ItemIndicator></DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
