/** Every number that bounds something: unit in its name, reason beside it. */
export * from './limits-memory.ts';

const SECOND = 1_000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE;

// --- the lease
/** A dead worker is replaced within this. Four missed heartbeats. */
export const LEASE_MS = 20 * SECOND;
export const HEARTBEAT_MS = 5 * SECOND;
/** Heartbeats without a commit for this long: the worker is alive but stuck. */
export const STALL_MS = 15 * MINUTE;
/** Lost leases without a committed chunk between them. */
export const MAX_RETRIES = 3;
/** "Come again later" answers without a committed chunk between them: an hour of a provider saying no. */
export const SNOOZES_MAX = 20;
/** A job nobody came for is rung again after this. */
export const RING_AGAIN_MS = 60 * SECOND;
/** Cloudflare Queues' longest delay; a later bell is rung by the alarm. */
export const QUEUE_DELAY_SECONDS_MAX = 12 * 3600;
/** A mirror that Postgres did not take is repeated after this. */
export const MIRROR_AGAIN_MS = 2 * SECOND;
/** One write-through of the job's row: longer and the object answers "unavailable" instead of hanging. */
export const MIRROR_TIMEOUT_MS = 5 * SECOND;
/** Back-off after an errored run: 2 s, 4 s, 8 s .. */
export const BACKOFF_FIRST_MS = 2 * SECOND;
export const BACKOFF_MAX_MS = 5 * MINUTE;
/** Newest events kept per job, for people and support. */
export const JOB_EVENTS_MAX = 50;
/** Characters of what a worker says of a failed run: it stands in the job's row and in every answer. */
export const OUTCOME_CHARS_MAX = 2_000;
/** Characters of one event's message: a sentence and an error, not a stack. */
export const JOB_EVENT_CHARS_MAX = 500;

// --- a job
export const CHUNK_SIZE_DEFAULT = 100;
/** Microsoft's pages end at 1,000. */
export const CHUNK_SIZE_MAX = 1_000;
export const MONTHS_BACK_DEFAULT = 3;
/** How far apart scheduled syncs of a connection are. */
export const SCHEDULE_SECONDS = { hourly: 3_600, daily: 24 * 3_600 };
/** Due connections looked at a minute; the rest waits for the next minute, longest waiting first. */
export const DUE_SYNCS_MAX = 200;
/** Without the provider's own changes a later sync reads so many days again: most edits and deletes fall into the first week, and a week of mail is ten pages. */
export const INCREMENTAL_OVERLAP_DAYS = 7;
/** A sweep that did not come about (the run broke) is tried again after this: it reads all that memory holds of a stream. */
export const SWEEP_AGAIN_DAYS = 1;
export const ACTIVE_JOBS_PER_TENANT_MAX = 3;
/** One ACU (unit of what a plan pays for) is this many records newly stored or stored anew because they changed. What memory holds already costs nothing. */
export const RECORDS_PER_ACU = 1_000;
/** Connections that one start-all looks at, and dead letters that one retry of all looks at: an answer within a second. */
export const JOBS_AT_ONCE_MAX = 100;
/** Guesses before an account's first sync, for people only: what a busy person's mailbox and calendar bring a day, and how fast pages of 1.5 s come in over four windows. */
export const TYPICAL_RECORDS_PER_DAY = 40;
export const TYPICAL_RECORDS_PER_SECOND = 60;
/** Windows of one job in flight: Graph allows four requests at once per mailbox. */
export const WINDOWS_IN_FLIGHT_MAX = 4;
/** Windows of one stream: longer windows for longer ranges, so that the plan stays readable. */
export const WINDOWS_PER_STREAM_MAX = 200;
export const PAGE_LIMIT_DEFAULT = 20;
export const PAGE_LIMIT_MAX = 100;

