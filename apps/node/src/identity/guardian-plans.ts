import type { Logger } from '@carecord/core';
import { IdentityError, verifyNetworkDescription } from '@carecord/identity';
import type { NetworkDescription, NetworkFile, NetworkTrust } from '@carecord/identity';
import type { GuardianPlan } from '@carecord/locator';
import type { GeneralJws } from '@carecord/crypto';
import type { SettingStore } from '@carecord/storage';
import type { AuthorityClient } from './authority-client.ts';
import { parseGuardianPlan } from './guardians-file.ts';

const SETTING = 'guardian-plan';

/** What {@link GuardianPlans} need. */
export interface GuardianPlansOptions {
  readonly file: NetworkFile;
  readonly trust: NetworkTrust;
  readonly clients: ReadonlyMap<string, Pick<AuthorityClient, 'network'>>;
  readonly settings: SettingStore;
  readonly logger: Logger;
}

/**
 * Who guards the look-up, as the authorities say it now: as many of them as must admit a hospital have to sign the same. It
 * begins with the operator's network file, and only ever moves on, over restarts too. Whom the node trusts stays with the file.
 */
export class GuardianPlans {
  private followed: GuardianPlan;
  /** What this authority's operator wants. */
  private appointed: GuardianPlan | undefined;

  constructor(private readonly options: GuardianPlansOptions) {
    this.followed = planOf(options.file);
  }

  /** What holds. */
  current(): GuardianPlan {
    return this.followed;
  }

  /** The network as this node, an authority, describes it: with the newest that its operator has appointed. */
  describe(): NetworkDescription {
    const { networkId, authorities, threshold, statusMaxAgeHours, witnessThreshold } = this.options.file;
    return { networkId, authorities, threshold, statusMaxAgeHours, witnessThreshold, ...newer(this.followed, this.appointed) };
  }

  /** Takes what this authority's operator has appointed, for others to hear. @returns whether it is new */
  appoint(plan: GuardianPlan | undefined): boolean {
    const before = this.describe().sequence;
    this.appointed = plan;
    return this.describe().sequence > before;
  }

  /** Goes on from what was known before a restart. */
  async load(): Promise<void> {
    const kept = await this.options.settings.read(SETTING);
    if (kept !== undefined) this.followed = newer(this.followed, parseGuardianPlan(kept));
  }

  /**
   * Asks the authorities, from what this hospital's other replicas have heard on.
   * @param own what this node itself says, where it is an authority
   * @returns whether anything changed
   */
  async follow(own?: GeneralJws): Promise<boolean> {
    const { clients, trust, settings, logger } = this.options;
    const before = this.followed.sequence;
    const answers = await Promise.allSettled([...clients.values()].map((client) => client.network()));
    await this.load();
    const statements = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.networkDescription] : []));
    if (own !== undefined) statements.push(own);
    try {
      const described = planOf(await verifyNetworkDescription(statements, trust, this.followed));
      if (described.sequence <= this.followed.sequence) return this.followed.sequence > before;
      await settings.write(SETTING, JSON.stringify(described));
      this.followed = described;
      const { sequence, epoch, guardians } = described;
      logger.info('guardians-appointed', { sequence, epoch, guardians: guardians.members.length, threshold: guardians.threshold });
      return true;
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      logger.info('guardians-not-followed', { code: error.code });
      return this.followed.sequence > before;
    }
  }
}

function planOf({ sequence, guardians, formerGuardians, epoch }: GuardianPlan): GuardianPlan {
  return { sequence, guardians, epoch, ...(formerGuardians === undefined ? {} : { formerGuardians }) };
}

function newer(one: GuardianPlan, other: GuardianPlan | undefined): GuardianPlan {
  return other !== undefined && other.sequence > one.sequence ? other : one;
}
