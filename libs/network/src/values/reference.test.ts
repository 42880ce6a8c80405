import { contentIdOf, generateSigningSeeds, hybridSigner } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import type { LocalMember } from '@carecord/identity';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { NetworkHost } from '../ports.ts';
import { publishReference, ReferenceKind } from './reference.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const HOLDER = 'did:webvh:x:a.example';
const signer = hybridSigner(generateSigningSeeds());

/** The kind with members whose keys it knows, and what it was asked for. */
function makeKind(known: readonly string[], accepted: readonly HybridSigner[] = [signer]) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const keysOf = (did: string) => {
    asked.push(did);
    return Promise.resolve(known.includes(did) ? accepted.map(({ publicKeys }) => publicKeys) : undefined);
  };
  return { clock, asked, kind: new ReferenceKind({ keysOf, clock }) };
}

/** What `publishReference` would put. */
async function referenceThatExpires(expiresAt: Date): Promise<{ key: Uint8Array; value: Uint8Array }> {
  const puts: { key: Uint8Array; value: Uint8Array }[] = [];
  const host = { put: (_kind: unknown, key: Uint8Array, value: Uint8Array) => Promise.resolve({ stored: puts.push({ key, value }) }) };
  await publishReference(host as unknown as NetworkHost, { contentId: contentIdOf(new Uint8Array(3)), identity: { did: HOLDER, current: () => ({ signer }) as LocalMember }, sequence: 1, expiresAt });
  return puts[0] as { key: Uint8Array; value: Uint8Array };
}

describe('ReferenceKind', () => {
  it('takes what a holder signed whose keys are known here', async () => {
    const { kind, clock } = makeKind([HOLDER]);
    const expiresAt = new Date(clock.now().getTime() + HOUR);
    const { key, value } = await referenceThatExpires(expiresAt);
    expect(await kind.validate(key, value)).toEqual({ sequence: 1, owner: HOLDER, expiresAt });
  });

  it('takes what a holder signed with earlier keys that its DID still lists, and with no others', async () => {
    const newer = hybridSigner(generateSigningSeeds());
    const { kind, clock } = makeKind([HOLDER], [newer, signer]);
    const { key, value } = await referenceThatExpires(new Date(clock.now().getTime() + HOUR));
    await expect(kind.validate(key, value)).resolves.toMatchObject({ owner: HOLDER });
    await expect(makeKind([HOLDER], [newer]).kind.validate(key, value)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('refuses the reference of a holder whose keys are not', async () => {
    const { kind, clock } = makeKind([]);
    const { key, value } = await referenceThatExpires(new Date(clock.now().getTime() + HOUR));
    await expect(kind.validate(key, value)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
  });

  it('asks for no keys when the reference has expired or stands for too long', async () => {
    const { kind, clock, asked } = makeKind([HOLDER]);
    for (const lifetime of [0, 40 * DAY]) {
      const { key, value } = await referenceThatExpires(new Date(clock.now().getTime() + lifetime));
      await expect(kind.validate(key, value)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    }
    expect(asked).toEqual([]);
  });
});
