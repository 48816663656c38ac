// getopt(3) as the C programs use it: `-b host`, `-bhost`, `-qe`; arguments may stand between options, `--` ends them.

export interface Options {
  /** [letter, value] in their order; the value of a letter without one is ''. */
  readonly options: readonly (readonly [string, string])[];
  /** Everything else. */
  readonly rest: readonly string[];
  /** A letter that is not known, or that lacks its value; '' for none. */
  readonly wrong: string;
}

/** `letters` as in C: a colon behind those that want a value. */
export function getopt(args: readonly string[], letters: string): Options {
  const options: [string, string][] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') return { options, rest: [...rest, ...args.slice(i + 1)], wrong: '' };
    if (arg === '-' || !arg.startsWith('-')) {
      rest.push(arg);
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!;
      const place = letter === ':' ? -1 : letters.indexOf(letter);
      if (place < 0) return { options, rest, wrong: letter };
      if (letters[place + 1] !== ':') {
        options.push([letter, '']);
        continue;
      }
      const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++i];
      if (value === undefined) return { options, rest, wrong: letter };
      options.push([letter, value]);
      break;
    }
  }
  return { options, rest, wrong: '' };
}
