/** The small pieces every screen is made of: buttons, links, badges, notices, empty and loading states. */
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode } from 'react';
import { navigate } from '../state/router.ts';
import type { Tone } from '../words/job.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger';
interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> { kind?: ButtonKind; busy?: boolean; icon?: IconName }
/** While busy it keeps its place, its size and its focus, and does nothing. */
export function Button({ kind = 'plain', busy = false, icon, children, className = '', onClick, type = 'button', ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} className={`button button-${kind} ${className}`} aria-disabled={busy || rest.disabled || undefined} aria-busy={busy || undefined}
      onClick={(event) => { if (busy || rest.disabled) event.preventDefault(); else onClick?.(event); }}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
      {busy && <span className="spinner" aria-hidden="true" />}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> { icon: IconName; label: string }
export function IconButton({ icon, label, className = '', ...rest }: IconButtonProps) {
  return <button type="button" {...rest} className={`icon-button ${className}`} aria-label={label} title={label}><Icon name={icon} /></button>;
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> { to: string; replace?: boolean }
/** A link inside the app. Modified clicks stay the browser's. */
export function Link({ to, replace = false, onClick, ...rest }: LinkProps) {
  return (
    <a {...rest} href={to} onClick={(event) => {
      onClick?.(event);
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      navigate(to, { replace });
    }} />
  );
}

export function Badge({ tone, dot = false, children }: { tone: Tone; dot?: boolean; children: ReactNode }) {
  return <span className={`badge tone-${tone}`}>{dot && <span className="dot" aria-hidden="true" />}{children}</span>;
}

const noticeIcons: Record<Tone, IconName> = { neutral: 'info', accent: 'info', good: 'check', warn: 'alert', bad: 'alert' };
export function Notice({ tone, children, actions, alert = false, plain = false }: { tone: Tone; children: ReactNode; actions?: ReactNode; alert?: boolean; plain?: boolean }) {
  return (
    <div className={`notice tone-${tone}${plain ? ' notice-plain' : ''}`} role={alert ? 'alert' : undefined}>
      <Icon name={noticeIcons[tone]} />
      <div className="notice-text">{children}</div>
      {actions && <div className="notice-actions">{actions}</div>}
    </div>
  );
}

/** Nothing here (yet), why, and the way on. */
export function Empty({ icon, title, children, action }: { icon: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-icon"><Icon name={icon} /></span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div className="empty-action">{action}</div>}
    </div>
  );
}

/** Holds the place of what is on its way, so that nothing jumps when it comes. */
export function Skeleton({ lines = 1, className = '' }: { lines?: number; className?: string }) {
  return <div className={`skeleton ${className}`} aria-hidden="true">{Array.from({ length: lines }, (_, index) => <span key={index} />)}</div>;
}

export function PageHead({ title, lead, actions }: { title: string; lead?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="page-head">
      <div><h1>{title}</h1>{lead && <p>{lead}</p>}</div>
      {actions && <div className="page-actions">{actions}</div>}
    </header>
  );
}

/** An address that, when there is no room, breaks where it has its joint. */
export function Address({ of }: { of: string }) {
  const at = of.lastIndexOf('@');
  return at < 0 ? <>{of}</> : <>{of.slice(0, at)}<wbr />{of.slice(at)}</>;
}

export function Figure({ label, value, hint }: { label: string; value: ReactNode; hint?: string | undefined }) {
  return <div className="figure"><dt>{label}</dt><dd>{value}{hint && <small> {hint}</small>}</dd></div>;
}
