import { SimulationError } from '../simulation-error.ts';

/** A line of a chart. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A calculation and no measurement: drawn dashed, without marks. */
  readonly calculated?: boolean;
}

/** One of the two axes. */
export interface Axis {
  readonly label: string;
  /** What a number is written as. */
  readonly format?: (value: number) => string;
  /** @default 0, or the least value if that is below */
  readonly from?: number;
  /** @default the greatest value */
  readonly to?: number;
}

/** A chart of lines over one axis. */
export interface LineChart {
  readonly title: string;
  /** The chart in sentences, for those who do not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 460;
const MARGIN = { top: 56, right: 200, bottom: 64, left: 76 };
const LEGEND_STEP = 24;
const TICKS = 6;
/** Readable on white and on #16181d: at least 3 to 1 on both (WCAG 1.4.11); marks tell lines apart as well. */
const COLOURS = ['#2f7fd0', '#c8641b', '#2f9e6b', '#a65fd0', '#c2477f', '#80858c'];
/** Marks of about the same size around 0,0. */
const MARKS = ['M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0', 'M-4 -4h8v8h-8z', 'M0 -5l5 9h-10z', 'M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z', 'M-4.5 -4h9l-4.5 8z', 'M-5 -1.5h10v3h-10z'];
const STYLE = `
  svg { background: #ffffff; color: #1c1e21; font: 14px system-ui, sans-serif; }
  text { fill: currentColor; } .title { font-size: 17px; font-weight: 600; }
  .grid { stroke: currentColor; stroke-opacity: 0.15; } .axis { stroke: currentColor; stroke-opacity: 0.6; fill: none; }
  @media (prefers-color-scheme: dark) { svg { background: #16181d; color: #e8eaed; } }`;

/** From values to places on the page. */
interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/**
 * Draws a chart as an SVG file of its own: nothing is loaded, no script runs.
 * @throws SimulationError `CHART_EMPTY` when there is no point
 */
export function drawLineChart({ title, description, x, y, series }: LineChart): string {
  const points = series.flatMap((line) => line.points);
  if (points.length === 0) throw new SimulationError('CHART_EMPTY', `There is nothing to draw in "${title}".`);
  const across = scaleOf(x, points.map(([value]) => value), MARGIN.left, WIDTH - MARGIN.right);
  const up = scaleOf(y, points.map(([, value]) => value), HEIGHT - MARGIN.bottom, MARGIN.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${MARGIN.left}" y="28">${escaped(title)}</text>`,
    ...horizontalAxis(x, across),
    ...verticalAxis(y, up),
    ...series.flatMap((line, at) => drawSeries(line, at, across, up)),
    ...series.flatMap((line, at) => legendEntry(line, at)),
    '</svg>',
    '',
  ].join('\n');
}

function horizontalAxis({ label, format = plain }: Axis, scale: Scale): string[] {
  const bottom = HEIGHT - MARGIN.bottom;
  return [
    `<path class="axis" d="M${MARGIN.left} ${bottom}H${WIDTH - MARGIN.right}"/>`,
    ...scale.ticks.map((tick) => `<text x="${short(scale.at(tick))}" y="${bottom + 20}" text-anchor="middle">${escaped(format(tick))}</text>`),
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 16}" text-anchor="middle">${escaped(label)}</text>`,
  ];
}

function verticalAxis({ label, format = plain }: Axis, scale: Scale): string[] {
  const middle = (MARGIN.top + HEIGHT - MARGIN.bottom) / 2;
  return [
    ...scale.ticks.map((tick) => `<path class="grid" d="M${MARGIN.left} ${short(scale.at(tick))}H${WIDTH - MARGIN.right}"/>`),
    `<path class="axis" d="M${MARGIN.left} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}"/>`,
    ...scale.ticks.map((tick) => `<text x="${MARGIN.left - 8}" y="${short(scale.at(tick) + 5)}" text-anchor="end">${escaped(format(tick))}</text>`),
    `<text transform="translate(18 ${middle}) rotate(-90)" text-anchor="middle">${escaped(label)}</text>`,
  ];
}

function drawSeries({ points, calculated = false }: Series, at: number, across: Scale, up: Scale): string[] {
  const places = points.map(([x, y]) => [short(across.at(x)), short(up.at(y))] as const);
  const line = `<path fill="none" stroke="${colourOf(at)}" stroke-width="2"${calculated ? ' stroke-dasharray="6 4"' : ''} d="${places.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('')}"/>`;
  // On a dense line a mark every now and then is enough to tell which it is.
  const every = Math.max(1, Math.ceil(places.length / 12));
  const marks = calculated ? [] : places.filter((_, index) => index % every === 0).map(([x, y]) => markAt(at, x, y));
  return [line, ...marks];
}

function legendEntry({ name, calculated = false }: Series, at: number): string[] {
  const left = WIDTH - MARGIN.right + 16;
  const height = MARGIN.top + 8 + at * LEGEND_STEP;
  return [
    `<path stroke="${colourOf(at)}" stroke-width="2"${calculated ? ' stroke-dasharray="6 4"' : ''} d="M${left} ${height}h28"/>`,
    ...(calculated ? [] : [markAt(at, left + 14, height)]),
    `<text x="${left + 36}" y="${height + 5}">${escaped(name)}</text>`,
  ];
}

function markAt(at: number, x: number, y: number): string {
  return `<path fill="${colourOf(at)}" transform="translate(${x} ${y})" d="${MARKS[at % MARKS.length] ?? ''}"/>`;
}

function colourOf(at: number): string {
  return COLOURS[at % COLOURS.length] ?? '';
}

function scaleOf(axis: Axis, values: readonly number[], start: number, end: number): Scale {
  const least = axis.from ?? values.reduce((lowest, value) => Math.min(lowest, value), 0);
  const most = axis.to ?? values.reduce((highest, value) => Math.max(highest, value), -Infinity);
  const step = niceStep((most - least) / TICKS || 1);
  const [first, last] = [Math.floor(least / step + 1e-9), Math.ceil(most / step - 1e-9)];
  const ticks = Array.from({ length: Math.max(1, last - first) + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  return { ticks, at: (value) => start + ((value - low) / (high - low)) * (end - start) };
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
}

function plain(value: number): string {
  return String(value);
}

function short(value: number): number {
  return Number(value.toFixed(1));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
