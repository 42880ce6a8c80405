import { describe, expect, it } from '@jest/globals';
import { simulateKills } from '../kills.ts';
import { parametersOf } from '../parameters.ts';
import { simulate } from '../simulate.ts';
import { simulateSurvival } from '../survival.ts';
import { hopsChart, killsChart, spreadChart, survivalChart, timesChart } from './charts.ts';
import { drawLineChart } from './line-chart.ts';

/** What is wrong with a document as XML, of the kinds that can be in ours; undefined when it is well-formed. */
function xmlMistake(document: string): string | undefined {
  const open: string[] = [];
  let roots = 0;
  let end = 0;
  for (const tag of document.matchAll(/<(\/?)([a-z]+)((?:\s+[a-zA-Z:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    const [text, closing, name = '', attributes = '', empty] = tag;
    if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(document.slice(end, tag.index))) return `text before ${text}`;
    const names = [...attributes.matchAll(/([a-zA-Z:-]+)="/g)].map(([, attribute]) => attribute);
    if (new Set(names).size < names.length) return `an attribute twice in ${text}`;
    end = tag.index + text.length;
    if (closing === '/') {
      if (open.pop() !== name) return `${text} closes something else`;
    } else if (empty !== '/') {
      if (open.length === 0) roots += 1;
      open.push(name);
    }
  }
  if (open.length > 0 || roots !== 1) return 'not one root';
  return document.slice(end).trim() === '' ? undefined : 'text at the end';
}

const result = simulate(parametersOf({ nodes: 200, lookups: 100 }));
const churn = parametersOf({ nodes: 100, sessionHours: 4 });
const charts = {
  hops: hopsChart([simulate(parametersOf({ nodes: 50, lookups: 50 })), result]),
  kills: killsChart(simulateKills(parametersOf({ nodes: 100, lookups: 20 }))),
  times: timesChart(result),
  spread: spreadChart(result),
  survival: survivalChart(simulateSurvival(churn, { hours: 5, values: 20 }), churn),
};

describe('charts', () => {
  it('the test for well-formedness sees mistakes', () => {
    for (const wrong of ['<svg><g></svg></g>', '<svg>', '<svg/><svg/>', '<svg>a & b</svg>', '<svg>1 < 2</svg>', '<svg x="1" x="2"></svg>', '<svg></svg>rest']) expect(xmlMistake(wrong)).toBeDefined();
  });

  it.each(Object.entries(charts))('%s is well-formed, says what it shows, and loads nothing', (_, svg) => {
    expect(xmlMistake(svg)).toBeUndefined();
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title description">\n<title id="title">[^<]+<\/title>\n<desc id="description">[^<]{40,}<\/desc>/);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|<script|url\(|href/);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('names each line in the legend, and escapes what would end the text', () => {
    const svg = drawLineChart({ title: 'a < b & "c"', description: 'd', x: { label: 'x' }, y: { label: 'y' }, series: [{ name: 'one & two', points: [[0, 0], [1, 5]] }] });
    expect(xmlMistake(svg)).toBeUndefined();
    expect(svg).toContain('one &amp; two');
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
  });

  it('places points between the ends of the axes', () => {
    const svg = drawLineChart({ title: 't', description: 'd', x: { label: 'x', to: 10 }, y: { label: 'y', to: 1 }, series: [{ name: 's', points: [[0, 0], [10, 1]] }] });
    expect(svg).toContain('d="M76 396L560 56"');
  });

  it('refuses to draw nothing', () => {
    expect(() => drawLineChart({ title: 'Empty', description: 'd', x: { label: 'x' }, y: { label: 'y' }, series: [] })).toThrow(expect.objectContaining({ code: 'CHART_EMPTY', message: 'There is nothing to draw in "Empty".' }));
  });
});
