// What both kinds of configuration object have in common: values by row, the bit that says who set them, texts. @thread app
import { parseValue } from './parse.ts';
import { findProperty, isValue, PROPERTIES } from './properties.ts';
import type { Property, Scope, ValueRow } from './row_types.ts';
import { formatValue } from './text.ts';

export const CONF_UNKNOWN = -2;
export const CONF_INVALID = -1;
export const CONF_OK = 0;

/** What a set gave; `errstr` is '' on success. */
export interface SetResult {
  readonly code: typeof CONF_UNKNOWN | typeof CONF_INVALID | typeof CONF_OK;
  readonly errstr: string;
}

const DONE: SetResult = { code: CONF_OK, errstr: '' };

/** Values of one scope; `V` types them by canonical name. */
export class AnyConf<V> {
  readonly scope: Scope;
  /** By Property.index. */
  readonly values: unknown[];
  /** By Property.index: set by the user, not adjusted by us. */
  readonly modified: boolean[];
  '~gone': string = '';

  constructor(scope: Scope) {
    this.scope = scope;
    this.values = PROPERTIES[scope].map((row) => ('default' in row ? row.default : null));
    this.modified = PROPERTIES[scope].map(() => false);
  }

  /** Sets a property of this scope by name and text; '' and null are the same. */
  setText(name: string, text: string | null): SetResult {
    const property = findProperty(this.scope, name);
    if (!property) return { code: CONF_UNKNOWN, errstr: `no configuration property "${name}"` };
    const { changed, value, error } = parseValue(property, text === '' ? null : text, this.values[property.index]);
    if (changed) this.put(property.index, value);
    return error === null ? DONE : { code: CONF_INVALID, errstr: error };
  }

  /** Sets what has no text: callbacks, opaques, certificates. */
  setPointer(name: string, value: unknown): void {
    this.put(this.row(name).index, value);
  }

  /** Changes a value without the modified bit: an adjustment of ours. */
  adjust<K extends keyof V & string>(name: K, value: V[K]): void {
    this.values[this.row(name).index] = value;
  }

  /** The text of a property of this scope, or null where it is unknown or unset. */
  getText(name: string): string | null {
    const property = findProperty(this.scope, name);
    return property && isValue(property) ? formatValue(property, this.values[property.index]) : null;
  }

  /** The value under its canonical name. */
  value<K extends keyof V & string>(name: K): V[K] {
    return this.values[this.row(name).index] as V[K];
  }

  /** The value of a pointer or internal property. */
  pointer(name: string): any {
    return this.values[this.row(name).index];
  }

  isModified(name: string): boolean {
    return this.modified[this.row(name).index] === true;
  }

  /** Name, text, name, text of all that have one; aliases don't show. */
  dump(): string[] {
    return PROPERTIES[this.scope].flatMap((property) => {
      const text = isValue(property) ? formatValue(property, this.values[property.index]) : null;
      return text === null ? [] : [property.name, text];
    });
  }

  /** Copies what the user set, but for names that begin with one of `filter`. */
  copyTo(target: AnyConf<V>, filter: readonly string[]): void {
    for (const property of PROPERTIES[this.scope]) {
      if (!this.modified[property.index] || filter.some((prefix) => property.name.startsWith(prefix))) continue;
      target.put(property.index, this.values[property.index]);
    }
  }

  private put(index: number, value: unknown): void {
    this.values[index] = value;
    this.modified[index] = true;
  }

  private row(name: string): Property<ValueRow> {
    const property = findProperty(this.scope, name);
    if (!property || !isValue(property)) throw new Error(`bug: no ${this.scope} property ${name}`);
    return property;
  }
}
