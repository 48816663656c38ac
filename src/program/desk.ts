// Between the main thread of a program and the worker that runs its main: a page of shared memory, and a port.
// @thread any
//
//   word  0  PENDING  a bit for each signal that came and was not taken; the main thread sets, the worker takes all at once
//        16  TAKEN    how often the worker has taken
//        32  HEARD    how many `listen` and `ignore` ops the main thread has done
//
// A signal is set in PENDING first, then posted and rung: the bell wakes a call that blocks, the message an event loop.

import { constants } from 'node:os';
import type { MessagePort } from 'node:worker_threads';

export const PENDING = 0;
export const TAKEN = 16;
export const HEARD = 32;

const DESK_BYTES = 192;

export type Desk = Int32Array;

/** In workerData: tells a thread that it is the worker of a program. */
export const MARK = 'rdkafka-ts/program';

export interface Start {
  readonly desk: SharedArrayBuffer;
  readonly port: MessagePort;
}

export type ToMainThread =
  /** The module has called `program` in its worker; the page of its thread, whose bell is to be rung. */
  | { readonly type: 'ready'; readonly page: SharedArrayBuffer }
  | { readonly type: 'listen'; readonly name: NodeJS.Signals }
  | { readonly type: 'ignore'; readonly name: NodeJS.Signals }
  /** Wants the next piece of standard input. */
  | { readonly type: 'read' };

export type ToWorker =
  | { readonly type: 'signal' }
  | { readonly type: 'input'; readonly bytes: Uint8Array }
  /** Standard input has ended, or why it can't be read. */
  | { readonly type: 'input_end'; readonly error: string | null };

export function newDesk(): Desk {
  return new Int32Array(new SharedArrayBuffer(DESK_BYTES));
}

export function deskOf(memory: SharedArrayBuffer): Desk {
  return new Int32Array(memory);
}

/** The bit of a signal; 0 for what the system does not have. Numbers go up to 31. */
export function bitOf(name: NodeJS.Signals): number {
  const number = constants.signals[name] as number | undefined;
  return number === undefined ? 0 : 1 << number;
}
