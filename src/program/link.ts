// The worker of a program and its main thread: signals and standard input come from there. @thread app
//
// To the library this is where the thread's signals come from; the main thread's side is keeper.ts.

import { type MessagePort, workerData } from 'node:worker_threads';
import { type ThreadSignals, unwindHandles } from '../app/signals.ts';
import type { Steps } from '../app/steps.ts';
import type { AppThread } from '../app/thread.ts';
import { appThread } from '../app/thread.ts';
import { waitBell } from '../ops/bell.ts';
import { PortReader } from '../ops/port_reader.ts';
import type { ThreadPage } from '../ops/thread_page.ts';
import {
  bitOf,
  type Desk,
  deskOf,
  HEARD,
  MARK,
  PENDING,
  type Start,
  TAKEN,
  type ToMainThread,
  type ToWorker,
} from './desk.ts';
import { type ProgramState, programState } from './state.ts';

/** The main thread of a program does nothing, so it answers within a millisecond; one that computes is no use. */
const ANSWER_MS = 10_000;

/** A piece of standard input; null at its end. */
export type Piece = Uint8Array | null;

export class Link implements ThreadSignals {
  private readonly state: ProgramState;
  private readonly thread: AppThread;
  private readonly desk: Desk;
  private readonly port: MessagePort;
  private readonly reader: PortReader<ToWorker>;
  private readonly pieces: Piece[];
  private inputError: string | null;
  private asked: boolean;

  constructor(state: ProgramState, thread: AppThread, start: Start) {
    this.state = state;
    this.thread = thread;
    this.desk = deskOf(start.desk);
    this.port = start.port;
    this.pieces = [];
    this.inputError = null;
    this.asked = false;
    this.reader = new PortReader<ToWorker>(
      start.port,
      (op) => this.route(op),
      () => this.fromLoop(),
      () => {},
    );
    // A program whose main has nothing to wait for ends, as any does.
    start.port.unref();
    thread.signals = this;
    this.post({ type: 'ready', page: thread.page.buffer as unknown as SharedArrayBuffer });
  }

  get pending(): boolean {
    return Atomics.load(this.desk, PENDING) !== 0;
  }

  /** In the order of their numbers. One that throws leaves the others to the next call. */
  serve(): void {
    let bits = Atomics.exchange(this.desk, PENDING, 0);
    Atomics.add(this.desk, TAKEN, 1);
    for (let number = 0; bits !== 0; number++) {
      const bit = 1 << number;
      if ((bits & bit) === 0) continue;
      bits &= ~bit;
      const [name, handler] = [...this.state.handlers].find(([each]) => bitOf(each) === bit) ?? [];
      try {
        handler?.(name!, number);
      } catch (error) {
        Atomics.or(this.desk, PENDING, bits);
        throw error;
      }
    }
  }

  nap(page: ThreadPage, seen: number, ms: number): void {
    waitBell(page, seen, ms);
  }

  /** Has the main thread hear this signal, or leave it to the system again; done when it returns. */
  listen(name: NodeJS.Signals, on: boolean): void {
    const before = Atomics.load(this.desk, HEARD);
    this.post({ type: on ? 'listen' : 'ignore', name });
    if (Atomics.wait(this.desk, HEARD, before, ANSWER_MS) === 'timed-out')
      throw new Error(
        'signal: the main thread of this program does not answer: what stands outside main must return to the event loop',
      );
  }

  /** Waits for the next piece of standard input; undefined when a signal has ended that. */
  *inputSteps(): Steps<Piece | undefined> {
    if (!this.asked) this.post({ type: 'read' });
    this.asked = true;
    const came = yield {
      timeoutMs: -1,
      ready: () => {
        this.reader.drain();
        return this.pieces.length > 0;
      },
    };
    if (!came) return undefined;
    this.asked = false;
    if (this.inputError !== null) throw new Error(`getline: standard input can't be read: ${this.inputError}`);
    return this.pieces.shift();
  }

  private post(op: ToMainThread): void {
    this.port.postMessage(op);
  }

  private route(op: ToWorker): void {
    if (op.type === 'signal') return;
    this.pieces.push(op.type === 'input' ? op.bytes : null);
    if (op.type === 'input_end') this.inputError = op.error;
  }

  /** An error of a handler is an uncaught exception here. */
  private fromLoop(): void {
    if (!this.pending) return;
    try {
      this.thread.serveSignals();
    } finally {
      unwindHandles();
    }
  }
}

/** The link of this thread, made at first use; null in any thread that is not the worker of a program. */
export function programLink(): Link | null {
  const state = programState();
  if (state.link !== null) return state.link;
  const start = (workerData as { [MARK]?: Start } | null | undefined)?.[MARK];
  if (start !== undefined) state.link = new Link(state, appThread(), start);
  return state.link;
}
