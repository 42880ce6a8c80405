/** Marks that are written or left out: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. Those of other scripts are letters. */
const MARKS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670]/gu;
/** Letters that no decomposition takes apart. */
const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ħ: 'h', ς: 'σ' };
const SPECIAL_LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');
/**
 * Two letters that are written for one with a mark: Mueller, Müller and Muller are to be one name, and Aase and Åse. Other names lose a
 * letter by it (Samuel: samul), which harms nobody: this form is compared, never shown.
 */
const WRITTEN_OUT = /a[ae]|oe|ue/gu;
const NEITHER_LETTER_NOR_MARK = /[^\p{L}\p{M}\p{N}]+/u;

/**
 * The one form of a name that is compared: Unicode NFKD, folded case, without accents, blanks and punctuation, special letters
 * and digraphs as one letter.
 * @returns empty for a name without letters
 */
export function canonicalName(name: string): string {
  return canonicalWords(name).join('').replace(WRITTEN_OUT, (pair) => pair.charAt(0));
}

/** The words of a name, each in the form of {@link canonicalName}, as they stand. */
export function canonicalNameParts(name: string): string[] {
  return canonicalWords(name).map((word) => word.replace(WRITTEN_OUT, (pair) => pair.charAt(0)));
}

function canonicalWords(name: string): string[] {
  // Upper case first: it takes apart what has no single capital, as in ŉ.
  const folded = name.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD').replace(MARKS, '');
  const spelled = folded.replace(SPECIAL_LETTER, (letter) => LETTERS[letter] ?? letter);
  // An apostrophe joins (O'Brien), everything else separates.
  return spelled.replace(/['’ʼ`´]/gu, '').split(NEITHER_LETTER_NOR_MARK).filter((word) => word !== '');
}
