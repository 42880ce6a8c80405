/** A search for texts in raw bytes, in every form that would give them away. */
export interface RawSearch {
  /** The forms in which one of the texts stands in the haystack; empty when none does. */
  formsFound(haystack: Buffer): string[];
}

/** One form of all texts: what they have in common at their start is looked for first, since that is fast. */
interface Form {
  readonly name: string;
  readonly start: Buffer;
  readonly needles: ReadonlySet<string>;
  readonly lengths: readonly number[];
}

/** Shorter than this, too little of a text's base64 is certain to be told from chance. */
const MINIMUM_BYTES = 9;

/**
 * Prepares the search for texts: plain, hexadecimal, base64 and base64url at each of the three alignments. At an alignment the
 * characters that depend on neighbouring bytes are cut off.
 * @param texts each at least 9 bytes of UTF-8; fast when they begin alike
 */
export function searchFor(texts: readonly string[]): RawSearch {
  const plain = texts.map((text) => Buffer.from(text, 'utf8'));
  if (plain.length === 0 || plain.some((bytes) => bytes.length < MINIMUM_BYTES)) throw new RangeError('There is no text, or one is too short.');
  const forms = [
    form('plain', plain),
    form('hexadecimal', plain.map((bytes) => Buffer.from(bytes.toString('hex')))),
    form('upper-case hexadecimal', plain.map((bytes) => Buffer.from(bytes.toString('hex').toUpperCase()))),
    ...([0, 1, 2] as const).flatMap((alignment) => {
      const certain = plain.map((bytes) => certainBase64(bytes, alignment));
      return [
        form(`base64 at alignment ${alignment}`, certain.map((text) => Buffer.from(text))),
        form(`base64url at alignment ${alignment}`, certain.map((text) => Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_')))),
      ];
    }),
  ];
  return { formsFound: (haystack) => forms.filter((candidate) => contains(haystack, candidate)).map(({ name }) => name) };
}

/** The characters of the base64 of bytes that do not depend on what stands around them. */
function certainBase64(bytes: Buffer, alignment: 0 | 1 | 2): string {
  const encoded = Buffer.concat([Buffer.alloc(alignment), bytes]).toString('base64').replace(/=+$/, '');
  const uncertainEnd = (alignment + bytes.length) % 3 === 0 ? 0 : 1;
  return encoded.slice([0, 2, 3][alignment], encoded.length - uncertainEnd);
}

function form(name: string, needles: readonly Buffer[]): Form {
  const [first = Buffer.alloc(0)] = needles;
  let common = first.length;
  for (const needle of needles) {
    while (common > 0 && needle.compare(first, 0, common, 0, Math.min(common, needle.length)) !== 0) common -= 1;
  }
  return {
    name,
    start: first.subarray(0, Math.max(common, 1)),
    needles: new Set(needles.map((needle) => needle.toString('latin1'))),
    lengths: [...new Set(needles.map((needle) => needle.length))],
  };
}

function contains(haystack: Buffer, { start, needles, lengths }: Form): boolean {
  for (let at = haystack.indexOf(start); at !== -1; at = haystack.indexOf(start, at + 1)) {
    if (lengths.some((length) => needles.has(haystack.toString('latin1', at, at + length)))) return true;
  }
  return false;
}
