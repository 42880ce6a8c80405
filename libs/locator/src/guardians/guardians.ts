import type { AuditLog } from '@carecord/audit';
import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import type { LocalIdentity } from '@carecord/identity';
import type { NetworkHost } from '@carecord/network';
import type { TagSource } from '../tag-source.ts';
import type { AdmissionCount } from './admission-statement.ts';
import { GuardianChannel } from './guardian-channel.ts';
import { GuardianClient } from './guardian-client.ts';
import type { GuardianLimits } from './guardian-quotas.ts';
import { GuardianSeal } from './guardian-seal.ts';
import { Guardian } from './guardian.ts';
import { KeyBook } from './key-book.ts';
import { KeyMaker } from './key-maker.ts';
import type { GuardianPlan, GuardianStore, KeyName, SigningKeysOf } from './ports.ts';

/** What a member's part in the guardians needs. */
export interface GuardiansOptions {
  readonly network: Pick<NetworkHost, 'did' | 'handle' | 'knownMember' | 'request'>;
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  /** Whether we are a hospital: only hospitals have identifiers evaluated. */
  readonly isHospital: boolean;
  /** As the authorities describe the network now. */
  readonly plan: () => GuardianPlan;
  readonly store: GuardianStore;
  /** Seals shares at rest: 32 bytes, secret. */
  readonly sealingKey: Uint8Array;
  /** How many patients we have admitted. */
  readonly admissions: () => Promise<AdmissionCount>;
  /** Told of a guardian that gave a wrong proof. @default nobody */
  readonly onBadProof?: (guardian: string) => void;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default `GUARDIAN_LIMITS` */
  readonly limits?: Partial<GuardianLimits>;
}

/**
 * A member's part in the guardians: every member follows their keys, a hospital has them evaluate ({@link Guardians.tags}), and
 * whoever the authorities name is one of them.
 */
export class Guardians {
  readonly tags: TagSource;
  private readonly book: KeyBook;
  private readonly maker: KeyMaker;
  private readonly guardian: Guardian;

  constructor(options: GuardiansOptions) {
    const { network, identity, isHospital, clock } = options;
    const keysOf = keysIn(network, identity);
    const common = { ...options, keysOf, channel: new GuardianChannel(network, isHospital, clock), seal: new GuardianSeal(options.sealingKey) };
    this.book = new KeyBook(common);
    this.maker = new KeyMaker({ ...common, book: this.book });
    this.guardian = new Guardian({ ...common, book: this.book });
    this.tags = new GuardianClient({ ...common, book: this.book });
  }

  /** Starts answering; before the network host is started. */
  start(): void {
    this.maker.start();
    this.guardian.start();
  }

  /** Follows the guardians' keys, and makes them where we are one: to be repeated every few seconds, by one replica. */
  run(): Promise<void> {
    return this.maker.run();
  }

  /** The newest key that counts; `undefined` while the guardians have made none. */
  async newestKey(): Promise<KeyName | undefined> {
    const [newest] = await this.book.live();
    return newest && { epoch: newest.statement.epoch, version: newest.statement.version };
  }

  /** Forgets what was counted on days that are over: to be repeated daily. */
  tidy(): Promise<void> {
    return this.guardian.tidy();
  }
}

function keysIn(network: Pick<NetworkHost, 'knownMember'>, identity: Pick<LocalIdentity, 'current' | 'did'>): SigningKeysOf {
  return async (did) => {
    if (did === identity.did) return identity.current().resolved.acceptedSigning;
    return (await network.knownMember(did))?.resolved.acceptedSigning;
  };
}
