/** The page's line icons, 16 by 16, drawn in the text's colour. Decoration only: the words beside them carry the meaning. */
const paths = {
  home: 'M2.5 7 8 2.5 13.5 7v6a.5.5 0 0 1-.5.5H10V9.5H6v4H3a.5.5 0 0 1-.5-.5z',
  search: 'M7 12.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM11 11l3.5 3.5',
  history: 'M2 8a6 6 0 1 0 1.8-4.3L2 5.5M2 2v3.5h3.5M8 5v3.2l2 1.3',
  mail: 'M2 4.5A1.5 1.5 0 0 1 3.5 3h9A1.5 1.5 0 0 1 14 4.5v7a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 11.5zM2.5 4.5 8 8.7l5.5-4.2',
  calendar: 'M2.5 4.5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1zM2.5 7h11M5.5 2v2.5M10.5 2v2.5',
  chat: 'M2.5 4a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H7l-3 2.5V11h-.5a1 1 0 0 1-1-1z',
  person: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c.5-2.6 2.4-4 5-4s4.5 1.4 5 4',
  building: 'M3.5 13.5v-10a1 1 0 0 1 1-1h5a1 1 0 0 1 1 1v10M10.5 6.5h2a1 1 0 0 1 1 1v6M2 13.5h12M6 5.5h2M6 8h2M6 10.5h2',
  link: 'M6.5 9.5 9.5 6.5M7 4.5l1.3-1.3a3 3 0 0 1 4.3 4.3L11.5 9M9 11.5l-1.3 1.3a3 3 0 0 1-4.3-4.3L4.5 7',
  external: 'M6.5 3.5h-3a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1v-3M9.5 2.5h4v4M13.5 2.5 7.5 8.5',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  check: 'M3 8.5l3.3 3.3L13 4.8',
  alert: 'M8 5.5v3.2M8 11h0M7.1 2.6 1.7 12a1 1 0 0 0 .9 1.5h10.8a1 1 0 0 0 .9-1.5L8.9 2.6a1 1 0 0 0-1.8 0z',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.4M8 5.2h0',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M4.5 3v10l8-5z',
  more: 'M3.5 8h0M8 8h0M12.5 8h0',
  chevron: 'M6 3.5 10.5 8 6 12.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  bolt: 'M9 1.5 3 9h4.5L7 14.5 13 7H8.5z',
  shield: 'M8 1.8 13 3.5v4c0 3.2-2 5.5-5 6.7-3-1.2-5-3.5-5-6.7v-4z',
  graph: 'M4 5.5a1.8 1.8 0 1 0 0-3.5 1.8 1.8 0 0 0 0 3.5zM12 7.5A1.8 1.8 0 1 0 12 4a1.8 1.8 0 0 0 0 3.5zM6 14a1.8 1.8 0 1 0 0-3.5A1.8 1.8 0 0 0 6 14zM5.7 4.2l4.6 1.1M4.5 5.5l1.1 5M7.2 10.9l3.6-3.7',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.5',
  refresh: 'M13.5 3v3.5H10M13.3 6.5A5.5 5.5 0 1 0 13.5 9',
  plug: 'M6 2v3M10 2v3M4 5h8v2.5a4 4 0 0 1-8 0zM8 11.5V14',
  gear: 'M8 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM8 1.8v1.7M8 12.5v1.7M1.8 8h1.7M12.5 8h1.7M3.6 3.6l1.2 1.2M11.2 11.2l1.2 1.2M3.6 12.4l1.2-1.2M11.2 4.8l1.2-1.2',
  people: 'M6 7a2.2 2.2 0 1 0 0-4.4A2.2 2.2 0 0 0 6 7zM1.8 13c.4-2.3 2-3.6 4.2-3.6s3.8 1.3 4.2 3.6M10.4 2.9a2.2 2.2 0 0 1 0 3.9M11.6 9.7c1.4.5 2.3 1.6 2.6 3.3',
  tag: 'M2.5 3.5v4.2a1 1 0 0 0 .3.7l5 5a1 1 0 0 0 1.4 0l4.2-4.2a1 1 0 0 0 0-1.4l-5-5a1 1 0 0 0-.7-.3H3.5a1 1 0 0 0-1 1zM5.6 5.6h0',
  map: 'M5 5.8a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6zM11.6 9.4a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM5.4 14.4a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z',
  key: 'M5.2 11.8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 8h6M12 8v2.4',
  machine: 'M2.5 4a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v2.5h-11zM2.5 9.5h11V12a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1zM2.5 6.5v3M13.5 6.5v3M5 4.8h0M5 11.2h0',
  upload: 'M8 10.5V3M4.8 6 8 2.8 11.2 6M2.8 10.5v2a1 1 0 0 0 1 1h8.4a1 1 0 0 0 1-1v-2',
  download: 'M8 2.8v7.5M4.8 7.2 8 10.3l3.2-3.1M2.8 10.5v2a1 1 0 0 0 1 1h8.4a1 1 0 0 0 1-1v-2',
  trash: 'M3 4.2h10M6.2 4V2.8h3.6V4M4.2 4.2l.6 9h6.4l.6-9M6.6 6.8v4M9.4 6.8v4',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  filter: 'M2.5 3.5h11L9.5 8.4v4.1l-3 1V8.4z',
  sun: 'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M3.5 12.5l.8-.8M11.7 4.3l.8-.8',
  offline: 'M2 2l12 12M4.6 9.2a5 5 0 0 1 2-1.2M9.6 8a5 5 0 0 1 1.8 1.2M2.4 6.6A8.4 8.4 0 0 1 5 5M7.4 4.2a8.4 8.4 0 0 1 6.2 2.4M8 12.2h0',
  out: 'M6 2.5H3.5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1H6M10.5 11l3-3-3-3M13.5 8H6',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg className={className ? `icon ${className}` : 'icon'} viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" strokeWidth={name === 'more' ? 2 : 1.5} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The product's mark: two layers of memory. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <rect className="mark-ground" width="24" height="24" rx="6.5" />
      <path className="mark-back" d="M12 5.2 18.6 8.7 12 12.2 5.4 8.7z" />
      <path className="mark-line" d="M5.6 12 12 15.4 18.4 12M5.6 15.2 12 18.6 18.4 15.2" />
    </svg>
  );
}
