import { contentIdOf, generateSigningSeeds, hybridSigner } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import type { LocalMember } from '@carecord/identity';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { DhtEntry, Placement } from '../ports.ts';
import { MAX_BATCH_REFERENCES } from './reference-batch.ts';
import { findHolders, publishReference, publishReferences, ReferenceKind } from './reference.ts';
import { text } from './values.fixture.ts';
import { UnjudgedValue } from './value-rules.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const HOLDER = 'did:webvh:x:a.example';
const signer = hybridSigner(generateSigningSeeds());
const clock = new ManualClock();
const inAnHour = new Date(clock.now().getTime() + HOUR);
const REFUSED = { code: 'VALUE_REFUSED' };

/** The kind with members whose keys it knows, and what it was asked for. */
function makeKind(known: readonly string[], accepted: readonly HybridSigner[] = [signer]) {
  const asked: string[] = [];
  const keysOf = (did: string) => {
    asked.push(did);
    return Promise.resolve(known.includes(did) ? accepted.map(({ publicKeys }) => publicKeys) : undefined);
  };
  return { asked, kind: new ReferenceKind({ keysOf, clock }) };
}

/** What `publishReferences` publishes, in the order in which it does, and what it answers. */
async function published(count: number, { expiresAt = inAnHour, holder = HOLDER } = {}): Promise<{ contentIds: string[]; entries: DhtEntry[]; placements: Placement[] }> {
  const entries: DhtEntry[] = [];
  const host = {
    publish: (given: readonly DhtEntry[]) => {
      entries.push(...given);
      return Promise.resolve(given.map((_, at) => ({ stored: at, occupied: 0, refused: 0, unreached: 0 })));
    },
  };
  const contentIds = Array.from({ length: count }, (_, at) => contentIdOf(text(`${at}`)));
  const identity = { did: holder, current: () => ({ signer }) as LocalMember };
  const placements = await publishReferences(host, { contentIds, identity, sequence: 7, expiresAt });
  return { contentIds, entries, placements };
}

const validate = (kind: ReferenceKind, { key, value, attachment }: DhtEntry) => kind.validate(key, value, attachment);

