// What a row of the property table says. @thread any

/** Whether setting the property does anything: 'yes', 'not-yet' (setting it warns), or never, with the reason. */
export type Effect = 'yes' | 'not-yet' | { readonly never: string };

export type Importance = 'high' | 'medium' | 'low';

interface Named {
  readonly name: string;
  /** Consumer, producer; both when left out. */
  readonly who?: 'C' | 'P';
  /** 'low' when left out. */
  readonly importance?: Importance;
  readonly deprecated?: true;
  readonly experimental?: true;
  /** Taken but not in the manual. */
  readonly hidden?: true;
  /** Never in logs. */
  readonly sensitive?: true;
}

interface Meaningful extends Named {
  readonly effect: Effect;
  readonly text: string;
  /** Values, as conf_get shows them, that ask for what happens anyway: no warning about missing effect. */
  readonly holds?: readonly string[];
  /** Of an effective property, the values without effect yet and what happens instead. */
  readonly yet?: Readonly<Record<string, string>>;
  /** Why this platform refuses the property; null or left out: it does not. */
  readonly unsupported?: string | null;
}

export interface IntRow extends Meaningful {
  readonly type: 'int';
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** Words taken for numbers. */
  readonly words?: Readonly<Record<string, number>>;
}

export interface FloatRow extends Meaningful {
  readonly type: 'float';
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

export interface BoolRow extends Meaningful {
  readonly type: 'bool';
  readonly default: boolean;
}

/** A `string` loses blanks in front, a `kstring` keeps them. null: not set. */
export interface StringRow extends Meaningful {
  readonly type: 'string' | 'kstring';
  readonly default: string | null;
  readonly valid?: (value: string) => boolean;
}

/** Regular expressions separated by commas. */
export interface PatternsRow extends Meaningful {
  readonly type: 'patterns';
  readonly default: null;
}

export interface EnumRow extends Meaningful {
  readonly type: 'enum';
  /** Canonical words, in the table's order. */
  readonly values: readonly string[];
  /** Further words, each with its canonical one. */
  readonly synonyms?: Readonly<Record<string, string>>;
  /** Values beyond these, which begin with `prefix` and are kept as they are written; `shown` is for the manual. */
  readonly open?: { readonly prefix: string; readonly shown: string; readonly valid: (rest: string) => boolean };
  readonly default: string;
}

export interface FlagsRow extends Meaningful {
  readonly type: 'flags';
  readonly values: readonly (readonly [word: string, bits: number])[];
  /** Words that are known but refused, with the reason. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly default: number;
}

/** A function or a value of the application: set by a function of its own, stays in the app thread. */
export interface PointerRow extends Meaningful {
  readonly type: 'pointer';
  /** The name of the built-in function, or null. */
  readonly default: string | null;
}

/** Never set by name. */
export interface InternalRow extends Meaningful {
  readonly type: 'internal';
}

export interface AliasRow extends Named {
  readonly type: 'alias';
  readonly of: string;
}

/** A property of the Java client: refused with a hint. */
export interface InvalidRow extends Named {
  readonly type: 'invalid';
  readonly text: string;
}

/** A property that holds something. */
export type ValueRow =
  | IntRow
  | FloatRow
  | BoolRow
  | StringRow
  | PatternsRow
  | EnumRow
  | FlagsRow
  | PointerRow
  | InternalRow;

export type Row = ValueRow | AliasRow | InvalidRow;

export type Scope = 'global' | 'topic';

/** A row and its place in the table of its scope; a conf keeps its values by that place. */
export type Property<R extends Row = Row> = R & { readonly scope: Scope; readonly index: number };
