/** Short notices that appear anywhere in the app and go away by themselves. */
import type { Tone } from '../words/job.ts';
import { createStore, useStore } from './store.ts';

interface Toast { id: number; tone: Tone; title: string; text?: string | undefined; link?: { to: string; label: string } | undefined }
const TOASTS_MAX = 4;
let nextId = 1;
const toasts = createStore<readonly Toast[]>([]);

export const useToasts = (): readonly Toast[] => useStore(toasts);
export const toast = (notice: Omit<Toast, 'id'>): void => toasts.set([...toasts.get(), { ...notice, id: nextId++ }].slice(-TOASTS_MAX));
export const dismissToast = (id: number): void => toasts.set(toasts.get().filter((one) => one.id !== id));
