import { describe, expect, it } from '@jest/globals';
import { signWithContext, verifyWithContext } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { Home, startReplica } from './identity.fixture.ts';

describe('a signer', () => {
  it('signs with its key although the ring overwrites that one while the history is verified', async () => {
    const clock = new ManualClock();
    const { identity, ring } = await startReplica(new Home(), { clock });
    const using = identity.use(identity.record);
    await Promise.resolve();
    ring.close();
    await using;
    const { resolved, signer } = identity.signing();
    const message = Buffer.from('message');
    const signature = await signWithContext(signer, 'node/test', message);
    expect(() => verifyWithContext(resolved.signing, 'node/test', message, signature)).not.toThrow();
  });
});
