import type { PurposeOfUse } from '@carecord/fhir';
import type { Transaction } from '@carecord/core';
import type { ReceivedState, SentState } from './state-machine.ts';

/** Holder side: a question that another hospital asked us, with what became of it. */
export interface ReceivedRequest {
  /** UUID chosen by the asking hospital; unique among all that were ever received, so that none is answered twice. */
  readonly requestId: string;
  /** DID of the asking hospital. */
  readonly requester: string;
  /** Our internal id of the patient; undefined when the selector led to none. */
  readonly patientId?: string;
  readonly state: ReceivedState;
  readonly purpose: PurposeOfUse;
  /** The role that the asking hospital vouches for. */
  readonly role: string;
  /** Stands for the asking staff member, towards us alone; 64 hexadecimal digits. */
  readonly staffPseudonym: string;
  /** The free-text reason, sealed under a hospital key. */
  readonly sealedReason: Uint8Array;
  /** FHIR resource types asked for; undefined: all. */
  readonly resourceTypes?: readonly string[];
  readonly receivedAt: Date;
  /** When policy or a person decided; undefined while `referred`. */
  readonly decidedAt?: Date;
  /** The staff member who decided; undefined when policy alone did. */
  readonly decidedBy?: string;
  /** Why it was decided so: the holder's own knowledge, never sent. */
  readonly reasonCode?: string;
}

/** What a transition writes; fields that are absent stay as they are. */
export interface ReceivedChange {
  readonly state: ReceivedState;
  readonly decidedAt?: Date;
  readonly decidedBy?: string;
  readonly reasonCode?: string;
}

/** Where the holder keeps the requests it received. */
export interface ReceivedRequestStore {
  /** Adds a request; `duplicate`, and nothing written, when its `requestId` was received before (by whomever). */
  insert(transaction: Transaction, request: ReceivedRequest): Promise<'inserted' | 'duplicate'>;
  find(requestId: string): Promise<ReceivedRequest | undefined>;
  /** Compare and set: applies `change` when the request stands in `from`; `wrong-state`, and nothing written, otherwise or when there is none. */
  change(transaction: Transaction, requestId: string, from: ReceivedState, change: ReceivedChange): Promise<'changed' | 'wrong-state'>;
  /** Requests in one of the states with `receivedAt > receivedAfter`, newest first by `receivedAt`, at most `limit`. */
  list(filter: { readonly states: readonly ReceivedState[]; readonly receivedAfter: Date; readonly limit: number }): Promise<ReceivedRequest[]>;
  /** How many requests of one hospital are in the state, with `receivedAt > receivedAfter`. */
  count(filter: { readonly requester: string; readonly state: ReceivedState; readonly receivedAfter: Date }): Promise<number>;
  /** Deletes the requests in one of the states with `receivedAt <= receivedUntil`; returns how many. One statement. */
  delete(transaction: Transaction, filter: { readonly states: readonly ReceivedState[]; readonly receivedUntil: Date }): Promise<number>;
}

/** Holder side: a signed permission that we gave. */
export interface StoredGrant {
  /** UUID. */
  readonly grantId: string;
  /** The request it answers; unique: a request has one grant at the most. */
  readonly requestId: string;
  readonly patientId: string;
  /** DID of the hospital that may fetch and open. */
  readonly recipient: string;
  /** Content ids of the ciphertexts it covers, each once. */
  readonly contentIds: readonly string[];
  /** The signed grant as it is sent, canonical JSON of a General JWS: what we can show of what we released; up to some MiB. */
  readonly jws: Uint8Array;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt?: Date;
}

/** Where the holder keeps the grants it gave. */
export interface GrantStore {
  /** How often this patient's grants were revoked: 0 before the first time. Read before deciding, compared when the grant is inserted. */
  revocations(patientId: string): Promise<number>;
  /**
   * Adds a grant if the patient's revocations still number `revocations`, under a lock on that number which lasts to the end of the
   * transaction: a consent withdrawn while we decided cannot be overtaken. `revoked-meanwhile`, and nothing written, otherwise.
   */
  insert(transaction: Transaction, grant: StoredGrant, revocations: number): Promise<'inserted' | 'revoked-meanwhile'>;
  findByRequest(requestId: string): Promise<StoredGrant | undefined>;
  /** Those of `contentIds` that a grant to `recipient` covers which at `at` is neither revoked nor expired (`expiresAt > at`). One query. */
  covered(recipient: string, contentIds: readonly string[], at: Date): Promise<Set<string>>;
  /** Counts the patient's revocations one up (under the lock) and ends the grants that were not revoked before; returns those it ended. */
  revokeForPatient(transaction: Transaction, patientId: string, revokedAt: Date): Promise<{ grantId: string; requestId: string; recipient: string }[]>;
}

