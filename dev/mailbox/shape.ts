/** The workbench: mails and events exactly as Microsoft Graph writes them, for generated and loaded mailboxes alike. Types only. */

export type Recipient = { emailAddress: { name: string; address: string } };
export type Body = { contentType: 'html' | 'text'; content: string };

/** https://learn.microsoft.com/graph/api/resources/message */
export type GraphMessage = {
  '@odata.etag': string; id: string; createdDateTime: string; lastModifiedDateTime: string; changeKey: string; categories: string[];
  receivedDateTime: string; sentDateTime: string; hasAttachments: boolean; internetMessageId: string; subject: string; bodyPreview: string;
  importance: 'low' | 'normal' | 'high'; parentFolderId: string; conversationId: string; conversationIndex: string;
  isDeliveryReceiptRequested: boolean | null; isReadReceiptRequested: boolean; isRead: boolean; isDraft: boolean;
  webLink: string; inferenceClassification: 'focused' | 'other'; body: Body;
  /** Absent on drafts. */
  sender?: Recipient; from?: Recipient;
  toRecipients: Recipient[]; ccRecipients: Recipient[]; bccRecipients: Recipient[]; replyTo: Recipient[];
  flag: { flagStatus: 'notFlagged' | 'flagged' | 'complete' };
};

/** Seven decimals and no `Z`: the zone stands beside it. */
type GraphTime = { dateTime: string; timeZone: 'UTC' };
export type Attendee = Recipient & { type: 'required' | 'optional' | 'resource'; status: { response: string; time: string } };

/** https://learn.microsoft.com/graph/api/resources/event */
export type GraphEvent = {
  '@odata.etag': string; id: string; createdDateTime: string; lastModifiedDateTime: string; changeKey: string; categories: string[];
  originalStartTimeZone: string; originalEndTimeZone: string; iCalUId: string; reminderMinutesBeforeStart: number; isReminderOn: boolean;
  hasAttachments: boolean; subject: string; bodyPreview: string; importance: 'low' | 'normal' | 'high'; sensitivity: 'normal' | 'private';
  isAllDay: boolean; isCancelled: boolean; isOrganizer: boolean; responseRequested: boolean; seriesMasterId: string | null; showAs: string;
  type: 'singleInstance' | 'occurrence' | 'exception' | 'seriesMaster'; webLink: string; onlineMeetingUrl: string | null; isOnlineMeeting: boolean;
  onlineMeetingProvider: string; responseStatus: { response: string; time: string }; body: Body; start: GraphTime; end: GraphTime;
  location: { displayName: string; locationType: string }; attendees: Attendee[]; organizer: Recipient; onlineMeeting: { joinUrl: string } | null;
};

/** Somebody who writes or is written to. */
export type Person = { name: string; address: string; company?: string };

/** All that one account holds. */
export type Mailbox = { messages: GraphMessage[]; events: GraphEvent[]; people: Person[] };
