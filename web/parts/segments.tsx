/** A choice of a few, side by side. */
import { RadioGroup } from 'radix-ui';

interface Props<T extends string> { label: string; value: T; options: readonly { value: T; label: string; hint?: string }[]; onChange: (value: T) => void }
export function Segments<T extends string>({ label, value, options, onChange }: Props<T>) {
  return (
    <RadioGroup.Root className="segments" value={value} onValueChange={(next) => onChange(next as T)} aria-label={label} orientation="horizontal">
      {options.map((one) => <RadioGroup.Item key={one.value} value={one.value} className="segment" title={one.hint}>{one.label}</RadioGroup.Item>)}
    </RadioGroup.Root>
  );
}
