// What the parts of a regular expression's automaton have in common. @thread mock

/** What a place in the automaton does; `to` and `or` are places. */
export type Step =
  | { readonly kind: 'set'; readonly has: (code: number) => boolean }
  | { readonly kind: 'split'; to: number; or: number }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'assert'; readonly holds: (before: number, after: number) => boolean }
  | { readonly kind: 'match' };

/** What `before` and `after` are at the ends of the text. */
export const NO_CODE = -1;

/** Its message says what is wrong, in words for people. */
export class RegexError extends Error {
  override readonly name = 'RegexError';
}

/** A text with a place in it. */
export interface Cursor {
  readonly text: string;
  at: number;
  /** Letters of both cases are the same. */
  folds: boolean;
}
