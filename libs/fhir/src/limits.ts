/** Largest bundle in bytes of JSON: what one request may cost in memory; Synthea's largest patient here has 1.5 MB. */
export const MAX_BUNDLE_BYTES = 10 * 1024 * 1024;

/** Most entries of a bundle: one bundle is one database transaction, which should not run for minutes. */
export const MAX_BUNDLE_ENTRIES = 10_000;

/** Deepest nesting: R4 examples stay below 20 levels; the validator recurses, so the stack must be safe. */
export const MAX_NESTING_DEPTH = 64;

/** Most JSON values of a bundle: 10 MiB of real FHIR has half of this; `[0,0,...]` would have five million. */
export const MAX_JSON_VALUES = 1_000_000;

/** Longest list of one element: sampled data is one text, so real lists stay far below. */
export const MAX_LIST_LENGTH = 10_000;

/** Most issues told of one resource: the first ones say what is wrong, and the answer stays short. */
export const MAX_ISSUES_PER_RESOURCE = 10;

/** Most issues told at all; above it their number is told. */
export const MAX_ISSUES = 1_000;
