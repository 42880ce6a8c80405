import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { Home, startReplica } from './identity.fixture.ts';
import { IdentityRotation } from './identity-rotation.ts';
import { ShownVersion } from './shown-version.ts';

const FORKED = expect.objectContaining({ name: 'NodeError', code: 'HISTORY_FORKED' });
let directory: string;
let shown: ShownVersion;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'carecord-shown-'));
  shown = new ShownVersion(directory);
});
afterEach(() => rm(directory, { recursive: true }));

describe('the version of the DID that others have seen', () => {
  it('must be in what is shown later, here and after a restart', async () => {
    const clock = new ManualClock();
    const home = new Home();
    const { identity, ring } = await startReplica(home, { clock });
    const { did, record: first } = identity;
    const announce = async (history: string): Promise<void> => {
      await shown.check(did, history);
    };
    const rotation = new IdentityRotation({ identity, ring, settings: home.settings, services: () => [], witness: undefined, collectWitnessProofs: () => Promise.resolve([]), announce, clock, logger: silentLogger });
    await shown.check(did, first.history);
    await shown.keep(did, identity.signing().resolved.versionId);
    const { versionId } = await rotation.rotate({ urgent: false });
    await shown.keep(did, versionId);
    await new ShownVersion(directory).check(did, identity.record.history);
    await expect(new ShownVersion(directory).check(did, first.history)).rejects.toEqual(FORKED);
    // Another DID in the same folder begins anew.
    await shown.check('did:webvh:other', first.history);
    // What a restored database would write next is not taken into use.
    await shown.keep(did, '2-zQmOther');
    await expect(rotation.rotate({ urgent: false })).rejects.toEqual(FORKED);
    expect(identity.signing().resolved.versionNumber).toBe(2);
  });

  it('is one file of its owner; a damaged one stops nothing, and one that cannot be written is told', async () => {
    await shown.keep('did:webvh:a', '1-zQm');
    await shown.keep('did:webvh:a', '2-zQm');
    expect(await readdir(directory)).toEqual(['shown-did.json']);
    expect((await stat(join(directory, 'shown-did.json'))).mode & 0o777).toBe(0o600);
    await writeFile(join(directory, 'shown-did.json'), '{');
    await shown.check('did:webvh:a', '');
    await expect(new ShownVersion(join(directory, 'gone')).keep('did:webvh:a', '1-zQm')).rejects.toThrow();
  });
});
