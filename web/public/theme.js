/** Runs before anything is painted: the reader's own choice of light or dark, if there is one. state/appearance.ts writes it. */
try { const theme = localStorage.getItem('hsync.theme'); if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme; } catch { /* no storage: the system decides */ }
