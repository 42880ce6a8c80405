import type { Logger } from '@carecord/core';

/** One thing that a node needs to do its work; `check` resolves with facts for the operator, or rejects. */
export interface ReadinessPart {
  readonly name: 'database' | 'migrations' | 'keys' | 'membership' | 'network' | 'guardians';
  check(): Promise<Readonly<Record<string, string | number>>>;
}

/** Whether a node is ready, and what each of its parts says. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly parts: readonly (Readonly<Record<string, string | number>> & { readonly name: string; readonly status: 'up' | 'down' })[];
}

/** A part that does not answer within this is down: a load balancer asks every few seconds. */
const CHECK_TIMEOUT_MILLISECONDS = 3_000;

/** Whether a node can do its work now. Each answer is found out anew. */
export class Readiness {
  private stopping = false;

  constructor(
    private readonly parts: readonly ReadinessPart[],
    private readonly logger: Logger,
  ) {}

  /** From now on the node is not ready: it finishes what it has and takes nothing new. */
  beginStopping(): void {
    this.stopping = true;
  }

  async report(): Promise<ReadinessReport> {
    const parts = await Promise.all(this.parts.map((part) => this.partReport(part)));
    return { ready: !this.stopping && parts.every(({ status }) => status === 'up'), parts };
  }

  private async partReport(part: ReadinessPart): Promise<ReadinessReport['parts'][number]> {
    try {
      return { name: part.name, status: 'up', ...(await withinTime(part.check())) };
    } catch (error) {
      this.logger.warn('not-ready', { part: part.name }, error);
      return { name: part.name, status: 'down' };
    }
  }
}

async function withinTime<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('The check took too long.')), CHECK_TIMEOUT_MILLISECONDS);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
