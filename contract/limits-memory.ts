/** The limits of what is read, remembered and found again: unit in its name, reason beside it. Read through `contract/limits`. */
const SECOND = 1_000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE;

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

// --- passages
/** Up to here a text has one vector: most mails, and what a mean of words still says. Measured on real mail: nine of ten. */
export const PASSAGE_WHOLE_CHARS_MAX = 3_000;
/** Characters of one passage of a longer text: some paragraphs. A full text has six. */
export const PASSAGE_CHARS = 2_000;
/** A phrase across a boundary stands whole in one of both. */
export const PASSAGE_OVERLAP_CHARS = 200;
/** So far back from its end a passage may end with a paragraph or a sentence instead. */
export const PASSAGE_BOUNDARY_CHARS = 600;
/** Vector hits looked at for one record that is wanted: some are passages of one text. */
export const PASSAGES_PER_HIT = 1.5;

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


// --- a tenant's own embedder, filled in the background
/** Records of one step: texts read, embedded in a few requests, stored, written down. What a kill costs at most. */
export const EMBED_BATCH_RECORDS = 128;
/** Whoever works on a tenant's vectors says so this often times three; dead ones are followed after it. */
export const EMBED_HOLD_MS = 30 * SECOND;
/** How often a worker looks, and how often it looks at a tenant for which nothing was to do. */
export const EMBED_LOOK_EVERY_MS = 5 * SECOND;
export const EMBED_REST_MS = MINUTE;
/** After a service that refused the key, has no quota or answers nonsense. */
export const EMBED_AGAIN_MS = 10 * MINUTE;
/** One tenant's turn; then the next one's. */
export const EMBED_TURN_MS = MINUTE;
/** Tenants of one look. */
export const EMBED_TENANTS_MAX = 20;
/** A dataset that nobody searches any more: longer than any worker believes in it (EMBEDDER_BELIEVED_MS). */
export const EMBED_DROP_AFTER_MS = 2 * MINUTE;
/** Tokens embedded for one of the plan's: they cost a twentieth. */
export const EMBED_TOKENS_PER_TOKEN = 20;
/** How long a worker believes which embedder a tenant's searches use, and its key. */
export const EMBEDDER_BELIEVED_MS = 5 * SECOND;
export const MODEL_KEY_BELIEVED_MS = MINUTE;
/** A query waits so long for its vector; a service that failed is not asked again for so long. Without it the local vectors answer. */
export const QUERY_VECTOR_TIMEOUT_MS = 2 * SECOND;
export const QUERY_VECTOR_PAUSE_MS = 10 * SECOND;
/** The leave to fetch a tenant's key for one question. */
export const MODEL_TICKET_SECONDS = 60;

// --- enrichment (a tenant's model reads what is stored)
/** One answer of a model about up to ENRICH_BATCH_RECORDS_MAX records. Local models take a minute. */
export const ENRICH_TIMEOUT_MS = 90 * SECOND;
/** Calls in flight for one tenant, over all its jobs of a worker: what the smallest accounts allow. */
export const ENRICH_CALLS_IN_FLIGHT = 4;
/** Short mails share a call; more than this and models begin to mix them up. */
export const ENRICH_BATCH_RECORDS_MAX = 8;
/** Characters of all records in one call: one full record, or several short ones. */
export const ENRICH_BATCH_CHARS_MAX = 12_000;
/** Records taken from the queue at once and committed together. */
export const ENRICH_ROUND_RECORDS = 64;
/** Retries of the SDK within one call, with its back-off. */
export const ENRICH_RETRIES_MAX = 2;
/** A service that answers nothing for this long is no longer waited for: the memory is complete without it, the next sync goes on. Less than STALL_MS. */
export const ENRICH_PATIENCE_MS = 5 * MINUTE;
/** Tokens of one answer: a newsletter's people and companies fit three times. */
export const ENRICH_ANSWER_TOKENS_MAX = 4_000;
/** Things one model may name in one record; more is a list, not knowledge. */
export const ENRICH_ENTITIES_MAX = 60;
/** Somebody waits for this one answer; local models load for some seconds first. */
export const MODEL_TEST_TIMEOUT_MS = 20 * SECOND;
/** Tokens of the answer to the test's question: a word, and what a model thinks before it. */
export const MODEL_TEST_TOKENS_MAX = 64;
/** Of that answer as much is read. */
export const MODEL_TEST_BYTES_MAX = 64 * 1024;
export const ENRICH_MODEL_DEFAULT = 'gpt-4.1-mini';

