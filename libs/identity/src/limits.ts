/** How far two hospitals' clocks may differ: NTP keeps them within a second, a virtual machine after a pause within a minute. */
export const CLOCK_SKEW_MILLISECONDS = 60_000;

/** The largest DID history: a version of ours has up to 24 KiB (its keys, three earlier pairs, its cosignature), so forty fit. */
export const MAX_DID_HISTORY_BYTES = 1024 * 1024;

/** Versions of one DID, of whatever size: each costs a signature and several hashes to verify. */
export const MAX_DID_VERSIONS = 512;

/** Witnesses of one DID: a network has a handful of authorities. */
export const MAX_WITNESSES = 16;

/** A `did:webvh` with a host name of 253 characters does not get longer than this. */
export const MAX_DID_CHARACTERS = 320;

/** An organisation's name as it is shown to staff. */
export const MAX_NAME_CHARACTERS = 200;

/** Network ids are short names such as `carecord-demo`. */
export const MAX_NETWORK_ID_CHARACTERS = 128;

/** A PeerId of an Ed25519 key has 52 characters, of an RSA key 46; the longest other form (a CID) stays below this. */
export const MAX_PEER_ID_CHARACTERS = 128;

/** A DID version's id: its number, a hyphen and a hash of 46 characters. */
export const MAX_VERSION_ID_CHARACTERS = 128;
