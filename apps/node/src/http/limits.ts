/** A bundle of 10 MiB in a GraphQL variable, with room for escapes and the document around it. */
export const MAX_HOSPITAL_BODY_BYTES = 16 * 1024 * 1024;
/** An application holds a DID history of at most 1 MiB as a JSON text in base64, and two signatures. */
export const MAX_AUTHORITY_BODY_BYTES = 4 * 1024 * 1024;
/** The slowest thing behind a request is a release with its blocks; a client that sends slower than this is no client. */
export const REQUEST_TIMEOUT_MILLISECONDS = 150_000;
