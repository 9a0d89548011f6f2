/** Tabs of the same browser tell each other that something changed, so that they agree at once and not at the next look. */
type TabNews = 'changed' | 'signed_out' | 'signed_in';

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('hsync');
export const tellTabs = (news: TabNews): void => channel?.postMessage(news);

/** Hears what other tabs did, never one's own. Returns how to stop. */
export function onTabNews(listener: (news: TabNews) => void): () => void {
  const heard = (event: MessageEvent): void => listener(event.data as TabNews);
  channel?.addEventListener('message', heard);
  return () => channel?.removeEventListener('message', heard);
}