// --- semantic memory
/** Rows outside the text index that are waited for before it is renewed: renewing reads and writes the whole of it (1 s for 10,000 rows, 2 s for 100,000), so what is waited for grows with it. */
export const UNINDEXED_DUE_MIN = 2_000;
export const UNINDEXED_DUE_SHARE = 0.08;
export const UNINDEXED_DUE_MAX = 8_000;
/** With what comes in meanwhile; then writers wait for the index. A search reads these rows word by word, 30 ms for a thousand. */
export const UNINDEXED_ROWS_MAX = 12_000;
/** When a job is over: 7 ms of a search for a hundred. A share of the dataset, between the two. */
export const UNINDEXED_AT_REST_MIN = 100;
export const UNINDEXED_AT_REST_SHARE = 0.002;
export const UNINDEXED_AT_REST_MAX = 200;
/** Where people search and nobody has written for so long, nothing is left outside: a renewal (2 s of processor time for 100,000 rows) a burst of writing, and a search takes half the time. */
export const SETTLE_AFTER_MS = 30 * SECOND;
/** A fragment a commit; far fewer than the hundred from which on reading suffers. Looked at after so many commits. */
export const FRAGMENTS_MAX = 64;
export const FRAGMENTS_LOOK_COMMITS = 16;
export const SEARCH_LIMIT_DEFAULT = 10;
export const SEARCH_LIMIT_MAX = 100;
/** With recency preferred a hit of this age counts a little less than one of today, and a very old one RECENCY_WORTH less. */
export const RECENCY_HALF_LIFE_DAYS = 60;
/** Share of a hit's score that age can take. */
export const RECENCY_WORTH = 0.3;
export const QUERY_CHARS_MAX = 1_000;
export const SNIPPET_CHARS = 240;
/** Rows of one merge: more gain nothing and hold memory. */
export const LANCE_MERGE_ROWS_MAX = 1_000;
/** From here on a vector index pays: a search without it takes 6 ms for 10,000 rows and 50 ms for 100,000, and fragments that its segments keep apart are not written anew with every upkeep. */
export const VECTOR_INDEX_ROWS_MIN = 10_000;
/** Each upkeep adds a segment of the vector index and a fragment; after so many they are joined, which writes everything once. */
export const VECTOR_SEGMENTS_MAX = 8;
/** Versions younger than this stay, for readers of other processes that are in the middle of one. */
export const LANCE_VERSIONS_KEPT_MS = 5 * MINUTE;
/** Rows that the ledger does not name are swept when they are older: a chunk is committed within seconds of its merge. */
export const SWEEP_AFTER_MS = HOUR;
/** How often a worker looks for them within that time: every ten minutes. */
export const SWEEP_LOOKS = 6;
/** Of one look: tenants, and leftovers of each; the rest is swept by the next one. */
export const SWEPT_TENANTS_MAX = 50;
export const LEFTOVERS_AT_ONCE_MAX = 2_000;
/** Looking through all rows of one tenant, 300,000 of them: 20 s. What is not done by then is begun anew, after SWEEP_AGAIN_MS. */
export const SWEEP_TIMEOUT_MS = 5 * MINUTE;
export const SWEEP_AGAIN_MS = HOUR;
/** Open datasets in one process; the least recently used one is closed. */
export const LANCE_DATASETS_MAX = 64;
/** Three small requests to the object store at start-up. */
export const STORAGE_PROBE_TIMEOUT_MS = 10 * SECOND;
/** Of a machine's memory: 320 MB of 2 GB. LanceDB's own default, 7 GB, is more than there is. */
export const LANCE_CACHE_SHARE = 5 / 32;
/** Of that: what tables and files are made of; the rest is for indices. */
export const LANCE_METADATA_CACHE_SHARE = 1 / 5;

