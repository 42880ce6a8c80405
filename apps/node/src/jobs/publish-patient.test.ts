import { describe, expect, it } from '@jest/globals';
import { generateSigningSeeds, hybridSigner } from '@carecord/crypto';
import type { LocalMember } from '@carecord/identity';
import type { NetworkHost } from '@carecord/network';
import type { Listing } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { PatientPublisher } from './publish-patient.ts';

const PATIENT = { resourceType: 'Patient', id: 'p', identifier: [{ system: 'urn:x', value: '1' }] };

describe('publishing a patient', () => {
  it('goes one after the other, each with the listing as it is then: a slow older one does not come last', async () => {
    let listing: Listing = 'listed';
    const written: Listing[] = [];
    let releaseFirst: () => void = () => undefined;
    const firstIsSlow = new Promise<void>((resolve) => (releaseFirst = resolve));
    const publisher = new PatientPublisher({
      records: {
        readPatient: () => Promise.resolve(PATIENT),
        patientListing: () => Promise.resolve(listing),
        manifest: () => Promise.resolve({ contentId: 'bafkr4ih7vcw4nb2arvxpkx6eomqfcyqvsj5hfyvsoyx2tqxs5rpgsvuv5q', sequence: 1 }),
      },
      locator: {
        publishPatient: async (_patientId, _identifiers, wanted) => {
          if (written.length === 0) await firstIsSlow;
          written.push(wanted);
        },
      },
      network: { put: () => Promise.resolve({ stored: 1 }) } as unknown as NetworkHost,
      identity: { did: 'did:webvh:x:a.example', current: () => ({ signer: hybridSigner(generateSigningSeeds()) }) as LocalMember },
      clock: new ManualClock(),
    });
    const first = publisher.publish('one');
    listing = 'unlisted';
    const second = publisher.publish('one');
    releaseFirst();
    await Promise.all([first, second]);
    expect(written.at(-1)).toBe('unlisted');
    expect(written).toHaveLength(2);
  });
});
