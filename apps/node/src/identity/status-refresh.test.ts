import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { IdentityError } from '@carecord/identity';
import { NodeError } from '../failures/node-error.ts';
import type { AuthorityClient } from './authority-client.ts';
import { refreshStatuses } from './status-refresh.ts';

const list = (name: string): GeneralJws => ({ payload: name, signatures: [] });
const unreachable = new NodeError('AUTHORITY_UNREACHABLE', 'It does not answer.');
let log: string[];

/** Runs one refresh; `lists` says what each authority answers. */
async function refresh(lists: Readonly<Record<string, GeneralJws | Error>>, offer: (jws: GeneralJws) => boolean | Error = () => true, announce?: Error): Promise<void> {
  const clients = new Map(Object.entries(lists).map(([did, answer]) => [did, { statusList: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)) } as AuthorityClient]));
  const settled = (result: boolean | Error): Promise<boolean> => (result instanceof Error ? Promise.reject(result) : Promise.resolve(result));
  await refreshStatuses({
    clients,
    statuses: { offer: (jws) => (log.push(`offer ${(jws as GeneralJws).payload}`), settled(offer(jws as GeneralJws))) },
    fromNetwork: () => Promise.resolve(log.push('network')),
    announce: ({ payload }) => (log.push(`announce ${payload}`), announce === undefined ? Promise.resolve() : Promise.reject(announce)),
    logger: silentLogger,
  });
}

beforeEach(() => {
  log = [];
});

describe('refreshStatuses', () => {
  it('takes the list of each authority, and passes on what is newer', async () => {
    await refresh({ one: list('a'), two: list('b') }, ({ payload }) => payload === 'b');
    expect(log).toEqual(['offer a', 'offer b', 'announce b']);
  });

  it('asks the network as well when an authority does not answer', async () => {
    await refresh({ one: unreachable, two: list('b') });
    expect(log).toEqual(['offer b', 'announce b', 'network']);
  });

  it('asks the network as well when an authority answers with a list that does not verify', async () => {
    await refresh({ one: list('a') }, () => new IdentityError('STATUS_LIST_INVALID', 'It does not verify.'));
    expect(log).toEqual(['offer a', 'network']);
  });

  it('goes on when the members cannot be told', async () => {
    await refresh({ one: list('a'), two: list('b') }, () => true, new Error('failed on purpose'));
    expect(log).toEqual(['offer a', 'announce a', 'offer b', 'announce b']);
  });

  it('hides no failure of the database', async () => {
    await expect(refresh({ one: list('a') }, () => new Error('failed on purpose'))).rejects.toThrow('failed on purpose');
  });
});
