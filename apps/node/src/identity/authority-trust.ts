import type { Logger } from '@carecord/core';
import { IdentityError } from '@carecord/identity';
import type { DidHistories, NetworkFile, NetworkTrust, ResolvedDid } from '@carecord/identity';
import { NodeError } from '../failures/node-error.ts';
import type { AuthorityClient } from './authority-client.ts';

const HOUR_MILLISECONDS = 60 * 60_000;

/** Whom the operator's network file says to trust, with the keys that these authorities have now. */
export class AuthorityTrust implements NetworkTrust {
  private resolved: readonly ResolvedDid[] = [];

  constructor(
    readonly file: NetworkFile,
    private readonly histories: DidHistories,
    private readonly clients: ReadonlyMap<string, AuthorityClient>,
    private readonly logger: Logger,
  ) {}

  get networkId(): string {
    return this.file.networkId;
  }

  get threshold(): number {
    return this.file.threshold;
  }

  get statusMaxAgeMilliseconds(): number {
    return this.file.statusMaxAgeHours * HOUR_MILLISECONDS;
  }

  authorities(): readonly ResolvedDid[] {
    return this.resolved;
  }

  /**
   * Fetches every authority's history; one that does not answer counts with the newest that was seen.
   * @throws NodeError when fewer than the threshold are known: the reason of the first that failed
   */
  async fetch(): Promise<void> {
    const failures: NodeError[] = [];
    for (const { did } of this.file.authorities) {
      try {
        await this.fetchOne(did);
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        failures.push(error);
        this.logger.warn('authority-not-reached', { did }, error);
      }
    }
    await this.refresh();
    if (this.resolved.length < this.threshold) throw failures[0] ?? new NodeError('AUTHORITY_UNREACHABLE', 'Too few authorities are known.');
  }

  /**
   * Takes over what has been learned of the authorities since: from their connections, from other replicas.
   * @returns whether any has other keys now, or is trusted no longer
   */
  async refresh(): Promise<boolean> {
    const before = versionsOf(this.resolved);
    const known = await Promise.all(this.file.authorities.map(({ did }) => this.known(did)));
    this.resolved = known.filter((authority) => authority !== undefined);
    return versionsOf(this.resolved) !== before;
  }

  /** One that has ended its DID, or whose history does not verify any more, is trusted no longer; the others are. */
  private async known(did: string): Promise<ResolvedDid | undefined> {
    try {
      return await this.histories.known(did);
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      this.logger.warn('authority-not-trusted', { did, code: error.code });
      return undefined;
    }
  }

  private async fetchOne(did: string): Promise<void> {
    const client = this.clients.get(did);
    if (client === undefined) return;
    try {
      await this.histories.accept(did, await client.history());
    } catch (cause) {
      if (!(cause instanceof IdentityError)) throw cause;
      throw new NodeError('AUTHORITY_ANSWER_INVALID', `The address of the authority ${did} in the network file does not serve the history of that DID (${cause.code}).`, { cause });
    }
  }
}

function versionsOf(authorities: readonly ResolvedDid[]): string {
  return authorities.map(({ versionId }) => versionId).join(' ');
}
