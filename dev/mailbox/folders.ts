/** The workbench: the well-known folders of a generated mailbox. */

/** Ids as Exchange writes them; the same in every account here. */
export const FOLDERS = [
  { id: 'AQMkADYAAAIBDAAAAA==', displayName: 'Inbox' },
  { id: 'AQMkADYAAAIBCQAAAA==', displayName: 'Sent Items' },
  { id: 'AQMkADYAAAIBDwAAAA==', displayName: 'Drafts' },
  { id: 'AQMkADYAAAIBXQAAAA==', displayName: 'Archive' },
  { id: 'AQMkADYAAAIBCgAAAA==', displayName: 'Deleted Items' },
] as const;

/** Where deleted mail stays for a while; in no list of folders. */
export const RECOVERABLE = { id: 'AQMkADYAAAIBFgAAAA==', displayName: 'Deletions' } as const;

/** The id of a folder by its name. */
export function folderId(name: (typeof FOLDERS)[number]['displayName']): string {
  return FOLDERS.find(folder => folder.displayName === name)?.id ?? FOLDERS[0].id;
}
