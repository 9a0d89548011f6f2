/** The sandbox's consent page: who signs in, and what the app may then read, in words. One page, no script. */

const STYLE = `
  :root { color-scheme: light dark; font: 15px/1.5 "Segoe UI", system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f2f4f7, #14171c); color: light-dark(#1b1f24, #e8eaed); }
  main { width: min(26rem, calc(100vw - 2rem)); box-sizing: border-box; padding: 2.25rem; border-radius: 10px; background: light-dark(#fff, #1e2229); box-shadow: 0 8px 32px #0003; }
  small { color: light-dark(#5d6672, #9aa3af); } h1 { font-size: 1.35rem; margin: .25rem 0 1rem; } fieldset { border: 0; padding: 0; margin: 0 0 1.25rem; }
  legend { font-weight: 600; padding: 0; margin-bottom: .4rem; } label { display: flex; gap: .75rem; align-items: center; padding: .55rem .7rem; border: 1px solid light-dark(#d5dae1, #39404b); border-radius: 8px; margin-top: .4rem; cursor: pointer; }
  label:has(:checked) { border-color: #2563eb; outline: 1px solid #2563eb; } label { box-sizing: border-box; } label span, label b, label small { display: block; min-width: 0; overflow-wrap: anywhere; } ul { margin: 0; padding-left: 1.2rem; }
  footer { display: flex; gap: .6rem; justify-content: flex-end; margin-top: 1.5rem; }
  button { font: inherit; padding: .5rem 1.3rem; border-radius: 8px; border: 1px solid light-dark(#c3c9d2, #4a5260); background: none; color: inherit; cursor: pointer; }
  button[value=accept] { background: #2563eb; border-color: #2563eb; color: #fff; }`;

/** What the page shows: the provider it stands in for, who can sign in, and the scopes asked for with their words (by the last part, in lower case). */
type Consent = { asked: URLSearchParams; title: string; scopes: string; words: Record<string, string>; accounts: { name: string; address: string }[]; chosen: string | undefined };

/** The page; its form asks the same address again, with the person's decision added. */
export function consentPage({ asked, title, scopes, words, accounts, chosen }: Consent): string {
  const hidden = [...asked].filter(([name]) => name !== 'account' && name !== 'decision')
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`).join('');
  const choices = accounts.map(({ name, address }) =>
    `<label><input type="radio" name="account" value="${escape(address)}"${address === chosen ? ' checked' : ''} required><span><b>${escape(name)}</b><small>${escape(address)}</small></span></label>`).join('');
  const wishes = scopes.split(/\s+/).filter(Boolean).map(scope => scope.split('/').at(-1) ?? scope).map(scope => `<li>${escape(words[scope.toLowerCase()] ?? scope)}</li>`).join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Permissions requested</title><style>${STYLE}</style></head>
<body><main><small>Sandbox sign-in, in place of ${escape(title)}</small><h1>Permissions requested</h1>
<form method="get">${hidden}<fieldset><legend>Sign in as</legend>${choices}</fieldset>
<fieldset><legend>This app would like to</legend><ul>${wishes}</ul></fieldset>
<footer><button name="decision" value="cancel" formnovalidate>Cancel</button><button name="decision" value="accept">Accept</button></footer></form></main></body></html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
