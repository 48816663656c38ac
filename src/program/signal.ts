// signal() of rdkafka-ts/program. @thread app

import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { checkFunctionOrNull, checkString } from '../rd/check.ts';
import { programLink } from './link.ts';
import { programState } from './state.ts';

/** Is called with the name of the signal and its number. */
export type SignalHandler = (name: NodeJS.Signals, number: number) => void;

/**
 * Has `handler` run when this process gets the signal `name` (`'SIGINT'`, `'SIGTERM'`, ...), in place of what the system
 * would do; null gives it back to the system. Returns the handler that was there, or null. In effect when it returns.
 * Counterpart of signal(2).
 *
 * In the worker of a `program` the handler runs inside the next call of the library that serves callbacks, waits or
 * produces, and wakes one that is blocked: that call returns as if its time were up, with last_error() _INTR. A call that
 * has run it does not begin to wait. Calls that end something (consumer_close, destroy, purge, ...) and those that ask
 * this process's own threads run it and go on. While nothing is blocked it runs from the event loop. What it throws comes
 * out of the call; `destroy` in it happens when the call unwinds; `process.exit(n)` in it ends the process. The same
 * signal may come several times before it is taken, and counts once. A SIGINT, SIGTERM or SIGBREAK that is not taken
 * for a second, since main makes no call, makes the next one of them end the process as if there were no handler.
 *
 * On a main thread without `program` it is process.on: the handler runs from the event loop, SIGINT's also inside calls of
 * the library that wait longer than 1 ms (not quite always there: between two waits one can be lost, and in the moment in
 * which a wait begins or ends it kills as if nobody listened; `program` has no such gaps). In the main thread of a
 * `program` it does nothing: the module runs again in the worker, and that call counts. In other workers it throws, for no signal reaches them.
 *
 * Throws TypeError for an unknown signal, and for SIGKILL and SIGSTOP, which nobody can handle. Waits for the main
 * thread, less than a millisecond.
 */
export function signal(name: NodeJS.Signals, handler: SignalHandler | null): SignalHandler | null {
  checkString('signal', 'name', name);
  if (!Object.hasOwn(constants.signals, name)) throw new TypeError(`signal: name must be a signal, not ${name}`);
  if (name === 'SIGKILL' || name === 'SIGSTOP') throw new TypeError(`signal: name: nobody can handle ${name}`);
  const next = checkFunctionOrNull('signal', 'handler', handler);
  const state = programState();
  const link = programLink();
  const before = state.handlers.get(name) ?? null;
  if (link !== null) {
    if ((before === null) !== (next === null)) link.listen(name, next !== null);
  } else if (!isMainThread) throw new Error('signal: signals reach the main thread only, and the worker of a program');
  else if (!state.called) {
    if (before !== null) process.off(name, before);
    if (next !== null) process.on(name, next);
  }
  if (next === null) state.handlers.delete(name);
  else state.handlers.set(name, next);
  return before;
}