// --- the provider
/** One attempt of one request. The predecessor had none and hung for ever. */
export const PROVIDER_TIMEOUT_MS = 30 * SECOND;
export const PROVIDER_RETRY_FIRST_MS = 2 * SECOND;
/** Attempts of one request inside one run; then the job is put back. */
export const PROVIDER_ATTEMPTS_MAX = 5;
/** A longer Retry-After puts the job back to the queue instead of holding a slot. */
export const RETRY_AFTER_INLINE_MAX_MS = 30 * SECOND;
/** Retry-After: 1 for ever must not become a busy loop. */
export const RETRY_AFTER_MIN_MS = SECOND;
export const RETRY_AFTER_MAX_MS = 24 * HOUR;
/** A limit counted over a day is asked again after this: twenty snoozes last most of the day. */
export const DAILY_LIMIT_AGAIN_MS = HOUR;
/** One answer: 1,000 mails of 40 KB. More is refused before it is read to memory. */
export const PROVIDER_ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Pages of one window: a provider that pages in a circle ends as an error, not never. */
export const PAGES_PER_WINDOW_MAX = 10_000;
/** Page sizes are not halved below this after repeated 504s: some mailboxes fail at 15. */
export const PAGE_SIZE_MIN = 10;
/** A page of ids is so many times as long as one of records: it weighs a hundredth of it. */
export const IDS_PER_RECORD_OF_A_PAGE = 5;
/** Microsoft's filtered delta of a mail folder ends after this many mails, without a word. */
export const OUTLOOK_FILTERED_DELTA_MAX = 5_000;
/** Salesforce's changes are read again from so long, ms, before the last look: a row carries the time at which its transaction wrote it, and is seen once that ends. */
export const SALESFORCE_SETTLED_MS = 3_600_000;
/** Deleted rows wait in Salesforce's recycle bin for 15 days; whoever looks after more than so many may have missed some. */
export const SALESFORCE_BIN_DAYS = 14;
/** Rows that were deleted for good, past the bin, are told of by nobody: a sweep looks for them once in so many days. */
export const SALESFORCE_SWEEP_DAYS = 30;
export const TOKEN_TIMEOUT_MS = 30 * SECOND;
/** Giving access back at a disconnect: somebody waits, and the account is out of reach for us either way. */
export const REVOKE_TIMEOUT_MS = 5 * SECOND;

// --- archives
const KB = 1_024, MB = 1_024 * KB;
/** One uploaded file, unless the setting of the same name says otherwise: years of a person's mail. */
export const ARCHIVE_BYTES_MAX = 4_096 * MB;
/** Files that a tenant keeps with us at a time. */
export const ARCHIVES_PER_TENANT_MAX = 50;
/** One part of an upload, the most that the front desk holds of it: object storage wants 5 MB at least, all alike, and 10,000 at most. */
export const ARCHIVE_PART_BYTES = 8 * MB;
/** First bytes of a file, by which it is told whether it is what it is said to be. */
export const ARCHIVE_HEAD_BYTES = 4 * KB;
/** One request of a worker: some milliseconds of reading against some of asking. */
export const ARCHIVE_READ_BYTES = MB;
/** One page of records, as bytes of the file: mails of 10 MB must not fill the memory by hundreds. */
export const ARCHIVE_PAGE_BYTES_MAX = 16 * MB;
/** Of one mail as much is parsed: text stands before its attachments. The rest is read past. */
export const MAIL_BYTES_MAX = 8 * MB;
/** Multiparts within multiparts; a real mail has five. */
export const MIME_DEPTH_MAX = 50;
/** A line longer than this begins no mail. */
export const ENVELOPE_BYTES_MAX = KB;
/** Names in attachments of one mail that are kept, and their characters together. */
export const ATTACHMENT_NAMES_CHARS_MAX = 2_000;
/** Files in one zip: ten years of 150 channels, a day each. They cost 200 bytes of memory apiece. */
export const ZIP_ENTRIES_MAX = 500_000;
/** One unpacked file of a zip: the busiest day of a channel has thousands of messages of 2 KB. */
export const ZIP_ENTRY_BYTES_MAX = 64 * MB;
/** Text packs 20 to 1 at the very best; what unpacks to more than this is made to burst. */
export const ZIP_RATIO_MAX = 200;
/** One event as it stands in a calendar file, pictures in it included. */
export const EVENT_BYTES_MAX = 4 * MB;
/** Events that change one time of a series, in one file; they are looked up by the series. More are read all the same, beside the time they change. */
export const CALENDAR_CHANGES_MAX = 100_000;
/** Moments of one series within the job's range: thirteen years of every day. The rest is named as a failure. */
export const OCCURRENCES_MAX = 5_000;
/** Candidates that are looked at for one series: a rule can name days that never come. */
export const RECURRENCE_STEPS_MAX = 200_000;

