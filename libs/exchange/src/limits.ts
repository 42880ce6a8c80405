const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Every refusal is answered this long after its question came: longer than finding patient, consents and a decision takes. */
export const REFUSAL_DEADLINE_MILLISECONDS = 400;

/** How long a signed request is good for: enough for a slow connection, too short to be kept for later. */
export const REQUEST_LIFETIME_MILLISECONDS = 2 * MINUTE;

/** How long a request may wait for its answer and its blocks before it counts as lost, e.g. because our node died meanwhile. */
export const ANSWER_LIFETIME_MILLISECONDS = 10 * MINUTE;

/** How long a question may wait for a person at the holder: a week spans a weekend and a holiday. */
export const REFERRAL_LIFETIME_MILLISECONDS = 7 * DAY;

/** How long granted records may be read: one day of treatment; afterwards the reader asks, and the consent is looked at, again. */
export const GRANT_LIFETIME_MILLISECONDS = DAY;

/** How long we try to tell a requester what a person decided: after it a grant would have ended anyway. */
export const OUTCOME_LIFETIME_MILLISECONDS = GRANT_LIFETIME_MILLISECONDS;

/** How many referred requests of one hospital may wait at a time: a person cannot look at more, and others must find room in the inbox. */
export const MAX_OPEN_REFERRALS = 50;

/**
 * How long a received request is kept: its id is refused for good after minutes already (the request has expired by then), a
 * referral has lapsed and its outcome been told after eight days; people look back at what they decided for a month. The log stays.
 */
export const RECEIVED_RETENTION_MILLISECONDS = 30 * DAY;

/** Bytes of ciphertext that one release may bring: whole records are some MiB; what is released is opened in memory. */
export const MAX_RELEASE_BYTES = 128 * 1024 * 1024;

/** How long fetching one release may take, over all answers: 128 MiB at 1 MiB a second. */
export const FETCH_LIFETIME_MILLISECONDS = 2 * MINUTE;

/** Versions that one grant can name: about 6 MiB of JSON, the largest payload of a JWS. The longest sample records have about a thousand. */
export const MAX_GRANT_VERSIONS = 20_000;

/** Characters of the free-text reason: two sentences, so that nobody pastes a record into it. */
export const MAX_REASON_CHARACTERS = 500;

/** Resource types in one question: FHIR R4 has 146. */
export const MAX_RESOURCE_TYPES = 150;

/** Bytes of a handle or a tag. */
export const MAX_SELECTOR_BYTES = 64;

/** A DID of 320 characters, `#` and the name of a key in its document. */
export const MAX_KEY_ID_CHARACTERS = 400;

/** Policies that a log entry names: the first ones explain a decision; each consent and hospital policy has a short id. */
export const MAX_NAMED_POLICIES = 5;

/** Characters of their ids together: an audit text has at most 512. */
export const MAX_POLICIES_CHARACTERS = 500;

/** Requests of one list. */
export const MAX_LISTED_REQUESTS = 200;
