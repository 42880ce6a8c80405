import { BoundedCache, errorCodeOf, later } from '@carecord/core';
import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import type { LocalIdentity } from '@carecord/identity';
import { LocatorError } from '../locator-error.ts';
import type { GuardianChannel } from './guardian-channel.ts';
import { GUARDIAN_KEY_PROTOCOL } from './guardian-key-protocol.ts';
import { decodeSignedKey, encodeSignedKey, hasSigned, openSignedKey, readStatement, signKeyStatement } from './key-statement.ts';
import type { KeyStatement, SignedKey } from './key-statement.ts';
import { isSharedAmong } from './key-target.ts';
import { EPOCH_OVERLAP_MILLISECONDS, MAX_LIVE_EPOCHS } from './limits.ts';
import type { GuardianPlan, GuardianStore, SigningKeysOf } from './ports.ts';

/** Statements that were read of late: each evaluation and look-up needs those of the live epochs, and to read one takes milliseconds. */
const MAX_READ_STATEMENTS = 4 * MAX_LIVE_EPOCHS;

/** What a {@link KeyBook} needs. */
export interface KeyBookOptions {
  readonly store: GuardianStore;
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  /** As the authorities describe the network now. */
  readonly plan: () => GuardianPlan;
  readonly keysOf: SigningKeysOf;
  readonly channel: GuardianChannel;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A guardian key of which we know. */
export interface KnownKey {
  readonly statement: KeyStatement;
  readonly signed: SignedKey;
  /** Until when it counts; `undefined` for the newest. */
  readonly endsAt: Date | undefined;
}

/** The guardians' keys as this member knows them: the highest version that it ever saw of each, kept over restarts. */
export class KeyBook {
  private readonly read = new BoundedCache<KeyStatement>({ entries: MAX_READ_STATEMENTS });

  constructor(private readonly options: KeyBookOptions) {}

  /** The keys of the epochs that count now, the newest first. */
  async live(): Promise<KnownKey[]> {
    const now = this.options.clock.now();
    return (await this.all()).slice(0, MAX_LIVE_EPOCHS).filter(({ endsAt }) => endsAt === undefined || endsAt > now);
  }

  /** All keys that are kept, the newest first. */
  async all(): Promise<KnownKey[]> {
    const signed = (await this.options.store.keys()).map(({ statement }) => decodeSignedKey(statement));
    const statements = signed.map(({ payload }) => this.statementIn(payload));
    return statements.map((statement, at) => {
      const next = statements[at - 1];
      return { statement, signed: signed[at] as SignedKey, endsAt: next && later(new Date(next.from), EPOCH_OVERLAP_MILLISECONDS) };
    });
  }

  /** Asks the guardians of now and before for what they have. @returns whether anything was new */
  async refresh(): Promise<boolean> {
    const { plan, channel, identity, logger } = this.options;
    const { guardians, formerGuardians } = plan();
    const known = (await this.all()).flatMap(({ statement }) => statement.guardians);
    const asked = new Set([...guardians.members, ...(formerGuardians?.members ?? []), ...known].filter((did) => did !== identity.did));
    const answers = await Promise.all(
      [...asked].map((did) =>
        channel.request(GUARDIAN_KEY_PROTOCOL, did, {}).catch((error: unknown) => {
          logger.info('guardian-key-not-fetched', { guardian: did, code: errorCodeOf(error) });
          return { keys: [] };
        }),
      ),
    );
    let changed = false;
    for (const { keys } of answers) for (const key of keys) changed = (await this.offerQuietly(key)) || changed;
    return changed;
  }