// --- looking back
/** A quarter: what most plans begin with, and as many bars as a screen shows. */
export const ACTIVITY_DAYS_DEFAULT = 90;
export const ACTIVITY_DAYS_MAX = 366;

// --- workers
/** Jobs at once in one worker process: four windows of four jobs fill one core. */
export const SLOTS_DEFAULT = 4;
export const DOORBELL_TIMEOUT_MS = 10 * SECOND;
export const DOORBELL_TOKEN_SECONDS = 60;
/** Life of a job token; every heartbeat brings a new one. */
export const JOB_TOKEN_SECONDS = 300;
export const INTERNAL_TIMEOUT_MS = 10 * SECOND;
/** A worker asks a front desk or a Postgres that does not answer again after these waits: together shorter than a lease and than a shutdown. */
export const ASK_AGAIN_MS = [250, 500, SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND] as const;
export const DATABASE_TIMEOUT_MS = 30 * SECOND;
export const SEARCH_TIMEOUT_MS = 10 * SECOND;
/** Memory of a worker's machine (fly.toml), bytes. */
export const WORKER_MEMORY_BYTES = 2 * 1024 ** 3;
/** Shares of it that resident memory may reach before less is done at once: 80 % is the line never to be crossed, and a page in hand needs some. */
export const MEMORY_HIGH = 0.6;
export const MEMORY_SEVERE = 0.7;
/** Pools that libc keeps for native threads (LanceDB's), none of which gives back what it once held. Eight a core is its own default, and costs an import of a 200 MB mailbox some 50 MB more. */
export const MALLOC_ARENAS = 2;
/** So far below its mark memory must fall before more is done again. */
export const MEMORY_SLACK = 0.05;
/** A full collection stops a thread for 50 to 200 ms. */
export const COLLECT_AGAIN_MS = 5 * SECOND;
/** Fly's longest kill timeout is 300 s; a chunk takes far less. */
export const SHUTDOWN_MS = 25 * SECOND;

// --- the fleet
/** More waiting jobs than this and another machine comes. */
export const SCALE_UP_QUEUE_DEPTH = 5;
/** A machine without a job for this long may go, unless it is the last. */
export const SCALE_DOWN_IDLE_MS = 5 * MINUTE;
export const FLEET_MAX = 3;
/** Up to so many machines one more comes at once, and one goes only when it was idle for SCALE_DOWN_IDLE_MS. Larger fleets are measured by their load. */
export const FLEET_SMALL = 3;
/** A crowd that a large fleet works off within this time calls for no machine: the minute's look starts up to DUE_SYNCS_MAX jobs at once, and a machine needs half of it to start. */
export const FLEET_PATIENCE_MS = 30 * SECOND;
/** A large fleet keeps so many slots that on average this share of them works: jobs come in bursts, and twice as many as usual must find room. */
export const FLEET_LOAD_SHARE = 0.5;
/** Over which time a worker averages how many of its slots work: as long as it would have to be idle. */
export const LOAD_OVER_MS = 5 * MINUTE;
/** Looks that may give up a machine are this far apart; one machine a look, so looks at a fleet beyond FLEET_SMALL are as many times as many. */
export const FLEET_CHECK_MS = 5 * MINUTE;
/** Any two looks are this far apart: a hundred starts at once are one look, and Fly allows one action a second. */
export const FLEET_PAUSE_MS = 2 * SECOND;
/** After a look that failed. The jobs wait meanwhile. */
export const FLEET_RETRY_MS = 30 * SECOND;
/** A machine that answers nothing for this long is no longer waited for. Booting takes seconds. */
export const FLEET_SILENT_MS = 2 * MINUTE;
/** One request to the Machines API; never repeated within a look. */
export const FLEET_TIMEOUT_MS = 10 * SECOND;
/** A machine is asked whether it is busy. No answer counts as busy. */
export const FLEET_ASK_TIMEOUT_MS = 5 * SECOND;
/** How long Fly may take to stop an idle machine before the rest is left to the next look. */
export const FLEET_STOP_WAIT_SECONDS = 8;
export const FLEET_DECISIONS_MAX = 20;

