// Requests with a deadline of their own, and a list of things that happened: whatever comes in (answers, calls of the
// app) waits here until the next poll, so that every step of a manager has the time and is never entered twice.
// @thread main
import { RD_KAFKA_RESP_ERR__TIMED_OUT } from '../../defs/enums.ts';
import type { WireRequest } from '../../wire/requests.ts';
import type { GroupEnv } from '../group_env.ts';

export type Target = { broker: number } | { any: true };

/** A request without its handler. */
export type Outgoing = Omit<WireRequest, 'done'>;

/** Handler of an answer: `response` is null exactly when there is a local error. */
export type Answered = (now: number, error: number, response: any, version: number) => void;

/** A request on its way. */
export interface Call {
  /** Its handler will not be called any more. */
  cancel(): void;
}

interface Open extends Call {
  readonly deadline: number;
  readonly answer: (error: number, response: any, version: number) => void;
}

export class Calls {
  private readonly env: Pick<GroupEnv, 'send' | 'wake'>;
  private events: ((now: number) => void)[] = [];
  private open: Set<Open> = new Set();
  private running = false;

  constructor(env: Pick<GroupEnv, 'send' | 'wake'>) {
    this.env = env;
  }

  /** An event, or a step behind the events, is being run. */
  get inPoll(): boolean {
    return this.running;
  }

  /** Runs `event` in the next poll (or in the current one, if there is one). */
  later(event: (now: number) => void): void {
    this.events.push(event);
    if (!this.running) this.env.wake();
  }

  /**
   * Sends a request. `answered` is called once, in a poll: with the answer, the error, or _TIMED_OUT when timeoutMs have
   * passed since now, whatever the connection does.
   */
  send(now: number, target: Target, request: Outgoing, answered: Answered): Call {
    let over = false;
    const finish = (error: number, response: any, version: number): void => {
      if (over) return;
      over = true;
      this.open.delete(call);
      this.later((at) => {
        if (!cancelled) answered(at, error, response, version);
      });
    };
    let cancelled = false;
    const cancel = (): void => {
      cancelled = true;
      over = true;
      this.open.delete(call);
    };
    const call: Open = { deadline: now + request.timeoutMs, answer: finish, cancel };
    this.open.add(call);
    this.env.send(target, { ...request, done: finish });
    return call;
  }

  /** Runs what has happened and what is overdue; while `run` works, later() does not wake. */
  run(now: number, step: () => void): void {
    this.running = true;
    try {
      for (const call of [...this.open]) if (call.deadline <= now) call.answer(RD_KAFKA_RESP_ERR__TIMED_OUT, null, -1);
      // An event may cause others at once; a limit keeps a connection that fails in the call from holding the thread.
      for (let round = 0; round < 100; round++) {
        const events = this.events;
        this.events = [];
        for (const event of events) event(now);
        step();
        if (this.events.length === 0) return;
      }
    } finally {
      this.running = false;
    }
  }

  /** When the next poll is due: at once if something waits, else at the first deadline. */
  wakeAt(now: number): number {
    if (this.events.length > 0) return now;
    let at = Number.POSITIVE_INFINITY;
    for (const call of this.open) at = Math.min(at, call.deadline);
    return at;
  }

  /** Forgets all requests: none of their handlers is called any more. Events that wait still run. */
  cancelAll(): void {
    for (const call of [...this.open]) call.cancel();
  }
}
