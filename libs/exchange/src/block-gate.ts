import type { AuditEntry } from '@carecord/audit';
import type { Member } from '@carecord/network';
import type { HolderDependencies } from './dependencies.ts';
import { checkIsHospital } from './request-checks.ts';

/** Gives ciphertext out to whom a grant covers, and to nobody else. */
export class BlockGate {
  constructor(
    private readonly dependencies: Pick<HolderDependencies, 'audit' | 'clock' | 'grants' | 'records' | 'transactions'>,
  ) {}

  /** Those of the content ids that a grant to this member covers which is neither expired nor revoked. */
  async authorise(contentIds: readonly string[], from: Member): Promise<Set<string>> {
    const { clock, grants } = this.dependencies;
    checkIsHospital(from, clock.now());
    return grants.covered(from.did, contentIds, clock.now());
  }

  /**
   * The ciphertexts that this member may have, in the order asked. Written to the log before it returns: what cannot be
   * logged is not given out.
   */
  async read(contentIds: readonly string[], from: Member): Promise<(Uint8Array | undefined)[]> {
    const covered = await this.authorise(contentIds, from);
    const [blocks] = await Promise.all([this.readCovered([...covered]), this.log(contentIds.length, covered.size, from)]);
    return contentIds.map((contentId) => blocks.get(contentId));
  }

  private async readCovered(contentIds: string[]): Promise<Map<string, Uint8Array>> {
    if (contentIds.length === 0) return new Map();
    const ciphertexts = await this.dependencies.records.readBlocks(contentIds);
    const blocks = new Map<string, Uint8Array>();
    for (const [at, ciphertext] of ciphertexts.entries()) {
      if (ciphertext !== undefined) blocks.set(contentIds[at] as string, ciphertext);
    }
    return blocks;
  }

  private async log(asked: number, served: number, from: Member): Promise<void> {
    const entry = { actor: { kind: 'hospital', id: from.did }, counterparty: from.did } as const;
    const entries: AuditEntry[] = [];
    if (served > 0) entries.push({ ...entry, type: 'blocks-served', outcome: 'success', detail: { blocks: served } });
    if (served < asked) {
      entries.push({ ...entry, type: 'blocks-refused', outcome: 'refused', reasonCode: 'NOT_GRANTED', detail: { blocks: asked - served } });
    }
    const { audit, transactions } = this.dependencies;
    await transactions.run((transaction) => audit.appendAll(transaction, entries));
  }
}
