import { describe, expect, it } from '@jest/globals';
import { DEFAULT_PARAMETERS, parametersOf } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { SimulationError } from './simulation-error.ts';

describe('parametersOf', () => {
  it('takes what is within bounds and completes the rest', () => {
    expect(parametersOf({})).toEqual(DEFAULT_PARAMETERS);
    expect(parametersOf({ nodes: 1_000_000, replication: 12, lossShare: 1, sessionHours: 0.5 })).toEqual({ ...DEFAULT_PARAMETERS, nodes: 1_000_000, replication: 12, lossShare: 1, sessionHours: 0.5 });
  });

  it.each<[Partial<Parameters>, string]>([
    [{ nodes: 1 }, 'nodes must be a whole number from 2 to 1000000.'],
    [{ nodes: 1_000_001 }, 'nodes must be a whole number from 2 to 1000000.'],
    [{ nodes: 10.5 }, 'nodes must be a whole number from 2 to 1000000.'],
    [{ nodes: Number.NaN }, 'nodes must be a whole number from 2 to 1000000.'],
    [{ lookups: 0 }, 'lookups must be a whole number from 1 to 1000000.'],
    [{ replication: 2 }, 'replication must be a whole number from 3 to 12.'],
    [{ replication: 13 }, 'replication must be a whole number from 3 to 12.'],
    [{ paths: 17 }, 'paths must be a whole number from 1 to 16.'],
    [{ lossShare: -0.1 }, 'lossShare must be a number from 0 to 1.'],
    [{ deadShare: 1.1 }, 'deadShare must be a number from 0 to 1.'],
    [{ sessionHours: 0 }, 'sessionHours must be a number from 0.1 to 8760.'],
    [{ seed: -1 }, `seed must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`],
    [{ maliciousShare: 0.6, blackHoledShare: 0.5 }, 'The malicious and the black-holed together cannot be more than all members.'],
  ])('refuses %j', (chosen, message) => {
    const refused = (): Parameters => parametersOf(chosen);
    expect(refused).toThrow(SimulationError);
    expect(refused).toThrow(expect.objectContaining({ code: 'PARAMETER_INVALID', message }));
  });
});
