/** Every provider that the sandbox plays, one line each. Adding one: its folder and its line here. Their paths do not collide, so one address serves all. */
import { google } from './google/index.ts';
import { microsoft } from './microsoft/index.ts';
import type { Provider } from './provider.ts';
import { salesforce } from './salesforce/index.ts';
import { slack } from './slack/index.ts';

export const providers: readonly Provider[] = [
  microsoft,
  google,
  slack,
  salesforce,
];
