import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { parseGuardianPlan } from '../identity/guardians-file.ts';
import { appointGuardians } from './appoint-guardians.ts';

const did = (name: string): string => `did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:${name}.example`;
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(did) as [string, string, string, string];
const refusal = (part: string) => expect.objectContaining({ code: 'GUARDIANS_INVALID', message: expect.stringContaining(part) });

describe('appointing guardians', () => {
  it('begins after every network file, with more than half as the threshold', () => {
    expect(parseGuardianPlan(appointGuardians({ members: [a, b, c, d] }))).toEqual({ sequence: 2, guardians: { members: [a, b, c, d], threshold: 3 }, epoch: 1 });
    expect(parseGuardianPlan(appointGuardians({ members: [a] }))).toMatchObject({ guardians: { threshold: 1 } });
  });

  it('goes on from those before, who hand the key over, or with a new key', () => {
    const previous = appointGuardians({ members: [a, b, c] });
    const former = { members: [a, b, c], threshold: 2 };
    expect(parseGuardianPlan(appointGuardians({ previous, members: [b, c, d], threshold: 3 }))).toEqual({ sequence: 3, guardians: { members: [b, c, d], threshold: 3 }, formerGuardians: former, epoch: 1 });
    expect(parseGuardianPlan(appointGuardians({ previous, members: [a, b, c], newKey: true }))).toEqual({ sequence: 3, guardians: former, formerGuardians: former, epoch: 2 });
  });

  it('goes on from the network file', () => {
    const witness = `did:key:z6Mk${'a'.repeat(44)}`;
    const previous = JSON.stringify({ version: 2, sequence: 1, networkId: 'carecord-test', threshold: 1, authorities: [{ did: a, url: 'http://127.0.0.1:1', witness }], guardians: { members: [a], threshold: 1 }, epoch: 1, statusMaxAgeHours: 24, witnessThreshold: 1 });
    expect(parseGuardianPlan(appointGuardians({ previous, members: [a, b] }))).toEqual({ sequence: 2, guardians: { members: [a, b], threshold: 2 }, formerGuardians: { members: [a], threshold: 1 }, epoch: 1 });
  });

  it.each<[string, Parameters<typeof appointGuardians>[0], string]>([
    ['one twice', { members: [a, a] }, 'listed twice'],
    ['a threshold that nobody reaches', { members: [a, b], threshold: 3 }, 'larger than the number of guardians'],
    ['a threshold of one among several', { members: [a, b], threshold: 1 }, 'whole key'],
    ['what is no DID', { members: ['somebody'] }, 'guardians.members.0'],
    ['a file before that is none', { previous: '{', members: [a] }, 'not JSON'],
    ['a file before that lacks something', { previous: '{"sequence":1}', members: [a] }, '"guardians"'],
    ['a file before that is too large', { previous: ' '.repeat(40_000), members: [a] }, 'longer than'],
  ])('refuses %s', (_what, appointment, part) => {
    expect(() => appointGuardians(appointment)).toThrow(refusal(part));
  });
});
