import type { Command } from 'commander';

/** One `carecord …` as a page writes it. */
export interface WrittenCommand {
  readonly text: string;
  /** Whether the page shows it to be run as it is; in a sentence the arguments may be left out. */
  readonly complete: boolean;
}

/** What `npm start` and `npm run reset` run. */
const SCRIPTS: readonly (readonly [script: string, command: string])[] = [
  ['npm start', 'carecord network up'],
  ['npm run reset', 'carecord reset'],
];

/** Every `carecord …` of a page, in blocks for the shell and in sentences. */
export function writtenCommands(page: string): WrittenCommand[] {
  const blocks = [...page.matchAll(/^ *```(?:sh|bash)\n([\s\S]*?)^ *```/gm)].map(([, block = '']) => block);
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'));
  const sentences = [...page.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...lines.flatMap((line) => asCarecord(line, true)), ...sentences.flatMap((code) => asCarecord(code, false))];
}

/**
 * What is wrong with a command, by the program's own definition of it; undefined when nothing is.
 */
export function commandMistake(program: Command, { text, complete }: WrittenCommand): string | undefined {
  const [, ...words] = text.split(/\s+/);
  let command = program;
  while (words[0] !== undefined) {
    const next = command.commands.find((known) => known.name() === words[0]);
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  if (command === program) return words[0] === 'help' ? undefined : 'there is no such command';
  return argumentMistake(command, words, complete);
}

function argumentMistake(command: Command, words: readonly string[], complete: boolean): string | undefined {
  const given = new Set<string>();
  let values = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('--')) {
      values += 1;
      continue;
    }
    const [flag = '', inline] = word.split('=');
    const option = command.options.find(({ long }) => long === flag);
    if (option === undefined) return `"${command.name()}" has no option ${flag}`;
    given.add(flag);
    if (option.required && inline === undefined) {
      at += 1;
      if (words[at] === undefined || words[at]?.startsWith('--') === true) return `${flag} needs a value`;
    }
  }
  if (values > command.registeredArguments.length) return `"${command.name()}" does not take so many words`;
  if (!complete) return undefined;
  if (command.commands.length > 0) return `"${command.name()}" needs one of its commands`;
  if (values < command.registeredArguments.filter(({ required }) => required).length) return `"${command.name()}" needs more words`;
  const missing = command.options.find(({ mandatory, long }) => mandatory && !given.has(long ?? ''));
  return missing === undefined ? undefined : `"${command.name()}" needs ${missing.long ?? ''}`;
}

/** The command in a line of a page, without comment, variables in front, redirection and quotes; none when it is something else. */
function asCarecord(line: string, complete: boolean): WrittenCommand[] {
  let text = line
    .replace(/\s+#.*$/, '')
    .replace(/\s+[>|].*$/, '')
    .replaceAll(/"[^"]*"|'[^']*'/g, 'QUOTED')
    .replace(/^\s*(?:[A-Z_]+=\S+\s+)*/, '')
    .trim();
  for (const [script, command] of SCRIPTS) {
    const rest = text === script ? '' : text.startsWith(`${script} `) ? text.slice(script.length) : undefined;
    if (rest !== undefined) text = command + rest.replace(/ --silent\b/, '').replace(/ --(?= |$)/, '');
  }
  const named = /^(?:npx )?(carecord(?: .+)?)$/.exec(text)?.[1];
  if (named === undefined || named === 'carecord' || / …(?: |$)/.test(named)) return [];
  return [{ text: named, complete }];
}
