/** Invented HTML mails of 7-8 KB in the three shapes that fill real mailboxes: Outlook with history, Gmail replies, newsletters. */
import type { SourceRecord } from '#contract/connector';

const WORDS = `budget contract delivery invoice schedule meeting review proposal customer supplier shipment warehouse forecast quarter margin pricing roadmap release pipeline hiring onboarding security audit compliance renewal discount payment overdue reminder agenda minutes decision budget approval travel booking conference workshop prototype design feedback launch campaign metrics dashboard migration database outage incident support ticket escalation response resolution tomorrow yesterday morning please attached following regarding confirm update discuss team project report number change request version document signature customer`.split(' ');
const PEOPLE = [['Anna Berg', 'anna.berg@nordwind.example'], ['Tom Reyes', 'tom@quill.example'], ['Mia Chen', 'mia.chen@quill.example'], ['Jonas Falk', 'jonas.falk@hafen.example'], ['Priya Nair', 'priya@lumen.example'], ['Luc Moreau', 'luc.moreau@atelier.example']] as const;

/** A small generator, so that every run measures the same mails. */
const seeded = (seed: number) => () => { seed = (seed * 1_664_525 + 1_013_904_223) >>> 0; return seed / 2 ** 32; };

export function benchMails(count: number, seed = 7): SourceRecord[] {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const sentence = () => `${Array.from({ length: 8 + Math.floor(random() * 10) }, () => pick(WORDS)).join(' ')}.`;
  const paragraph = () => Array.from({ length: 3 }, sentence).join(' ');
  const facts = (n: number) => `Invoice INV-2026-${1_000 + n} over EUR ${1 + Math.floor(random() * 9)},${100 + Math.floor(random() * 899)}.50 is due on 2026-0${1 + Math.floor(random() * 8)}-15, see <a href="https://portal.nordwind.example/i/${n}">the portal</a>.`;
  const outlook = (n: number) => `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style><!-- @font-face {font-family:Calibri;} ${'p.MsoNormal {margin:0in; font-size:11.0pt; font-family:"Calibri",sans-serif;} '.repeat(14)} --></style></head><body lang="EN-US" link="#0563C1" style="word-wrap:break-word"><div class="WordSection1">${Array.from({ length: 4 }, () => `<p class="MsoNormal"><span style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif;color:#1F497D">${paragraph()}<o:p></o:p></span></p>`).join('')}<p class="MsoNormal">${facts(n)}<o:p>&nbsp;</o:p></p><p class="MsoNormal">Best regards,<br>Anna</p><div id="divRplyFwdMsg"><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>From:</b> Tom Reyes &lt;tom@quill.example&gt;<br><b>Sent:</b> Monday, June 15, 2026 4:37 PM<br><b>To:</b> Anna Berg<br><b>Subject:</b> Numbers</p></div></div>${Array.from({ length: 10 }, () => `<p class="MsoNormal"><span style="font-size:11.0pt;color:black">${paragraph()}</span></p>`).join('')}</div></body></html>`;
  const gmail = (n: number) => `<div dir="ltr">${Array.from({ length: 6 }, () => `<div>${paragraph()}</div><div><br></div>`).join('')}<div>${facts(n)}</div><div><ul>${Array.from({ length: 5 }, () => `<li>${sentence()}</li>`).join('')}</ul></div></div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Jun 15, 2026 at 10:12 AM Mia Chen &lt;<a href="mailto:mia.chen@quill.example">mia.chen@quill.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">${Array.from({ length: 16 }, () => `<div dir="ltr">${paragraph()}</div>`).join('')}</blockquote></div>`;
  const newsletter = (n: number) => `<!doctype html><html><head><title>News</title><style>${'.button{background:#0a66c2;color:#fff;padding:12px 24px;border-radius:4px}@media only screen{.w{width:100%!important}}'.repeat(8)}</style></head><body><div style="display:none;max-height:0">Preheader &#847; &zwnj;</div><table width="100%" cellpadding="0" cellspacing="0" role="presentation">${Array.from({ length: 12 }, (_, i) => `<tr><td align="center" style="padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px"><h2 style="margin:0">${sentence()}</h2><p style="margin:8px 0">${paragraph()}</p><a class="button" href="https://news.lumen.example/c/${n}/${i}?utm_source=mail&utm_campaign=${n}">Read more</a><img src="https://t.lumen.example/o.gif" width="1" height="1" alt=""></td></tr>`).join('')}</table><p>${facts(n)}</p></body></html>`;
  return Array.from({ length: count }, (_, n): SourceRecord => {
    const from = pick(PEOPLE), readers = PEOPLE.filter((person) => person !== from).slice(0, 1 + Math.floor(random() * 4));
    const content = [outlook, gmail, newsletter][n % 3]!(n);
    return {
      stream: 'mail', kind: 'mail', providerId: `mail-${seed}-${n}`, occurredAt: new Date(Date.UTC(2026, 5, 1) - n * 600_000).toISOString(), endsAt: null,
      title: `${n % 3 === 2 ? '' : 'Re: '}${sentence().slice(0, 60)}`, body: { format: 'html', content },
      participants: [{ role: 'from', address: from[1], name: from[0] }, ...readers.map(([name, address]) => ({ role: 'to' as const, address, name }))],
      threadId: `conversation-${n % 400}`, globalId: `<${seed}.${n}@nordwind.example>`, replyToGlobalId: null, url: null, properties: { hasAttachments: false, importance: 'normal' },
    };
  });
}
