// POSIX extended regular expressions, matched in time linear in the text: no pattern, however made, holds up a thread.
// JavaScript's own engine backtracks (^(a+)+$ against 30 letters takes seconds), and its language is another one. @thread any
import { PatternError, parsePattern } from './pattern_parse.ts';
import {
  ASSERT,
  BEGIN,
  compile,
  EDGE,
  END,
  type Program,
  SET,
  SPLIT,
  WORD_END,
  WORD_START,
} from './pattern_program.ts';

export { PatternError };

function isWord(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /\w/.test(text[at]!);
}

function holds(what: number, text: string, at: number): boolean {
  const before = isWord(text, at - 1);
  const after = isWord(text, at);
  switch (what) {
    case BEGIN:
      return at === 0;
    case END:
      return at === text.length;
    case WORD_START:
      return !before && after;
    case WORD_END:
      return before && !after;
    case EDGE:
      return before !== after;
    default:
      return before === after;
  }
}

export class Pattern {
  private readonly program: Program;
  /** At which step each instruction was added last. */
  private readonly mark: Int32Array;
  private readonly stack: number[];
  private step: number;

  /** @throws PatternError */
  constructor(text: string) {
    this.program = compile(parsePattern(text));
    this.mark = new Int32Array(this.program.op.length).fill(-1);
    this.stack = [];
    this.step = 0;
  }

  /** Whether the pattern matches anywhere in the text. */
  matches(text: string): boolean {
    const { program } = this;
    if (!text.startsWith(program.prefix)) return false;
    // Each position has a number of its own over all calls: the marks need no clearing.
    const first = this.step > 0x3fffffff ? this.restart() : this.step;
    this.step = first + text.length + 1;
    let threads: number[] = [];
    for (let at = 0; at <= text.length; at++) {
      // A match may begin here too.
      if ((at === 0 || !program.anchored) && this.add(threads, 0, text, at, first + at)) return true;
      if (at === text.length || (threads.length === 0 && program.anchored)) return false;
      const unit = text.charCodeAt(at);
      const next: number[] = [];
      for (const pc of threads) {
        if (program.sets[program.arg[pc]!]!.has(unit) && this.add(next, pc + 1, text, at + 1, first + at + 1))
          return true;
      }
      threads = next;
    }
    return false;
  }

  private restart(): number {
    this.mark.fill(-1);
    return 0;
  }

  /** Adds a thread and all that it leads to without a letter. True when that is the end of the pattern. */
  private add(threads: number[], from: number, text: string, at: number, step: number): boolean {
    const { mark, stack } = this;
    const { op, arg, arg2 } = this.program;
    stack.length = 0;
    stack.push(from);
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (mark[pc] === step) continue;
      mark[pc] = step;
      switch (op[pc]) {
        case SET:
          threads.push(pc);
          break;
        case SPLIT:
          stack.push(arg2[pc]!, arg[pc]!);
          break;
        case ASSERT:
          if (holds(arg[pc]!, text, at)) stack.push(pc + 1);
          break;
        default:
          return true;
      }
    }
    return false;
  }
}
