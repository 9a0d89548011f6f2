/** The search box at the top of every screen. What is typed becomes the address, so that reload, back and sharing keep it. `/` jumps here. */
import { QUERY_CHARS_MAX } from '#contract/limits';
import { useEffect, useRef, useState } from 'react';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { Icon } from './icon.tsx';

/** Long enough not to ask for every letter, short enough to feel at once. */
const TYPING_MS = 220;

export function SearchBox() {
  const { path, query } = usePlace();
  const searching = path === '/search', asked = searching ? query.get('q') ?? '' : '';
  const [text, setText] = useState(asked);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  // The address changed by other means (back, a link): show what it says, unless one is typing.
  const [known, setKnown] = useState(asked);
  if (known !== asked) { setKnown(asked); if (asked !== text.trim()) setText(asked); }

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.key !== '/' || event.metaKey || event.ctrlKey || event.altKey || target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      if (document.querySelector('[role="dialog"],[role="alertdialog"]')) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener('keydown', onKey);
    return () => { removeEventListener('keydown', onKey); clearTimeout(timer.current); };
  }, []);

  function go(value: string): void {
    clearTimeout(timer.current);
    const q = value.trim();
    if (searching) navigate(hrefWith({ q: q || null, record: null }), { replace: true });
    else if (q) navigate(`/search?q=${encodeURIComponent(q)}`);
    else navigate('/search');
  }

  return (
    <form className="search-box" role="search" onSubmit={(event) => { event.preventDefault(); go(text); }}>
      <Icon name="search" />
      <input ref={field} type="search" name="q" value={text} placeholder="Search memory" aria-label="Search memory" aria-keyshortcuts="/" autoComplete="off" autoCorrect="off" spellCheck={false} enterKeyHint="search" maxLength={QUERY_CHARS_MAX}
        onChange={(event) => {
          const { value } = event.target;
          setText(value);
          clearTimeout(timer.current);
          if (searching) timer.current = setTimeout(() => go(value), TYPING_MS);
        }}
        onKeyDown={(event) => { if (event.key === 'Escape') { if (text === '') event.currentTarget.blur(); else { setText(''); if (searching) go(''); } } }} />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}
