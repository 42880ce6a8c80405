import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { prepareBundle } from './prepare-bundle.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/data/synthea');

const areHere = existsSync(SAMPLES);
const files = areHere ? readdirSync(SAMPLES).filter((file) => file.endsWith('.json')) : [];

(areHere ? describe : describe.skip)(areHere ? 'the bundles of Synthea' : 'skipped, since ../shared/data/synthea is absent: the bundles of Synthea', () => {
  it('are all there', () => {
    expect(files).toHaveLength(22);
  });

  it.each(areHere ? files : ['none'])('%s is admitted, whole, of one patient or none', (file) => {
    const text = readFileSync(join(SAMPLES, file), 'utf8');
    const bundle = JSON.parse(text) as { entry: { resource: { id: string } }[] };
    const prepared = prepareBundle(bundle);
    expect(prepared.map(({ resource }) => resource.id)).toEqual(bundle.entry.map(({ resource }) => resource.id));
    expect(new Set(prepared.flatMap(({ owner }) => (owner.kind === 'patient' ? owner.patientId : []))).size).toBeLessThanOrEqual(1);
    expect(JSON.stringify(prepared)).not.toContain('"urn:uuid:');
  });
});