// --- the graph
/** Nodes of one neighbourhood: what a page draws or a model reads. */
export const NEIGHBORS_LIMIT_DEFAULT = 100;
export const NEIGHBORS_LIMIT_MAX = 500;
export const NEIGHBORS_DEPTH_MAX = 3;
/** Nodes of one level that are gone on from: a hub of this size still answers within 300 ms. More is said to be cut. */
export const GRAPH_FRONTIER_MAX = 2_500;
/** Edges between the nodes of one answer, the strongest first. */
export const GRAPH_EDGES_MAX = 1_000;
/** Facts of one node, the strongest first; records behind one fact and of one node, the newest first. */
export const NODE_FACTS_MAX = 100;
export const FACT_RECORDS_MAX = 3;
export const NODE_RECORDS_MAX = 20;
/** Edges of one node that are weighed for its facts: the owner of a company's whole mail has a hundred thousand. */
export const NODE_EDGES_MAX = 20_000;
/** So many entities of one kind, and it is proposed as a type: fewer may be a slip of a rule or a model. */
export const TYPE_SAMPLES_MIN = 5;
/** Entities whose properties a type's schema is read off. */
export const SCHEMA_SAMPLES_MAX = 100;
/** Types listed at once. A model invents some; a person reads them all. */
export const TYPES_MAX = 200;
/** Steps of a path and nodes seen on the way: people are six apart. */
export const PATH_STEPS_MAX = 6;
export const PATH_SEEN_MAX = 20_000;

/** Ties that communities are found in, the strongest first: a second of arithmetic and 100 MB. */
export const COMMUNITY_TIES_MAX = 200_000;
/** People in a conversation that still says they belong together. A list of hundreds says nothing, and each of its mails would be 10,000 ties. */
export const COMMUNITY_GATHERING_MAX = 30;
/** Members shown with a community, the most central first. */
export const COMMUNITY_MEMBERS_SHOWN = 20;

// --- context for an agent
export const CONTEXT_RECORDS_DEFAULT = 10;
export const CONTEXT_RECORDS_MAX = 50;
export const CONTEXT_DEPTH_DEFAULT = 2;
export const CONTEXT_TOKENS_DEFAULT = 4_000;
/** Below this nothing but the frame would fit; above it no model reads with care. */
export const CONTEXT_TOKENS_MIN = 500;
export const CONTEXT_TOKENS_MAX = 100_000;
/** Characters of a token, for estimates of JSON: more signs than prose has. */
export const CONTEXT_CHARS_PER_TOKEN = 3.5;
/** Where the walk round the hits begins; how many nodes each next level goes on from; relations of one node that are walked, and looked at, the strongest first. */
export const CONTEXT_SEEDS_MAX = 40;
export const CONTEXT_FRONTIER_MAX = 60;
export const CONTEXT_STEPS_MAX = 50;
export const CONTEXT_LOOKED_AT_MAX = 2_000;

/** Records of a timeline that an agent is given when it does not say how many, and jobs that it is told of: what it reads costs tokens. */
export const TIMELINE_RECORDS_DEFAULT = 20;
export const TOOL_JOBS_SHOWN = 5;

/** Records of one step of an erasure: 4,000 rows of evidence, a tenth of a second under the tenant's exclusive lock. */
export const ERASE_RECORDS_AT_ONCE = 200;
/** How often a worker looks for erasures that nobody finished, and how many it takes on at once. */
export const ERASE_RESUME_EVERY_MS = MINUTE;
export const ERASURES_AT_ONCE_MAX = 20;
/** Receipts that are shown, the newest first. */
export const ERASURES_SHOWN = 50;
/** Whoever asked waits so long for the receipt; a large erasure goes on without them. */
export const ERASE_PATIENCE_MS = 20_000;

/** Rows of one page of an export: 5 MB of text at most are in memory. */
export const EXPORT_PAGE_ROWS = 500;
