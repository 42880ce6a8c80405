import { beforeEach, describe, expect, it } from '@jest/globals';
import { open, seal } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { Home } from '../identity/identity.fixture.ts';
import { ensureKeys, HOSPITAL_KEYS } from './node-keys.ts';

let home: Home;
beforeEach(() => {
  home = new Home();
});

describe('the keys that a node keeps for its life', () => {
  it.each(['the ring is closed under work that still runs', 'an intruder marks them destroyed in the database'])('do not become zeros when %s', async (what) => {
    const ring = await home.openRing(new ManualClock());
    const keys = await ensureKeys(ring, HOSPITAL_KEYS);
    const sealed = seal(keys['records-directory'], Buffer.from('before'), 'node/test', new Uint8Array());
    if (what.startsWith('the ring')) ring.close();
    else {
      home.keys.tamper((key) => ({ ...key, state: 'destroyed', wrapped: undefined }));
      await ring.reload();
    }
    expect(ring.find('records-directory-1')).toBeUndefined();
    for (const secret of Object.values(keys)) expect(secret).not.toEqual(new Uint8Array(32));
    expect(Buffer.from(open(keys['records-directory'], sealed, 'node/test', new Uint8Array())).toString()).toBe('before');
  });

  it('are the same at the next start', async () => {
    const first = await ensureKeys(await home.openRing(new ManualClock()), HOSPITAL_KEYS);
    expect(await ensureKeys(await home.openRing(new ManualClock()), HOSPITAL_KEYS)).toEqual(first);
  });
});
