/** A metric as a scraper reads it. */
export interface ScrapedMetric {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const VALUE = /^(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|NaN|[-+]?Inf)$/i;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };

/**
 * Reads the text format of Prometheus 0.0.4 strictly: HELP, then TYPE, then the samples of that metric, each with another set of
 * labels; every line ends with a line feed.
 * @throws Error at the first line that is none of it
 */
export function parseExposition(text: string): ReadonlyMap<string, ScrapedMetric> {
  if (!text.endsWith('\n')) throw new Error('The last line does not end.');
  const metrics = new Map<string, ScrapedMetric & { samples: ScrapedMetric['samples'][number][] }>();
  const seen = new Set<string>();
  let current = '';
  let help: { readonly name: string; readonly text: string } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, helped, sentence = ''] = HELP.exec(line) ?? [];
    const [, typed, type = ''] = TYPE.exec(line) ?? [];
    if (helped !== undefined) {
      help = { name: helped, text: sentence };
    } else if (typed !== undefined) {
      if (help?.name !== typed || metrics.has(typed)) throw new Error(`The type of ${typed} does not follow its help, or comes twice.`);
      metrics.set(typed, { type, help: help.text, samples: [] });
      current = typed;
    } else {
      const sample = parseSample(line);
      const metric = metrics.get(current);
      if (metric === undefined || !(SUFFIXES[metric.type] ?? ['']).some((suffix) => sample.name === current + suffix)) throw new Error(`${sample.name} stands among the samples of ${current}.`);
      const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(identity)) throw new Error(`There are two values of ${identity}.`);
      seen.add(identity);
      metric.samples.push(sample);
    }
  }
  return metrics;
}

function parseSample(line: string): ScrapedMetric['samples'][number] {
  const [, name, labels, value = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined || !VALUE.test(value)) throw new Error(`This is no sample: ${line}`);
  return { name, labels: labels === undefined ? {} : parseLabels(labels), value: numberOf(value) };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const [, name, value = ''] = LABEL.exec(text) ?? [];
    if (name === undefined || Object.hasOwn(labels, name)) throw new Error(`These are no labels: ${text}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_escape, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}

function numberOf(text: string): number {
  const infinity = /^([-+]?)Inf$/i.exec(text);
  return infinity === null ? Number(text) : Number(`${infinity[1]}Infinity`);
}
