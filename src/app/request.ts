// Calls that main answers: an op out, the answer by its number.
// @thread app

import type { ReplyOp } from '../ops/ops.ts';
import type { Handle } from './handle.ts';

export interface Answer {
  readonly err: number;
  readonly text: string;
  readonly value: any;
}

export class Requests {
  private readonly rk: Handle;
  private next: number;
  /** null: not answered yet. A call that gave up is forgotten. */
  private readonly open: Map<number, Answer | null>;
  /** Those whose answer is taken where it comes in. */
  private readonly takers: Map<number, (answer: Answer) => void>;

  constructor(rk: Handle) {
    this.rk = rk;
    this.next = 1;
    this.open = new Map();
    this.takers = new Map();
  }

  /** For a call whose answer nobody waits for. */
  post(what: string, timeoutMs: number, args: readonly unknown[]): void {
    this.rk.toMain({ type: 'call', call: this.next++, what, timeoutMs, args });
  }

  /** Asks; the answer will be at `answer(call)`. */
  start(what: string, timeoutMs: number, args: readonly unknown[], dead: number): number {
    const call = this.next++;
    if (this.rk.dead) this.open.set(call, { err: dead, text: '', value: null });
    else {
      this.open.set(call, null);
      this.rk.toMain({ type: 'call', call, what, timeoutMs, args });
    }
    return call;
  }

  /** Asks for a call that returns before the answer: `take` gets it, and may run no user code. */
  later(what: string, args: readonly unknown[], dead: number, take: (answer: Answer) => void): void {
    const call = this.next++;
    if (this.rk.dead) {
      take({ err: dead, text: '', value: null });
      return;
    }
    this.takers.set(call, take);
    this.rk.toMain({ type: 'call', call, what, timeoutMs: -1, args });
  }

  answered(call: number): boolean {
    return this.open.get(call) !== null;
  }

  /** Takes the answer, or gives up; then null. */
  take(call: number): Answer | null {
    const answer = this.open.get(call) ?? null;
    this.open.delete(call);
    return answer;
  }

  reply(op: ReplyOp): void {
    const take = this.takers.get(op.call);
    if (take !== undefined) {
      this.takers.delete(op.call);
      take(op);
    } else if (this.open.has(op.call)) this.open.set(op.call, { err: op.err, text: op.text, value: op.value });
  }

  failAll(err: number): void {
    const takers = [...this.takers.values()];
    this.takers.clear();
    for (const take of takers) take({ err, text: '', value: null });
    for (const [call, answer] of this.open) if (answer === null) this.open.set(call, { err, text: '', value: null });
  }
}
