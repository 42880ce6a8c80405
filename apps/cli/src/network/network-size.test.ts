import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { demoAuthority, demoHospitals } from './demo-hospitals.ts';
import { hospitalsToStart, rememberHospitals } from './network-size.ts';

describe('the hospitals of a local network', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'carecord-size-'));
  });
  afterEach(() => rm(root, { recursive: true }));
  const toStart = (wanted?: number): Promise<number> => hospitalsToStart({ root, size: join(root, 'size.json') }, wanted);
  const remember = (count: number): Promise<void> => rememberHospitals({ size: join(root, 'size.json') }, count);

  it('are three at first, or as many as are asked for', async () => {
    expect([await toStart(), await toStart(3), await toStart(8)]).toEqual([3, 3, 8]);
  });

  it('are as many as there were, or more', async () => {
    await remember(5);
    expect([await toStart(), await toStart(5), await toStart(6)]).toEqual([5, 5, 6]);
  });

  it('are not fewer than there were', async () => {
    await remember(5);
    await expect(toStart(4)).rejects.toMatchObject({ code: 'OPTION_INVALID', message: `The network in ${root} has 5 hospitals, of which none can be left out: leave away --hospitals, or remove the network first ("npm run reset").` });
  });

  it.each(['{}', '{"hospitals":2}', '{"hospitals":9}', '{"hospitals":"5"}', 'five'])('are not guessed when the folder says something else: %s', async (text) => {
    await writeFile(join(root, 'size.json'), text);
    await expect(toStart()).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
  });

  it('have names, folders, ports and domains of their own, which are nobody else’s (RFC 2606)', () => {
    const all = [demoAuthority, ...demoHospitals];
    expect(demoHospitals).toHaveLength(8);
    for (const key of ['name', 'slug', 'domain', 'preferredPort'] as const) expect(new Set(all.map((node) => node[key])).size).toBe(9);
    expect(demoHospitals.map(({ preferredPort }) => preferredPort)).toEqual([4101, 4102, 4103, 4104, 4105, 4106, 4107, 4108]);
    for (const { slug, domain } of all) expect(domain).toBe(`${slug}.hospital.example`);
  });
});
