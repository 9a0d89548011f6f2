/** Reply and signature marking holds on the mails that other parsers are tested with. */
import { describe, expect, it } from 'vitest';
import { hasReplies, measureReplies, type ReplySource } from '../bench/replies.ts';

/** What is exact now is not lost again; `cut` is worse than `leaked`, because what is cut is not found by its meaning. */
const FLOORS: Record<ReplySource, { exact: number; cut: number }> = { crisp: { exact: 86, cut: 0 }, github: { exact: 22, cut: 0 }, zapier: { exact: 24, cut: 0 } };

describe.skipIf(!hasReplies)('mails of other parsers (../shared/data/mail-replies)', () => {
  it.each(hasReplies ? measureReplies() : [])('$source: $exact of $mails exact, $leaked leaked, $cut cut', ({ source, mails, exact, cut, missed }) => {
    expect(exact, missed.join('; ')).toBeGreaterThanOrEqual(FLOORS[source].exact);
    expect(cut, missed.join('; ')).toBeLessThanOrEqual(FLOORS[source].cut);
    expect(exact / mails).toBeGreaterThan(0.95);
  });
});
