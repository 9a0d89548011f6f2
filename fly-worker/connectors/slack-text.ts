/** Slack's markup as people read it: names for ids, links as words and address, entities as characters. https://docs.slack.dev/messaging/formatting-message-text */

/** Whom and what the ids in a text mean. Null: not known. */
interface SlackNames { person(id: string): string | null; channel(id: string): string | null }

interface SlackText {
  text: string;
  /** Ids of the people it speaks to, in order, each once. */
  mentioned: string[];
}

/** One pass; what stands between `<` and `>` is markup, every other `<` is written `&lt;`. */
export function readSlackText(source: string, names: SlackNames): SlackText {
  const mentioned = new Set<string>();
  const text = source.replace(/<([^<>\n]{1,8000})>/g, (_, inside: string) => {
    const bar = inside.indexOf('|');
    const target = bar < 0 ? inside : inside.slice(0, bar), label = bar < 0 ? '' : inside.slice(bar + 1), id = target.slice(1);
    if (target.startsWith('@')) {
      mentioned.add(id);
      return `@${names.person(id) ?? (label || id)}`;
    }
    if (target.startsWith('#')) return `#${(names.channel(id) ?? (label || id)).replace(/^#/, '')}`;
    return target.startsWith('!') ? special(id, label) : link(target, label);
  });
  return { text: characters(text), mentioned: [...mentioned] };
}

/** `<!here>`, `<!subteam^S1|@sales>`, `<!date^1712000000^{date}|1 April>`: the label is what old programs show. */
function special(command: string, label: string): string {
  const [kind = ''] = command.split('^', 1);
  if (kind === 'date') return label;
  return `@${(label || (kind === 'subteam' ? 'group' : kind)).replace(/^@/, '')}`;
}

/** "here <https://..>", as links in mails are read; the address alone when the label says the same. */
function link(target: string, label: string): string {
  const address = target.replace(/^(?:mailto|tel):/, '');
  return label === '' || label === address || address.replace(/^https?:\/\//, '').startsWith(label.replace(/…$/, '')) ? address : `${label} <${address}>`;
}

/** Slack escapes three characters and no more. `&amp;lt;` is `&lt;`. */
const characters = (text: string): string => text.replace(/&(amp|lt|gt);/g, (_, name: 'amp' | 'lt' | 'gt') => ({ amp: '&', lt: '<', gt: '>' })[name]);
