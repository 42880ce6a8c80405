import { describe, expect, it } from '@jest/globals';
import { generateSigningSeeds, hybridSigner, randomKey } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import { MAX_DID_CHARACTERS } from '@carecord/identity';
import { CONTENT_BYTES } from './pointer-content.ts';
import { BATCH_LEAVES, readStatement, signStatements } from './pointer-statement.ts';
import type { BoundStatement } from './pointer-statement.ts';

const signer = hybridSigner(generateSigningSeeds());
const NOW = 1_767_225_600_000;
const refused = { code: 'SIGNATURE_INVALID' };

function bound(holder = 'did:webvh:Qm:a.hospital.example', slot = 2): BoundStatement {
  return {
    statement: { holder, handle: randomKey(), issuedAt: NOW, expiresAt: NOW + 1 },
    binding: { networkId: 'n', admitPublicKey: randomKey(), slotPublicKey: randomKey(), epoch: 1, slot, sequence: NOW },
  };
}

/** Counts how often it signs. */
function counting(): { signer: HybridSigner; signatures: () => number } {
  let signatures = 0;
  const sign: HybridSigner['sign'] = (message) => {
    signatures += 1;
    return signer.sign(message);
  };
  return { signer: { ...signer, sign }, signatures: () => signatures };
}

describe('statements of a batch', () => {
  it('are each verified with the keys of their holder, of today or before, with one signature for 256', async () => {
    const { signer: counted, signatures } = counting();
    const statements = Array.from({ length: BATCH_LEAVES + 3 }, () => bound());
    const signed = await signStatements(statements, counted);
    expect(signatures()).toBe(2);
    const others = hybridSigner(generateSigningSeeds()).publicKeys;
    for (const at of [0, 100, BATCH_LEAVES - 1, BATCH_LEAVES + 2]) {
      const { statement, binding } = statements[at] as BoundStatement;
      const opened = readStatement(signed[at] as Uint8Array, binding);
      expect(opened.statement).toEqual(statement);
      await expect(opened.verify([others, signer.publicKeys])).resolves.toBeUndefined();
      await expect(opened.verify([others])).rejects.toMatchObject(refused);
    }
  });

  it('verify nowhere but in the value that they were made for', async () => {
    const made = bound();
    const [signed] = (await signStatements([made], signer)) as [Uint8Array];
    const elsewhere = [{ slot: 3 }, { epoch: 2 }, { sequence: NOW + 1 }, { slotPublicKey: randomKey() }, { admitPublicKey: randomKey() }, { networkId: 'other' }];
    for (const change of elsewhere) await expect(readStatement(signed, { ...made.binding, ...change }).verify([signer.publicKeys])).rejects.toMatchObject(refused);
  });

  it('do not vouch for another statement of the same batch, nor for one that was put into its place', async () => {
    const [one, other] = [bound(), bound()];
    const [first, second] = (await signStatements([one, other], signer)) as [Uint8Array, Uint8Array];
    await expect(readStatement(first, other.binding).verify([signer.publicKeys])).rejects.toMatchObject(refused);
    await expect(readStatement(second, one.binding).verify([signer.publicKeys])).rejects.toMatchObject(refused);
    const forged = Uint8Array.from(first);
    const at = Buffer.from(forged).indexOf(Buffer.from(one.statement.handle));
    forged[at] = (forged[at] as number) ^ 1;
    await expect(readStatement(forged, one.binding).verify([signer.publicKeys])).rejects.toMatchObject(refused);
  });

  it('are of one size whatever the batch, which shows neither how many there were nor in what order', async () => {
    const sizes = new Set<number>();
    const first = bound();
    for (const count of [1, 2, 40, BATCH_LEAVES]) {
      const signed = await signStatements([first, ...Array.from({ length: count - 1 }, () => bound())], signer);
      for (const one of signed) sizes.add(one.length);
    }
    // An index below 24 is encoded in one byte less; the padding takes that up.
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    const alone = await Promise.all(Array.from({ length: 4 }, async () => Buffer.from((await signStatements([first], signer))[0] ?? []).toString('hex')));
    expect(new Set(alone.map((hex) => hex.slice(0, 600))).size).toBeGreaterThan(1);
  });

  it('fit into a pointer with the longest DID', async () => {
    const holder = 'did:webvh:'.padEnd(MAX_DID_CHARACTERS, 'x');
    const [signed] = await signStatements([{ ...bound(holder), statement: { holder, handle: randomKey(), issuedAt: 2 ** 53 - 1, expiresAt: 2 ** 53 - 1 } }], signer);
    expect(signed?.length).toBeLessThanOrEqual(CONTENT_BYTES - 2);
    // Not more room than it takes: every byte stands with five members for every pointer.
    expect(signed?.length).toBeGreaterThan(CONTENT_BYTES - 64);
  });

  it('that are malformed are refused', () => {
    expect(() => readStatement(new Uint8Array(40), bound().binding)).toThrow();
    expect(() => readStatement(new Uint8Array(), bound().binding)).toThrow();
  });
});
