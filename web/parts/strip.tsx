/** Places in a row. Where there are more than fit, the one that one is at comes into view. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';

/** `at`: changes with the place. */
export function Strip({ label, className, at, children }: { label: string; className: string; at: string; children: ReactNode }) {
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    const nav = strip.current, here = nav?.querySelector<HTMLElement>('[aria-current]');
    if (nav && here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  }, [at]);
  return <nav ref={strip} className={className} aria-label={label}>{children}</nav>;
}
