import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parametersOf, simulate, simulateKills, simulateSurvival } from '@carecord/simulation';
import { CommanderError } from 'commander';
import type { PlotData } from '../simulation/plots.ts';
import { writePlots } from '../simulation/plots.ts';
import { jsonSimulationReport, textSimulationReport } from '../simulation/simulation-report.ts';
import type { SimulationReport } from '../simulation/simulation-report.ts';
import { simulateCommand } from './simulate.ts';

const parameters = parametersOf({ nodes: 60, lookups: 40 });
const churn = parametersOf({ nodes: 60, sessionHours: 12 });
const data: PlotData = {
  result: simulate(parameters),
  kills: simulateKills(parametersOf({ nodes: 60, lookups: 20 })),
  survival: simulateSurvival(churn, { hours: 48, values: 20 }),
  churn,
};
const comparison = { nodes: 16, lookups: 10, simulated: { found: 1, hops: 1, queries: 15, messages: 20 }, real: { found: 1, hops: undefined, queries: 14.5, messages: 5 } };

/** What the command says when it refuses its options; nothing is simulated then. */
async function refusal(...words: string[]): Promise<string> {
  const command = simulateCommand().exitOverride().configureOutput({ writeErr: () => undefined });
  const failure: unknown = await command.parseAsync(words, { from: 'user' }).catch((error: unknown) => error);
  if (failure instanceof CommanderError) expect(failure.exitCode).toBe(1);
  return (failure as Error).message;
}

function reported(make: (stream: NodeJS.WritableStream) => SimulationReport): string {
  const stream = new PassThrough();
  const report = make(stream);
  report.result(data.result, 0.5);
  report.kills(data.kills, 60);
  report.survival(data.survival, churn);
  report.comparison([comparison]);
  report.plots(['plots/hops.svg']);
  return String(stream.read());
}

describe('carecord simulate', () => {
  it.each([
    [['--nodes', '1'], "option '--nodes <number>' argument '1' is invalid. It must be a whole number from 2 to 1000000."],
    [['--nodes', '1000001'], 'It must be a whole number from 2 to 1000000.'],
    [['--nodes', 'many'], 'It must be a whole number from 2 to 1000000.'],
    [['--replication', '2'], 'It must be a whole number from 3 to 12.'],
    [['--replication', '13'], 'It must be a whole number from 3 to 12.'],
    [['--loss', '100.5'], 'It must be a number from 0 to 100.'],
    [['--dead', '-1'], 'It must be a number from 0 to 100.'],
    [['--session', '0'], 'It must be a number from 0.1 to 8760.'],
    [['--malice', 'rude'], 'Allowed choices are liar, withholder, garbage, mixed.'],
    [['--regions', 'moon'], 'Allowed choices are building, europe, world.'],
    [['--compare', '16,two'], 'It must be a whole number from 3 to 256.'],
    [['--compare', '2'], 'It must be a whole number from 3 to 256.'],
    [['--malicious', '60', '--black-holed', '41'], 'The malicious and the black-holed together cannot be more than all members.'],
  ])('refuses %j', async (words, message) => {
    expect(await refusal(...words)).toContain(message);
  });

  it('prints one object a line for programs', () => {
    const lines = reported(jsonSimulationReport).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ event }) => event)).toEqual(['result', 'kills', 'survival', 'comparison', 'plots']);
    expect(lines[0]).toMatchObject({ hostSeconds: 0.5, found: 1, parameters: { nodes: 60, seed: 1 }, hops: { mean: data.result.hops.mean } });
    expect(lines[3]).toEqual({ event: 'comparison', ...comparison, real: { found: 1, queries: 14.5, messages: 5 } });
  });

  it('prints tables for a person', () => {
    const text = reported(textSimulationReport);
    for (const part of ['60 nodes (60 running), 40 lookups, seed 1', 'hops to the closest', 'values kept', '1 - lost^r', '99.9', 'stay 12 hours', 'simulated', 'real', 'no lookup', '14.5', 'plots/hops.svg']) expect(text).toContain(part);
    expect(text).not.toMatch(/NaN|undefined/);
  });
});

describe('writePlots', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'carecord-plots-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('writes five charts into a folder that it makes', async () => {
    const files = await writePlots(join(folder, 'new', 'plots'), data, () => undefined);
    expect(await readdir(join(folder, 'new', 'plots'))).toEqual(['hops.svg', 'kills.svg', 'spread.svg', 'survival.svg', 'times.svg']);
    for (const file of files) expect(await readFile(file, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  it('says where it cannot write', async () => {
    const file = join(folder, 'taken');
    await writeFile(file, '');
    await expect(writePlots(join(file, 'plots'), data, () => undefined)).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN', message: expect.stringContaining('choose another folder with --plots') });
  });
});
