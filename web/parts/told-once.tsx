/** Something that is told this one time: an API key, an invitation's link. */
import { useState } from 'react';
import { Button } from './basics.tsx';

export function ToldOnce({ label, value, note }: { label: string; value: string; note: string }) {
  const [copied, setCopied] = useState(false);
  // Where the clipboard is refused, the text is selected and can be copied by hand.
  const copy = (): void => { navigator.clipboard.writeText(value).then(() => setCopied(true), () => setCopied(false)); };
  return (
    <div className="told-once">
      <label className="field">{label}<input readOnly value={value} onFocus={(event) => event.target.select()} /></label>
      <Button icon={copied ? 'check' : 'copy'} onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>
      <p className="fine">{note}</p>
    </div>
  );
}
