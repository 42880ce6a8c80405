/** Injection tokens of what has no class of its own. */
export const TRANSACTIONS = Symbol('TransactionRunner');
export const NETWORK = Symbol('NetworkHost');
export const ADMISSION_LIMITER = Symbol('RateLimiter of applications for membership');
