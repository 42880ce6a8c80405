import type { AuditActor, AuditLog } from '@carecord/audit';
import { errorCodeOf } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { KeyHolder, KeyHolderKind, KeyRing, NodeKeyInfo } from '@carecord/keys';
import type { KeyRewrapping, RewrapJob, RewrapLevel, RootKeyInfo } from '@carecord/records';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import type { RewrapRunner } from './rewrap-runner.ts';

/** Replaces the keys of the hospital's DID. */
export interface IdentityRotation {
  /**
   * @param options `urgent`: the present keys may be known to others, so nobody shall accept them any more
   * @returns the version of the DID that has the new keys
   */
  rotate(options: { readonly urgent: boolean }): Promise<{ readonly versionId: string }>;
}

/** What {@link KeyOperations} works with. */
export interface KeyOperationsDependencies {
  readonly holder: Pick<KeyHolder, 'kind'>;
  readonly ring: Pick<KeyRing, 'list' | 'reload'>;
  readonly rewrapping: Pick<KeyRewrapping, 'destroyOldRootKeys' | 'jobs' | 'rootKeys' | 'start'>;
  readonly runner: Pick<RewrapRunner, 'kick'>;
  readonly rotation: IdentityRotation;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
}

/** The keys that there are, none of them with its secret. */
export interface KeyOverview {
  readonly holder: KeyHolderKind;
  /** Oldest first. */
  readonly rootKeys: readonly RootKeyInfo[];
  /** By purpose and number, destroyed ones too. */
  readonly keys: readonly NodeKeyInfo[];
}

/** What an administrator does with the hospital's keys; each deed is in the audit log. */
export class KeyOperations {
  constructor(private readonly dependencies: KeyOperationsDependencies) {}

  /** @throws KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED` */
  async overview(): Promise<KeyOverview> {
    const { holder, ring, rewrapping } = this.dependencies;
    // Another replica may have made or destroyed keys.
    await ring.reload();
    return { holder: holder.kind, rootKeys: await rewrapping.rootKeys(), keys: ring.list() };
  }

  /** The jobs that re-wrap keys, the newest first, with their progress. */
  jobs(): Promise<RewrapJob[]> {
    return this.dependencies.rewrapping.jobs();
  }

  /** Gives the hospital's DID new keys: a person asks for it, or the time has come. @throws what the rotation throws */
  async rotateIdentity(options: { readonly urgent: boolean }, actor: AuditActor): Promise<{ readonly versionId: string }> {
    try {
      const { versionId } = await this.dependencies.rotation.rotate(options);
      await this.record({ outcome: 'success', actor, detail: { urgent: options.urgent, versionId } });
      return { versionId };
    } catch (error) {
      await this.record({ outcome: 'failure', actor, reasonCode: errorCodeOf(error), detail: { urgent: options.urgent } });
      throw error;
    }
  }

  /**
   * Begins to re-wrap a level of the key hierarchy; it goes on in the background.
   * @throws RecordsError `REWRAP_RUNNING`; KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`
   */
  async rewrap(level: RewrapLevel, staff: StaffPrincipal): Promise<RewrapJob> {
    const job = await this.dependencies.rewrapping.start(level, actorOf(staff));
    this.dependencies.runner.kick();
    return job;
  }

  /**
   * Destroys all root keys but the newest. This cannot be undone.
   * @returns the ids of those that were destroyed
   * @throws RecordsError `ROOT_KEY_IN_USE`; KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`
   */
  destroyOldRootKeys(staff: StaffPrincipal): Promise<string[]> {
    return this.dependencies.rewrapping.destroyOldRootKeys(actorOf(staff));
  }

  private async record(event: {
    readonly outcome: 'success' | 'failure';
    readonly actor: AuditActor;
    readonly reasonCode?: string;
    readonly detail: Readonly<Record<string, string | boolean>>;
  }): Promise<void> {
    const { audit, transactions } = this.dependencies;
    await transactions.run((transaction) => audit.append(transaction, { type: 'keys-rotated', ...event }));
  }
}