/** Requester side: a question that a staff member of ours asked another hospital. */
export interface SentRequest {
  /** UUID; unique. */
  readonly requestId: string;
  /** The staff member who asked and alone may read the answer. */
  readonly staffId: string;
  readonly role: string;
  /** DID of the hospital asked. */
  readonly holder: string;
  readonly state: SentState;
  readonly purpose: PurposeOfUse;
  /** The free-text reason, sealed under a hospital key. */
  readonly sealedReason: Uint8Array;
  readonly resourceTypes?: readonly string[];
  /** Code of the refusal or failure. */
  readonly outcomeCode?: string;
  /** The holder's grant as it was signed (canonical JSON of the General JWS), sealed under a hospital key: proof of the release; undefined unless `released`. */
  readonly sealedGrant?: Uint8Array;
  readonly askedAt: Date;
  /** When the present state ends by itself: the answer's, the referral's or the grant's time. */
  readonly deadline: Date;
  /** When the request came to its present state from `asked` or `referred`. */
  readonly settledAt?: Date;
  /** Which recipient key of ours it needs: the grant's; before there is a grant, the key that was current when it was asked. Undefined: not known. */
  readonly recipientKeyId?: string;
}

/** What a transition writes; fields that are absent stay as they are. */
export interface SentChange {
  readonly state: SentState;
  readonly outcomeCode?: string;
  readonly sealedGrant?: Uint8Array;
  readonly deadline?: Date;
  readonly settledAt?: Date;
  readonly recipientKeyId?: string;
}

/** That requests which are not over need a recipient key. */
export interface RecipientKeyUse {
  /** Undefined: not known, because the request is older than this column. */
  readonly recipientKeyId?: string;
  /** `released`: the grant is sealed to it; otherwise the grant is still to come, sealed to this key or to a newer one. */
  readonly state: SentState;
}

/** Where the requester keeps the requests it sent. */
export interface SentRequestStore {
  /** Adds a request; `duplicate`, and nothing written, when the `requestId` exists. */
  insert(transaction: Transaction, request: SentRequest): Promise<'inserted' | 'duplicate'>;
  find(requestId: string): Promise<SentRequest | undefined>;
  /** Compare and set: applies `change` when the request stands in `from`; `wrong-state`, and nothing written, otherwise or when there is none. */
  change(transaction: Transaction, requestId: string, from: SentState, change: SentChange): Promise<'changed' | 'wrong-state'>;
  /** A staff member's requests, newest first by `askedAt`, at most `limit`. */
  listByStaff(staffId: string, limit: number): Promise<SentRequest[]>;
  /** Moves all in one of the states `from` whose `deadline <= now` to `expired` and forgets their `sealedGrant`; returns their ids. One statement. */
  expire(transaction: Transaction, from: readonly SentState[], now: Date): Promise<string[]>;
  /** What the requests in one of the states whose `deadline > now` need, each pair once. One query. */
  recipientKeyUses(states: readonly SentState[], now: Date): Promise<RecipientKeyUse[]>;
}

/** A ciphertext that we fetched: opened only with the grant that names it. */
export interface ReceivedBlock {
  /** CIDv1 of the ciphertext. */
  readonly contentId: string;
  readonly ciphertext: Uint8Array;
}

/** Where the requester keeps fetched ciphertexts. */
export interface ReceivedBlockStore {
  /** Keeps the blocks until `keepUntil`, or longer where one with the same content id is kept longer already. One statement for all. */
  save(transaction: Transaction, blocks: readonly ReceivedBlock[], keepUntil: Date): Promise<void>;
  /** Keeps those of the blocks that there are until `keepUntil`, or longer where they are kept longer already; returns how many there are. */
  keep(transaction: Transaction, contentIds: readonly string[], keepUntil: Date): Promise<number>;
  /** The ciphertexts in the order of `contentIds`; undefined where there is none. One query. */
  read(contentIds: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Deletes the blocks with `keepUntil <= now`; returns how many. */
  deleteExpired(transaction: Transaction, now: Date): Promise<number>;
}