describe('ReferenceKind', () => {
  it.each([1, 2, 3, 7, 64, 100])('takes each of %d references that a holder signed together whose keys are known here', async (count) => {
    const { kind, asked } = makeKind([HOLDER]);
    const { entries } = await published(count);
    for (const entry of entries) expect(await validate(kind, entry)).toEqual({ sequence: 7, owner: HOLDER, expiresAt: inAnHour });
    expect(asked).toHaveLength(1);
  });

  it('puts all holders of a content id at one placement, under keys of their own', async () => {
    const { kind } = makeKind([HOLDER]);
    const [one, other] = [(await published(1)).entries[0], (await published(1, { holder: 'did:webvh:x:b.example' })).entries[0]] as [DhtEntry, DhtEntry];
    expect(kind.placedBy(one.key)).toEqual(kind.placedBy(other.key));
    expect(one.key).not.toEqual(other.key);
    expect(() => kind.placedBy(one.key.subarray(1))).toThrow(expect.objectContaining(REFUSED));
  });

  it('takes what a holder signed with earlier keys that its DID still lists, and with no others', async () => {
    const newer = hybridSigner(generateSigningSeeds());
    const [entry] = (await published(2)).entries as [DhtEntry];
    await expect(validate(makeKind([HOLDER], [newer, signer]).kind, entry)).resolves.toMatchObject({ owner: HOLDER });
    await expect(validate(makeKind([HOLDER], [newer]).kind, entry)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('cannot judge the reference of a holder whose keys are not known', async () => {
    const [entry] = (await published(2)).entries as [DhtEntry];
    await expect(validate(makeKind([]).kind, entry)).rejects.toThrow(UnjudgedValue);
  });

  it('refuses a reference under another content id, another holder, with the path of another, and without its batch', async () => {
    const { kind } = makeKind([HOLDER]);
    const [one, two] = (await published(5)).entries as [DhtEntry, DhtEntry];
    const [foreign] = (await published(5, { holder: 'did:webvh:x:b.example' })).entries as [DhtEntry];
    await expect(validate(kind, { ...one, key: two.key })).rejects.toMatchObject(REFUSED);
    await expect(validate(kind, { ...one, key: foreign.key })).rejects.toMatchObject(REFUSED);
    await expect(validate(kind, { ...one, value: two.value })).rejects.toMatchObject(REFUSED);
    await expect(kind.validate(one.key, one.value)).rejects.toMatchObject(REFUSED);
    await expect(validate(kind, { ...one, value: text('nonsense') })).rejects.toMatchObject({ code: 'WIRE_MALFORMED' });
    await expect(validate(kind, { ...one, attachment: text('nonsense') })).rejects.toMatchObject({ code: 'WIRE_MALFORMED' });
  });

  it('refuses a batch of which one bit was changed', async () => {
    const { kind } = makeKind([HOLDER]);
    const [entry] = (await published(3)).entries as [DhtEntry];
    const attachment = Uint8Array.from(entry.attachment ?? []);
    attachment[attachment.length - 100] = (attachment[attachment.length - 100] ?? 0) ^ 1;
    await expect(validate(kind, { ...entry, attachment })).rejects.toMatchObject({ code: expect.stringMatching(/SIGNATURE_INVALID|WIRE/) });
  });

  it('checks a batch that does not verify once a second, whatever number of references names it', async () => {
    const known: string[] = [];
    const { kind, asked } = makeKind(known);
    const { entries } = await published(20);
    for (const entry of entries) await expect(validate(kind, entry)).rejects.toThrow(UnjudgedValue);
    expect(asked).toHaveLength(1);
    known.push(HOLDER);
    clock.advance(1_000);
    for (const entry of entries) await expect(validate(kind, entry)).resolves.toMatchObject({ owner: HOLDER });
    expect(asked).toHaveLength(2);
  });

  it('asks for no keys when the reference has expired or stands for too long', async () => {
    const { kind, asked } = makeKind([HOLDER]);
    for (const lifetime of [0, 40 * DAY]) {
      const [entry] = (await published(1, { expiresAt: new Date(clock.now().getTime() + lifetime) })).entries as [DhtEntry];
      await expect(validate(kind, entry)).rejects.toMatchObject(REFUSED);
    }
    expect(asked).toEqual([]);
  });
});

describe('publishReferences', () => {
  it('signs once a batch of those that stand next to each other, and answers in the order given', async () => {
    const { contentIds, entries, placements } = await published(MAX_BATCH_REFERENCES + 10);
    expect(new Set(entries.map(({ attachment }) => attachment)).size).toBe(2);
    const { kind } = makeKind([HOLDER]);
    for (const entry of [entries[0], entries.at(-11), entries.at(-10), entries.at(-1)] as DhtEntry[]) await expect(validate(kind, entry)).resolves.toMatchObject({ owner: HOLDER });
    expect(new Set(placements.map(({ stored }) => stored)).size).toBe(contentIds.length);
    expect((entries[0]?.value.length ?? 0) + (entries[0]?.key.length ?? 0)).toBeLessThan(512);
  });

  it('refuses what is no content id, before anything is published', async () => {
    const host = { publish: () => Promise.reject(new Error('It was published.')) };
    const publication = { identity: { did: HOLDER, current: () => ({ signer }) as LocalMember }, sequence: 1, expiresAt: inAnHour };
    await expect(publishReferences(host, { ...publication, contentIds: [contentIdOf(text('a')), 'nonsense'] })).rejects.toMatchObject(REFUSED);
    await expect(publishReference(host, { ...publication, contentId: 'nonsense' })).rejects.toMatchObject(REFUSED);
  });
});

describe('findHolders', () => {
  it('names each holder once, and nobody where there is no batch', async () => {
    const one = (await published(1)).entries[0] as DhtEntry;
    const other = (await published(1, { holder: 'did:webvh:x:b.example' })).entries[0] as DhtEntry;
    const values = [one, one, other, { value: one.value }];
    const found = await findHolders({ readGroup: () => Promise.resolve({ values, complete: true }) }, contentIdOf(text('0')));
    expect(found).toEqual([HOLDER, 'did:webvh:x:b.example']);
    await expect(findHolders({ readGroup: () => Promise.resolve({ values, complete: true }) }, 'nonsense')).rejects.toMatchObject(REFUSED);
  });
});