  /**
   * Takes a statement that verifies and is newer than what is known, or adds signatures to what is known.
   * @returns whether anything was new
   * @throws LocatorError `GUARDIAN_KEY_INVALID` also for an older version, and for another key of the same epoch
   */
  async offer(key: SignedKey): Promise<boolean> {
    const { store, identity, plan, keysOf, transactions, logger } = this.options;
    const known = (await this.all()).find(({ statement }) => statement.epoch === epochOf(key));
    if (known !== undefined && isContained(key, known.signed)) return false;
    const { statement, signed } = await openSignedKey(key, identity.networkId, keysOf);
    checkNamed(statement, plan());
    if (known !== undefined) checkSuccession(statement, signed, known);
    const { epoch, version } = statement;
    if (known?.statement.version === version) {
      await transactions.run((transaction) => store.updateKey(transaction, { epoch, version, statement: encodeSignedKey(merged(known.signed, signed)) }));
      return true;
    }
    const kept = await transactions.run((transaction) => store.saveKey(transaction, { epoch, version, statement: encodeSignedKey(signed) }));
    if (kept) logger.info('guardian-key-known', { epoch, version, guardians: statement.guardians.length, threshold: statement.threshold });
    return kept;
  }

  /** Where we are a guardian: the statement bears our signature, made with our keys of now. */
  async signOwn(): Promise<void> {
    const { identity, keysOf, store, transactions } = this.options;
    for (const { statement, signed } of await this.live()) {
      if (!statement.guardians.includes(identity.did)) continue;
      const own = signed.signatures.find(({ guardian }) => guardian === identity.did);
      if (own !== undefined && (await hasSigned(signed.payload, own, keysOf))) continue;
      const signature = await signKeyStatement(signed.payload, identity);
      const encoded = encodeSignedKey(merged(signed, { ...signed, signatures: [signature] }));
      await transactions.run((transaction) => store.updateKey(transaction, { epoch: statement.epoch, version: statement.version, statement: encoded }));
    }
  }

  /** What we have verified and kept, read once. */
  private statementIn(payload: string): KeyStatement {
    const statement = this.read.get(payload) ?? readStatement(payload);
    this.read.set(payload, statement);
    return statement;
  }

  private async offerQuietly(key: SignedKey): Promise<boolean> {
    try {
      return await this.offer(key);
    } catch (error) {
      if (!(error instanceof LocatorError)) throw error;
      this.options.logger.warn('guardian-key-refused', { code: error.code }, error);
      return false;
    }
  }
}

function epochOf({ payload }: SignedKey): number {
  return readStatement(payload).epoch;
}

/** Only guardians that the authorities name speak for the network's key; those named before, of what they shared before the others were. */
function checkNamed(statement: KeyStatement, { guardians, formerGuardians, epoch, sequence }: GuardianPlan): void {
  const isOfFormer = formerGuardians !== undefined && isSharedAmong(statement, formerGuardians) && statement.version < sequence;
  const named = isSharedAmong(statement, guardians) || isOfFormer;
  if (!named || statement.epoch > epoch || statement.version > sequence) throw refused('The authorities name other guardians, or another epoch.');
}

function checkSuccession(statement: KeyStatement, { payload }: SignedKey, known: KnownKey): void {
  if (statement.publicKey !== known.statement.publicKey) throw refused('It is another key of an epoch whose key is known.');
  if (statement.version < known.statement.version) throw refused('It is older than what is known.');
  if (statement.version === known.statement.version && payload !== known.signed.payload) throw refused('It says something else than the same version that is known.');
}

function isContained({ payload, signatures }: SignedKey, known: SignedKey): boolean {
  const text = (signature: SignedKey['signatures'][number]): string => JSON.stringify(signature);
  const kept = new Set(known.signatures.map(text));
  return payload === known.payload && signatures.every((signature) => kept.has(text(signature)));
}

/** One signature a guardian, the newer one where there are two. */
function merged(known: SignedKey, newer: SignedKey): SignedKey {
  const signatures = new Map([...known.signatures, ...newer.signatures].map((signature) => [signature.guardian, signature]));
  return { payload: known.payload, signatures: [...signatures.values()] };
}

function refused(why: string): LocatorError {
  return new LocatorError('GUARDIAN_KEY_INVALID', 'A statement of guardians about their key is not taken.', { cause: new Error(why) });
}
