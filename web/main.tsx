/** Where the page begins: styles, then the app. */
// First of all: it must run before any schema is made.
import './client/jitless.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/dialogs.css';
import './styles/job.css';
import './styles/overview.css';
import './styles/charts.css';
import './styles/screens.css';
import './styles/memory.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(<StrictMode><App /></StrictMode>);