/** Semantic memory's figures are read off files: not with every scrape of 15 s. */
export const METRICS_MEMORY_EVERY_MS = 60 * SECOND;

// --- traces
/** A collector that takes longer is not waited for. */
export const TRACE_EXPORT_TIMEOUT_MS = 5 * SECOND;
export const TRACE_EXPORT_EVERY_MS = 2 * SECOND;
/** About 400 bytes a span: 80 KB an export. */
export const TRACE_SPANS_PER_EXPORT = 200;
/** About 1 MB of a worker's memory while a collector is away. */
export const TRACE_SPANS_HELD_MAX = 2_000;

// --- the edge
/** The period of wrangler.toml's VISITOR_LIMIT: an office of sixty people with open pages stays below its 1,200 requests. */
export const VISITOR_LIMIT_SECONDS = 60;
export const REQUEST_BYTES_MAX = 1024 * 1024;
/** A consent page is left open for a while, not for a day. */
export const OAUTH_STATE_SECONDS = 600;
/** The provider says whose account was connected; the person is waiting. */
export const ACCOUNT_TIMEOUT_MS = 30 * SECOND;
export const SESSION_SECONDS = 14 * 24 * 3600;

// --- accounts
export const NAME_CHARS_MAX = 100;
/** RFC 5321: 64 before the @, 255 after it, and the @. */
export const EMAIL_CHARS_MAX = 320;
export const PASSWORD_CHARS_MIN = 10;
/** Hashing costs time with length. */
export const PASSWORD_CHARS_MAX = 128;
export const SESSION_CACHE_SECONDS = 60;
/** Attempts at one account from one address (IP); a success forgets them. */
export const SIGN_IN_ATTEMPTS_MAX = 10;
/** Attempts at one account from everywhere: guessing by many machines ends here, and so may its owner's sign-in for the rest of the window. */
export const SIGN_IN_PER_ACCOUNT_MAX = 100;
/** Attempts from one address at all accounts: an office behind one address still gets in. */
export const SIGN_IN_PER_IP_MAX = 100;
export const SIGN_IN_WINDOW_SECONDS = 15 * 60;
export const SIGN_UP_PER_IP_MAX = 20;
export const SIGN_UP_WINDOW_SECONDS = 3600;
export const INVITATION_SECONDS = 7 * 24 * 3600;
export const INVITATION_TOKEN_CHARS_MAX = 100;
/** Open invitations of one tenant, and rows that its list shows. */
export const INVITATIONS_MAX = 100;
export const MEMBERS_MAX = 1_000;
/** Tenants of one person. */
export const TENANTS_PER_PERSON_MAX = 50;
export const API_KEYS_MAX = 100;
export const API_KEY_SCOPES_MAX = 3;
export const API_KEY_DAYS_MAX = 5 * 366;
/** When a key was last seen is written at most this often: reading costs no write. */
export const API_KEY_SEEN_SECONDS = 300;

// --- what a tenant hands us to keep
/** OAuth client secrets and model keys are below 300 characters; a JWT as a key may be longer. */
export const SECRET_CHARS_MAX = 4_096;
/** A shorter value is not shown in part: four of its letters would be half of it. */
export const SECRET_LAST4_FROM_CHARS = 8;
export const BASE_URL_CHARS_MAX = 2_048;
export const MODEL_CHARS_MAX = 200;

// --- key rotation
/** Sealed things of one call: each connection is a call of its own object, and an isolate has a thousand. */
export const ROTATE_AT_ONCE = 50;

// --- the circuit breaker of a connection
/** Runs in a row that the provider failed, over all jobs: one job's own retries are three. */
export const BREAKER_FAILURES = 5;
/** 5, 10, 20, 40 minutes, then every hour: an outage of a provider lasts that long, and its end is seen within the hour. */
export const BREAKER_FIRST_MS = 5 * MINUTE;
export const BREAKER_MAX_MS = HOUR;

// --- what a connection asks of its provider
/** A running job writes down its requests this often, and when it ends: one row a connection and day, which only one job writes. */
export const USAGE_EVERY_MS = 30 * SECOND;
export const USAGE_DAYS_SHOWN = 30;
export const USAGE_DAYS_KEPT = 90;
