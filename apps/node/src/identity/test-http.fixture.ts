import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import { NodeError } from '../failures/node-error.ts';
import { AddressGuard } from '../outbound/address-guard.ts';
import type { OutboundAnswer } from '../outbound/outbound-call.ts';
import { OutboundHttp } from '../outbound/outbound-http.ts';
import type { OutboundRequest } from '../outbound/outbound-http.ts';

/** Real HTTP to this machine, which tests can cut, and whose servers have the test's clock. */
export class TestHttp implements Pick<OutboundHttp, 'request'> {
  private readonly real = new OutboundHttp({ guard: new AddressGuard(['127.0.0.1']), plainHttp: true });
  /** Origins that do not answer. */
  readonly cut = new Set<string>();
  /** How far the servers' clocks are ahead: those of `skewed` alone, if there are any. */
  skewMilliseconds = 0;
  readonly skewed = new Set<string>();
  /** Every request, e.g. `POST /memberships`. */
  readonly requests: string[] = [];

  constructor(private readonly clock: Clock) {}

  async request(url: string, request: OutboundRequest): Promise<OutboundAnswer> {
    const { origin, pathname } = new URL(url);
    this.requests.push(`${request.method ?? 'GET'} ${pathname}`);
    if (this.cut.has(origin)) throw new NodeError('OUTBOUND_UNREACHABLE', 'Cut by the test.');
    const answer = await this.real.request(url, request);
    const skew = this.skewed.size === 0 || this.skewed.has(origin) ? this.skewMilliseconds : 0;
    return { ...answer, headers: { ...answer.headers, date: later(this.clock.now(), skew).toUTCString() } };
  }
}

/** The same time without waiting: for code that pauses between attempts. */
export function impatient(clock: Clock): Clock {
  return { now: () => clock.now(), sleepUntil: () => Promise.resolve() };
}
