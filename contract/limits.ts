/** Every number that bounds something: unit in its name, reason beside it. */
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
export const TOKEN_TIMEOUT_MS = 30 * SECOND;
/** Giving access back at a disconnect: somebody waits, and the account is out of reach for us either way. */
export const REVOKE_TIMEOUT_MS = 5 * SECOND;

// --- text
/** Characters of text that are stored, searched and read by models, subject not counted. */
export const TEXT_CHARS_MAX = 10_240;
/** HTML longer than this is cut before it is parsed: a 700 KB quote is history, not news. */
export const HTML_CHARS_MAX = 512 * 1024;
export const TITLE_CHARS_MAX = 1_000;
/** One mail went to 800 people; more are kept in the mail, not in the graph. */
export const PARTICIPANTS_MAX = 1_000;
export const ENTITIES_PER_RECORD_MAX = 2_000;
/** Links, amounts, dates .. of one kind found in one text: a newsletter has hundreds, its first ones say what it is about. */
export const FOUND_PER_TYPE_MAX = 100;

// --- embeddings (OpenAI's documented limits)
export const EMBEDDING_INPUTS_MAX = 2_048;
export const EMBEDDING_TOKENS_PER_INPUT_MAX = 8_192;
export const EMBEDDING_TOKENS_PER_REQUEST_MAX = 250_000;
export const EMBEDDING_TIMEOUT_MS = 30 * SECOND;
/** A third of the model's 1,536: search is three times cheaper, quality nearly the same. */
export const EMBEDDING_DIMS = 512;
export const EMBEDDING_MODEL_DEFAULT = 'text-embedding-3-small';
/** Letters of a token, for estimates; English has 4 to 5. */
export const EMBEDDING_CHARS_PER_TOKEN = 4;
export const EMBEDDING_RETRIES_MAX = 4;
/** Batches of one call in flight: 911 instead of 314 records/s. */
export const EMBEDDING_REQUESTS_IN_FLIGHT = 4;

// --- semantic memory
/** Rows that full-text search scans without an index: 5,000 cost 270 ms, so far fewer. */
export const UNINDEXED_ROWS_MAX = 2_000;
export const FRAGMENTS_MAX = 64;
export const SEARCH_LIMIT_DEFAULT = 10;
export const SEARCH_LIMIT_MAX = 100;
export const QUERY_CHARS_MAX = 1_000;
export const SNIPPET_CHARS = 240;
/** Rows of one merge: more gain nothing and hold memory. */
export const LANCE_MERGE_ROWS_MAX = 1_000;
/** From here on a vector index pays: a flat scan of 100,000 rows takes 80 ms. */
export const VECTOR_INDEX_ROWS_MIN = 100_000;
/** Versions younger than this stay, for readers of other processes that are in the middle of one. */
export const LANCE_VERSIONS_KEPT_MS = 5 * MINUTE;
/** Rows that the ledger does not name are swept when they are older: a chunk is committed within seconds of its merge. */
export const SWEEP_AFTER_MS = HOUR;
/** How often a worker looks for leftovers of forgotten and edited records. */
export const SWEEP_EVERY_MS = 10 * MINUTE;
/** Of one look: tenants, and leftovers of each; the rest is swept by the next one. */
export const SWEPT_TENANTS_MAX = 50;
export const LEFTOVERS_AT_ONCE_MAX = 2_000;
/** Open datasets in one process; the least recently used one is closed. */
export const LANCE_DATASETS_MAX = 64;
/** LanceDB's default caches are 6 GB and 1 GB; the VM has 2 GB. */
export const LANCE_INDEX_CACHE_BYTES = 256 * 1024 * 1024;
export const LANCE_METADATA_CACHE_BYTES = 64 * 1024 * 1024;

// --- workers
/** Jobs at once in one worker process: four windows of four jobs fill one core. */
export const SLOTS_DEFAULT = 4;
export const DOORBELL_TIMEOUT_MS = 10 * SECOND;
export const DOORBELL_TOKEN_SECONDS = 60;
/** Life of a job token; every heartbeat brings a new one. */
export const JOB_TOKEN_SECONDS = 300;
export const INTERNAL_TIMEOUT_MS = 10 * SECOND;
export const DATABASE_TIMEOUT_MS = 30 * SECOND;
export const SEARCH_TIMEOUT_MS = 10 * SECOND;
/** Fly's longest kill timeout is 300 s; a chunk takes far less. */
export const SHUTDOWN_MS = 25 * SECOND;

// --- the fleet
/** More waiting jobs than this and another machine comes. */
export const SCALE_UP_QUEUE_DEPTH = 5;
/** A machine without a job for this long may go, unless it is the last. */
export const SCALE_DOWN_IDLE_MS = 5 * MINUTE;
export const FLEET_MAX = 3;
/** Looks that may destroy are this far apart; one machine a look. */
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

// --- the edge
export const REQUEST_BYTES_MAX = 1024 * 1024;
/** A consent page is left open for a while, not for a day. */
export const OAUTH_STATE_SECONDS = 600;
/** The provider says whose account was connected; the person is waiting. */
export const ACCOUNT_TIMEOUT_MS = 30 * SECOND;
export const SESSION_SECONDS = 14 * 24 * 3600;
