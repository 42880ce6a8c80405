/** Hospitals that a relay serves at once, a few places each: a place costs it an entry, and a connection that the member has anyway. */
export const MAX_RESERVATIONS = 256;
/** Places of one hospital: its replicas and one that is being replaced. */
export const RESERVATIONS_A_MEMBER = 4;
/** How long a place is kept without being renewed. It ends at once with its connection. */
export const RESERVATION_MILLISECONDS = 60 * 60 * 1000;
/** Relayed connections in all: each may be as busy as the relay's own line lets it. */
export const MAX_RELAYED = 512;
/** Relayed connections from, and apart from these to, one hospital: none can take the relay for itself. */
export const RELAYED_A_MEMBER = 64;
/**
 * Bytes over one relayed connection, both ways together: most studies go through, and the relay's line is nobody's for good. Below
 * 2 GiB: from there to 4 GiB libp2p's protocol buffers (protons-runtime 7) write numbers that nobody can read.
 */
export const RELAYED_BYTES = 1024n * 1024n * 1024n;
/** How long one relayed connection lasts; whoever needs it longer connects again, for one handshake. */
export const RELAYED_MILLISECONDS = 4 * 60 * 60 * 1000;
/** Asking a relay for a place or a connection, and its question to the one called: some round trips. */
export const HOP_TIMEOUT_MILLISECONDS = 10_000;
/** How often one hospital may ask a relay for places and connections: it costs the relay two signatures and some streams. */
export const HOPS_A_MEMBER = { burst: 32, perSecond: 2 };
/** How often one hospital may have us try a direct connection (each dials addresses of its choice). */
export const UPGRADES_A_MEMBER = { burst: 5, perSecond: 0.1 };
