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

  constructor(rk: Handle) {
    this.rk = rk;
    this.next = 1;
    this.open = new Map();
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
    if (this.open.has(op.call)) this.open.set(op.call, { err: op.err, text: op.text, value: op.value });
  }

  failAll(err: number): void {
    for (const [call, answer] of this.open) if (answer === null) this.open.set(call, { err, text: '', value: null });
  }
}
