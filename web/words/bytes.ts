/** Sizes of files as people say them. */
const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const;

/** `812 bytes`, `3.4 MB`, `4 GB`. */
export function bytes(size: number): string {
  let value = size, unit = 0;
  while (value >= 1_024 && unit < UNITS.length - 1) { value /= 1_024; unit++; }
  return `${unit === 0 || value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
