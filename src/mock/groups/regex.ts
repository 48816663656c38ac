// Regular expressions as a broker takes them from subscribers (RE2's syntax: no look-around, no back references), run by
// an automaton: what a client sends costs no more than its length times that of a topic's name. @thread mock
import { NO_CODE, type Step } from './regex_step.ts';
import { parseRegex } from './regex_syntax.ts';

export class Regex {
  readonly #steps: readonly Step[];

  /** @throws RegexError saying what is wrong with it. */
  constructor(source: string) {
    this.#steps = parseRegex(source);
  }

  /** Whether it fits the whole text, not only a part of it. */
  matches(text: string): boolean {
    let places = this.#follow([0], NO_CODE, text.length === 0 ? NO_CODE : text.charCodeAt(0));
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      const next: number[] = [];
      for (const place of places) {
        const step = this.#steps[place];
        if (step.kind === 'set' && step.has(code)) next.push(place + 1);
      }
      if (next.length === 0) return false;
      places = this.#follow(next, code, i + 1 < text.length ? text.charCodeAt(i + 1) : NO_CODE);
    }
    return [...places].some((place) => this.#steps[place].kind === 'match');
  }

  /** All places that are reached from `from` without reading. */
  #follow(from: readonly number[], before: number, after: number): Set<number> {
    const places = new Set<number>();
    const todo = [...from];
    for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
      if (places.has(place)) continue;
      places.add(place);
      const step = this.#steps[place];
      if (step.kind === 'jump') todo.push(step.to);
      if (step.kind === 'split') todo.push(step.to, step.or);
      if (step.kind === 'assert' && step.holds(before, after)) todo.push(place + 1);
    }
    return places;
  }
}
