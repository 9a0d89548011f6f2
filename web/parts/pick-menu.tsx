/** A word that is chosen from a few, in the middle of a row: a role, an age. */
import { DropdownMenu } from 'radix-ui';
import { Icon } from './icon.tsx';

interface Props<T extends string> { label: string; value: T; options: readonly { value: T; label: string; disabled?: boolean }[]; onChange: (value: T) => void; busy?: boolean }
export function PickMenu<T extends string>({ label, value, options, onChange, busy = false }: Props<T>) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="pick" disabled={busy}><span className="visually-hidden">{label}: </span>{options.find((one) => one.value === value)?.label ?? value}<Icon name="down" /></DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          <DropdownMenu.RadioGroup value={value} onValueChange={(next) => { if (next !== value) onChange(next as T); }} aria-label={label}>
            {options.map((one) => <DropdownMenu.RadioItem key={one.value} value={one.value} className="menu-item" disabled={one.disabled === true}>{one.label}<DropdownMenu.ItemIndicator className="menu-tick"><Icon name="check" /></DropdownMenu.ItemIndicator></DropdownMenu.RadioItem>)}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
