// Sets of letters (UTF-16 code units) of a pattern. @thread any

export class Letters {
  /** Pairs first, last. */
  private readonly ranges: number[];
  private readonly inverted: boolean;

  constructor(ranges: number[], inverted: boolean) {
    this.ranges = ranges;
    this.inverted = inverted;
  }

  /** Of each letter of the text. */
  static of(text: string): Letters {
    const letters = new Letters([], false);
    for (const letter of text) letters.add(letter, letter);
    return letters;
  }

  has(unit: number): boolean {
    const { ranges } = this;
    for (let i = 0; i < ranges.length; i += 2) if (unit >= ranges[i]! && unit <= ranges[i + 1]!) return !this.inverted;
    return this.inverted;
  }

  /** Its only member, null where there are others. */
  get only(): string | null {
    const { ranges } = this;
    return !this.inverted && ranges.length === 2 && ranges[0] === ranges[1] ? String.fromCharCode(ranges[0]!) : null;
  }

  add(from: string, to: string): void {
    this.ranges.push(from.charCodeAt(0), to.charCodeAt(0));
  }

  addAll(other: Letters): void {
    this.ranges.push(...other.ranges);
  }

  inverse(): Letters {
    return new Letters(this.ranges, !this.inverted);
  }
}

function span(...pairs: readonly string[]): Letters {
  const letters = new Letters([], false);
  for (const pair of pairs) letters.add(pair[0]!, pair[1]!);
  return letters;
}

/** `[:name:]`, of ASCII: what topic names are made of. */
export const CLASSES: Readonly<Record<string, Letters>> = {
  alnum: span('09', 'AZ', 'az'),
  alpha: span('AZ', 'az'),
  blank: span('  ', '\t\t'),
  cntrl: span('\0\x1f', '\x7f\x7f'),
  digit: span('09'),
  graph: span('!~'),
  lower: span('az'),
  print: span(' ~'),
  punct: span('!/', ':@', '[`', '{~'),
  space: span('  ', '\t\r'),
  upper: span('AZ'),
  xdigit: span('09', 'AF', 'af'),
};
export const SPACE: Letters = CLASSES.space!;
/** Of words. */
export const ALNUM_: Letters = span('09', 'AZ', 'az', '__');
