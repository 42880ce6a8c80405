import { describe, expect, it } from '@jest/globals';
import { canaryBundle } from '../../testkit/src/patients/canary-bundle.ts';
import { makeHospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import { bundle, consent } from './bundles.fixture.ts';

/** Every byte string and every text of a value, keys of maps and objects among them. */
function piecesOf(value: unknown): Buffer[] {
  if (value instanceof Uint8Array) return [Buffer.from(value)];
  if (value instanceof Date) return [Buffer.from(value.toISOString())];
  if (value instanceof Map) return [...value].flatMap(piecesOf);
  if (Array.isArray(value)) return value.flatMap(piecesOf);
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(piecesOf);
  return [Buffer.from(String(value))];
}

/** The text plain, as hex, and as base64 at its three alignments without the characters that neighbours decide. */
function spellingsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const base64 = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').slice(shift === 0 ? 0 : 4, -4));
  return [text, bytes.toString('hex'), ...base64];
}

describe('At rest', () => {
  it('no text, name or identifier of a bundle is anywhere in the stores, the outbox or the audit log', async () => {
    const { records, stores, keys, auditStore, outbox, audit, actor, clock } = makeHospitalRecords();
    const canaries = canaryBundle(1);
    const { patients } = await records.admit(canaries.bundle, { actor, listing: 'listed' });
    const patientId = patients[0] as string;
    const fhirId = await records.fhirPatientId(patientId);
    clock.advance(1_000);
    await records.admit(canaries.bundle, { actor, listing: 'listed' });
    await records.putResource(patientId, consent('consent-canary', fhirId, 'active'), actor, 'consent-given');
    await records.setListing(patientId, 'unlisted', actor);
    await expect(records.admit(bundle({ resourceType: 'Observation', id: 'refused-canary' }), { actor, listing: 'listed' })).rejects.toThrow();
    await records.timeline(patientId);

    const kept = [stores.rows(), keys.rows(), await auditStore.scan(1, 100), outbox.entries()];
    const pieces = Buffer.concat(piecesOf(kept).flatMap((piece) => [piece, Buffer.from('\n')]));
    const secrets = [...canaries.canaries, fhirId, 'consent-canary', 'refused-canary', 'http://loinc.org'];
    expect(canaries.canaries.length).toBeGreaterThan(50);
    expect(secrets.flatMap(spellingsOf).filter((spelling) => pieces.includes(spelling))).toEqual([]);
    // The search itself works: what may be there is found.
    expect(pieces.includes(patientId)).toBe(true);
    expect(await audit.verify()).toEqual({ entries: 5 });
    expect(await records.findPatients(canaries.nationalId)).toEqual([patientId]);
  });

  it('two hospitals, and two admissions of the same bundle, have no bytes in common', async () => {
    const [left, right] = [makeHospitalRecords(1), makeHospitalRecords(2)];
    for (const hospital of [left, right]) {
      await hospital.records.admit(canaryBundle(1).bundle, { actor: hospital.actor, listing: 'listed' });
    }
    const byteStrings = (rows: readonly unknown[]): string[] => piecesOf(rows).filter((piece) => piece.length >= 32).map((piece) => piece.toString('hex'));
    const known = new Set(byteStrings(left.stores.rows()));
    expect(known.size).toBeGreaterThan(50);
    expect(byteStrings(right.stores.rows()).filter((piece) => known.has(piece))).toEqual([]);
  });
});
