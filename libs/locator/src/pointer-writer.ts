import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import { ed25519Signer } from '@carecord/crypto';
import type { Ed25519Signer } from '@carecord/crypto';
import type { LocalIdentity } from '@carecord/identity';
import type { DhtEntry, NetworkHost, Placement, PublishOptions } from '@carecord/network';
import { pointerKey, tagKeys } from './keys.ts';
import type { HospitalKeys, TagKeys } from './keys.ts';
import { sealContent, sealNothing } from './pointer-content.ts';
import { signStatements } from './pointer-statement.ts';
import type { BoundStatement } from './pointer-statement.ts';
import { makePointerValue, pointerKind } from './pointer-value.ts';

/** How long a value stands when it is not renewed: a hospital that is gone for longer is not found any more. */
export const POINTER_LIFETIME_MILLISECONDS = 48 * 60 * 60 * 1000;

/** One patient under one tag of one epoch, to one audience. */
export interface PointerSubject {
  /** The patient's tag: handle and asking are derived from it. */
  readonly tag: Uint8Array;
  /** The tag under which the pointer stands: the same, or what `namedTag` makes of it for the recipient. */
  readonly placeTag: Uint8Array;
  readonly patientId: string;
  readonly epoch: number;
  /** The recipient key of the one hospital that it is for, 1,216 bytes; `undefined`: all members. */
  readonly recipientPublicKey?: Uint8Array | undefined;
}

/** One value to be written. */
export interface PointerWrite {
  readonly subject: PointerSubject;
  /** `nothing` looks the same: a pointer that is taken back, or a dummy. */
  readonly says: 'pointer' | 'nothing';
  readonly slot: number;
  /** Higher than all that were written in this slot before. */
  readonly sequence: number;
  readonly lifetimeMilliseconds: number;
  /** Until when a pointer says what it says, where that ends before the value does; it does not show from outside. */
  readonly until?: Date | undefined;
}

/** What a writer needs. */
export interface PointerWriterOptions {
  readonly network: Pick<NetworkHost, 'publish'>;
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  readonly keys: HospitalKeys;
  readonly clock: Clock;
}

/** A write with what it takes to make its value. */
interface PreparedWrite extends PointerWrite {
  readonly tagKeys: TagKeys;
  readonly slotKey: Ed25519Signer;
  readonly expiresAt: Date;
}

/** Makes the values of pointers and brings them into the DHT, many at once. */
export class PointerWriter {
  constructor(private readonly options: PointerWriterOptions) {}

  /**
   * Writes values, all in one publication.
   * @returns how each was taken, in the order given
   * @throws NetworkError what `publish` throws
   */
  async write(writes: readonly PointerWrite[], options: PublishOptions = {}): Promise<Placement[]> {
    if (writes.length === 0) return [];
    return this.options.network.publish(await this.entriesOf(writes), options);
  }

  private async entriesOf(writes: readonly PointerWrite[]): Promise<DhtEntry[]> {
    const prepared = writes.map((write) => this.prepare(write));
    const pointers = prepared.filter(({ says }) => says === 'pointer');
    const contents = await signStatements(pointers.map((write) => this.statementOf(write)), this.options.identity.current().signer);
    const contentOf = new Map(pointers.map((write, at) => [write, contents[at] as Uint8Array]));
    return Promise.all(prepared.map((write) => entryOf(write, contentOf.get(write))));
  }

  private prepare(write: PointerWrite): PreparedWrite {
    const { placeTag, patientId, epoch } = write.subject;
    const { keys, clock } = this.options;
    return { ...write, tagKeys: tagKeys(placeTag), slotKey: ed25519Signer(keys.slotSeed(placeTag, patientId, epoch)), expiresAt: later(clock.now(), write.lifetimeMilliseconds) };
  }

  private statementOf({ subject, slot, sequence, until, tagKeys, slotKey, expiresAt }: PreparedWrite): BoundStatement {
    const { identity, keys, clock } = this.options;
    const { tag, patientId, epoch } = subject;
    const ends = until !== undefined && until < expiresAt ? until : expiresAt;
    return {
      statement: { holder: identity.did, handle: keys.handle(tag, patientId), issuedAt: clock.now().getTime(), expiresAt: ends.getTime() },
      binding: { networkId: identity.networkId, admitPublicKey: tagKeys.admitPublicKey, slotPublicKey: slotKey.publicKey, epoch, slot, sequence },
    };
  }
}

async function entryOf({ subject, slot, sequence, tagKeys, slotKey, expiresAt }: PreparedWrite, content: Uint8Array | undefined): Promise<DhtEntry> {
  const { epoch, recipientPublicKey } = subject;
  const { admitPublicKey, sealKey } = tagKeys;
  const key = pointerKey(admitPublicKey, epoch, slot);
  const recipient = recipientPublicKey === undefined ? undefined : { publicKey: recipientPublicKey, place: key };
  const sealed = content === undefined ? sealNothing(sealKey) : await sealContent({ sealKey, ...(recipient === undefined ? {} : { recipient }) }, content);
  return { kind: pointerKind, key, value: makePointerValue(tagKeys, slotKey, { epoch, slot, sequence, expiresAt }, sealed) };
}
