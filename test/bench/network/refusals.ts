import { systemClock } from '@carecord/core';
import { REFUSAL_DEADLINE_MILLISECONDS } from '@carecord/exchange';
import { pointerKind } from '@carecord/locator';
import { CLINICIAN, TestHospital } from '../../../libs/testkit/src/exchange-fixture.ts';
import { FixtureTagSource } from '../../../libs/testkit/src/fixture-tag-source.ts';
import { makeTestNetwork } from '../../../libs/testkit/src/network-fixture.ts';
import { percentile } from '../../support/figure.ts';
import type { NetworkBenchOptions } from './options.ts';

const [QUESTIONS, FULL_QUESTIONS] = [25, 400];
const HOSPITALS = 3;
const RESOURCES = 3;
const KINDS = ['unknown', 'unlisted without consent'] as const;

type Kind = (typeof KINDS)[number];

/**
 * When a hospital answers a direct question about a patient that it does not know, and about one that is unlisted and has not consented: the
 * two in turn, so that whatever else the machine does meets both. An asker can do no better than the statistics printed here.
 */
export async function measureRefusals({ suite, print, full }: NetworkBenchOptions): Promise<void> {
  const network = await makeTestNetwork({ hospitals: HOSPITALS, seed: 'bench', valueKinds: [pointerKind] });
  try {
    const tags = new FixtureTagSource();
    const hospitals = network.hospitals.map(({ name, host, identity, keys }) => new TestHospital({ name, host, identity, recipientKeys: () => keys.recipientKeys(), tags, clock: systemClock }));
    const [holder, asker] = hospitals as [TestHospital, TestHospital];
    const { nationalId } = await holder.admit(RESOURCES, 'unlisted');
    const identifiers = { unknown: { ...nationalId, value: 'unknown' }, 'unlisted without consent': nationalId };
    const samples: Record<Kind, number[]> = { unknown: [], 'unlisted without consent': [] };
    for (let at = 0; at < (full ? FULL_QUESTIONS : QUESTIONS); at += 1) {
      // Neither is always the first.
      for (const kind of at % 2 === 0 ? KINDS : KINDS.toReversed()) {
        const { tag } = await asker.locator.locate(identifiers[kind], { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
        const started = performance.now();
        const { state } = await asker.ask(holder, { locationTag: tag });
        samples[kind].push(performance.now() - started);
        if (state !== 'refused') throw new Error('A question was not refused.');
      }
    }
    const { unknown, 'unlisted without consent': unlisted } = samples;
    for (const [kind, milliseconds] of Object.entries(samples)) {
      for (const [label, share] of [['p50', 0.5], ['p95', 0.95]] as const) {
        const value = percentile(milliseconds, share);
        print({ suite, metric: `answer about a patient that is ${kind}, ${label}`, value, unit: 'ms', reference: { name: 'the fixed deadline', value: REFUSAL_DEADLINE_MILLISECONDS }, ratio: value / REFUSAL_DEADLINE_MILLISECONDS });
      }
    }
    print({ suite, metric: `difference of the means, unknown and unlisted, ${unknown.length} of each`, value: Math.abs(mean(unknown) - mean(unlisted)), unit: 'ms' });
    print({ suite, metric: "difference of the means in standard errors (Welch's t; above 4 they can be told apart)", value: Math.abs(welch(unknown, unlisted)), unit: 'standard errors' });
    print({ suite, metric: 'chance that an answer about an unknown patient came later than one about an unlisted one (50% tells nothing)', value: 100 * shareLater(unknown, unlisted), unit: '%' });
  } finally {
    await network.stop();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Welch's t: how many standard errors lie between the means. */
function welch(one: readonly number[], other: readonly number[]): number {
  const error = (values: readonly number[]): number => values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1) / values.length;
  return (mean(one) - mean(other)) / Math.sqrt(error(one) + error(other));
}

/** Mann and Whitney's U as a share of all pairs: what one answer says to who knows both distributions. */
function shareLater(one: readonly number[], other: readonly number[]): number {
  const later = one.reduce((sum, value) => sum + other.filter((compared) => compared < value).length, 0);
  return later / (one.length * other.length);
}
