// Signals in a thread that blocks: handlers that run inside its API calls, and waits that a signal ends (api.md, section 4).
// @thread app
//
// A blocked thread does not turn its event loop, so Node never calls a listener there. Two ways lead around that. The
// worker of rdkafka-ts/program is told by the main thread, which does turn its loop: program/ has that source. On the main
// thread itself only SIGINT can be heard, by vm's breakOnSigint, which ends an Atomics.wait.

import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { setImmediate } from 'node:timers';
import { type Context, createContext, Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { waitBell } from '../ops/bell.ts';
import { BELL, type ThreadPage } from '../ops/thread_page.ts';
import type { Handle } from './handle.ts';
import { printLine } from './log.ts';
import { registry } from './registry.ts';

/** Where a thread's signals come from. */
export interface ThreadSignals {
  /** One has come whose handlers have not run: a call of the library runs them. */
  readonly pending: boolean;
  /** Runs them, and takes what was pending even if they throw. */
  serve(): void;
  /** Sleeps until the bell differs from `seen`, `ms` have passed or a signal has come. */
  nap(page: ThreadPage, seen: number, ms: number): void;
}

/** Runs handlers as callbacks of every handle: a `destroy` in there waits until the call that runs them unwinds. */
export function runHandlers(signals: ThreadSignals): void {
  const handles = [...registry().handles] as Handle[];
  for (const rk of handles) rk.inCallback++;
  try {
    signals.serve();
  } finally {
    for (const rk of handles) rk.inCallback--;
  }
}

/** Ends the handles that handlers have asked to end, but those that are still inside a callback. */
export function unwindHandles(): void {
  for (const rk of [...registry().handles] as Handle[]) rk.callbacks.unwindHandle();
}

/** Shorter waits are not worth the guard. */
const UNGUARDED_MS = 1;
const GUARD = { breakOnSigint: true } as const;

/** The main thread's: SIGINT alone, and only where the process listens for it; without a listener it kills as ever. */
export class MainSignals implements ThreadSignals {
  private came: boolean;
  private script: Script | null;
  private context: Context | null;
  /** What the guarded wait waits for: the script has no other way to it. */
  private wait: () => void;

  constructor() {
    this.came = false;
    this.script = null;
    this.context = null;
    this.wait = () => {};
  }

  get pending(): boolean {
    return this.came;
  }

  serve(): void {
    this.came = false;
    // As Node calls them: with the name and the number, which its types leave out.
    (process as EventEmitter).emit('SIGINT', 'SIGINT', constants.signals.SIGINT);
  }

  nap(page: ThreadPage, seen: number, ms: number): void {
    const worthIt = ms > UNGUARDED_MS && Atomics.load(page, BELL) === seen && process.listenerCount('SIGINT') > 0;
    if (worthIt) this.guarded(() => waitBell(page, seen, ms));
    else waitBell(page, seen, ms);
  }

  private guarded(wait: () => void): void {
    this.script ??= new Script('wait()', { filename: 'rdkafka-ts-wait' });
    // A context of its own, and a function that is handed into it: under jest the library has other globals than vm.
    this.context ??= createContext({ wait: () => this.wait() });
    this.wait = wait;
    try {
      this.script.runInContext(this.context, GUARD);
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw error;
      this.came = true;
    }
  }
}

const PATIENCE_MS = 5000;
const LOG_WARNING = 4;
const HEARD = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGBREAK', 'SIGUSR1', 'SIGUSR2'] as const;
const DEAF = isMainThread
  ? 'this thread has listeners for signals, and has been in calls of the library for 5 seconds without a turn of its event loop, in which they would run: use the promise forms, or rdkafka-ts/program'
  : 'listeners for signals on `process` never run in a worker thread: use signal() of rdkafka-ts/program';
/** Taken at load: test runners fake it. */
const nextTurn: typeof setImmediate = setImmediate;

/** Says once when a thread that listens for signals can't hear them. */
export class LoopWatch {
  private readonly now: () => number;
  private readonly say: (text: string) => void;
  /** When the calls of this turn of the event loop began; null: none yet. */
  private since: number | null;
  private said: boolean;

  constructor(now: () => number, say: (text: string) => void = warn) {
    this.now = now;
    this.say = say;
    this.since = null;
    this.said = false;
  }

  /** From calls that block or bring something; may schedule one turn of the event loop. */
  look(): void {
    if (this.said || !HEARD.some((name) => process.listenerCount(name) > 0)) return;
    if (this.since === null) {
      this.since = this.now();
      nextTurn(() => {
        this.since = null;
      });
      return;
    }
    if (this.now() - this.since < PATIENCE_MS) return;
    this.said = true;
    this.say(DEAF);
  }
}

/** It concerns no handle in particular: the first has a log. */
function warn(text: string): void {
  const [rk] = registry().handles as Set<Handle>;
  if (rk === undefined) printLine(LOG_WARNING, 'SIGNAL', 'rdkafka-ts', text);
  else rk.logs.add(LOG_WARNING, 'SIGNAL', text);
}
