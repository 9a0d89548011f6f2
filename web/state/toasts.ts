/** Short notices that appear anywhere in the app and go away by themselves. */
import { useSyncExternalStore } from 'react';
import type { Tone } from '../words/job.ts';

export interface Toast { id: number; tone: Tone; title: string; text?: string | undefined; link?: { to: string; label: string } | undefined }
let toasts: readonly Toast[] = [];
let nextId = 1;
const TOASTS_MAX = 4;
const listeners = new Set<() => void>();
function set(next: readonly Toast[]): void { toasts = next; for (const listener of listeners) listener(); }

export const useToasts = (): readonly Toast[] => useSyncExternalStore((listener) => { listeners.add(listener); return () => { listeners.delete(listener); }; }, () => toasts);
export const toast = (notice: Omit<Toast, 'id'>): void => set([...toasts, { ...notice, id: nextId++ }].slice(-TOASTS_MAX));
export const dismissToast = (id: number): void => set(toasts.filter((one) => one.id !== id));
