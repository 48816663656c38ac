// What one JavaScript thread of the application has of us: its page, its ports, its workers, and how it waits.
// @thread app
//
// A blocked call and a pending promise are the same thing, a condition that is looked at after each drain; only the
// waiting differs: `Atomics.wait` on the bell, or the event loop (memory.md, part 1, 6).

import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { isMainThread, type MessagePort } from 'node:worker_threads';
import { waitBell } from '../ops/bell.ts';
import { workerLimit } from '../ops/placing.ts';
import { PortReader } from '../ops/port_reader.ts';
import { BELL, MODE, MODE_EVENT_LOOP, newThreadPage, type ThreadPage } from '../ops/thread_page.ts';
import { Aborts } from './aborts.ts';
import type { Mains } from './mains.ts';
import { registry } from './registry.ts';
import { LoopWatch, MainSignals, runHandlers, type ThreadSignals } from './signals.ts';

/** Deadlines and stamps of the app thread. Taken at load: test runners fake the global one. */
export const now: () => number = performance.now.bind(performance);
const later: typeof setTimeout = setTimeout;
const cancel: typeof clearTimeout = clearTimeout;
const nextTurn: typeof setImmediate = setImmediate;

/** Longest sleep without a look at the workers' hearts. */
const SLICE_MS = 1000;
/** How often a promise that is pending looks at them. */
const PULSE_MS = 1000;

/** Whatever reads ports in this thread: handles and mock clusters. */
export interface Member {
  /** Routes what its ports and stacks hold; never runs user code. */
  drain(): void;
  /** Runs what poll_start or a pending twin lets run from the event loop. */
  serveFromLoop(): void;
  /** Something of it wants the event loop woken (poll_start, a pending promise). */
  readonly armed: boolean;
  /** When it has something to do that no bell tells, by `now`; Infinity for never. */
  readonly dueAt: number;
}

/** What keeps the process alive while it is wanted. */
interface Hold {
  readonly port: MessagePort;
  readonly wanted: () => boolean;
}

interface Waiter {
  readonly ready: () => boolean;
  readonly settle: (ok: boolean) => void;
}

export class AppThread {
  readonly page: ThreadPage;
  readonly members: Set<Member>;
  readonly maxWorkers: number;
  readonly aborts: Aborts;
  /** Main workers of this thread. */
  mains: Mains | null;
  /** The mock worker of this thread; app/mock_control's. */
  mock: unknown;
  /** Null in a worker of the application's that no `program` started: no signal reaches it. */
  signals: ThreadSignals | null;
  /** How often handlers of signals have run: a call in which they did does not go on waiting. */
  handled: number;
  private readonly loop: LoopWatch;
  private readonly waiters: Set<Waiter>;
  private readonly refs: Map<MessagePort, number>;
  private readonly holds: Set<Hold>;
  private seen: number;
  private depth: number;
  private looping: boolean;
  /** Calls that block this thread now, one inside the other. */
  private blocked: number;
  /** Something was routed that no turn of the event loop has looked at since. */
  private unserved: boolean;
  private turnComes: boolean;
  private pulse: ReturnType<typeof setTimeout> | null;
  private alarm: ReturnType<typeof setTimeout> | null;
  private alarmAt: number;

  constructor() {
    this.page = newThreadPage();
    this.members = new Set();
    this.maxWorkers = workerLimit(availableParallelism());
    this.aborts = new Aborts();
    this.mains = null;
    this.mock = null;
    this.signals = isMainThread ? new MainSignals() : null;
    this.handled = 0;
    this.loop = new LoopWatch(now);
    this.waiters = new Set();
    this.refs = new Map();
    this.holds = new Set();
    this.seen = 0;
    this.depth = 0;
    this.looping = false;
    this.blocked = 0;
    this.unserved = false;
    this.turnComes = false;
    this.pulse = null;
    this.alarm = null;
    this.alarmAt = 0;
  }

  /** A reader of a port to a worker of ours; unref'd, so that it alone keeps no process alive. */
  reader<In>(port: MessagePort, route: (op: In) => void, onClose: () => void): PortReader<In> {
    const reader = new PortReader<In>(
      port,
      route,
      // Not at once: a port gives up to a thousand messages in one go, and what awaited ours runs between them. With a
      // wake behind each, timers and sockets of the app would have no turn all the while.
      () => this.turnSoon(),
      () => {
        onClose();
        this.woken();
      },
    );
    port.unref();
    return reader;
  }

  /** Reads everything that came since the last call; cheap when the bell has not rung. */
  drain(): void {
    const bell = Atomics.load(this.page, BELL);
    if (bell === this.seen) return;
    this.seen = bell;
    this.depth++;
    for (const member of this.members) member.drain();
    this.depth--;
    this.unserved = true;
    if (!this.looping) this.loop.look();
    // No ring will come again for what was routed here, on behalf of a call that serves something else.
    if (this.blocked === 0 && !this.looping && this.anythingArmed()) this.turnSoon();
  }

  /** A signal has come whose handlers the next call has to run. */
  get signalled(): boolean {
    return this.signals?.pending === true;
  }

  /** Runs them; what they throw goes on. */
  serveSignals(): void {
    if (!this.signalled) return;
    this.handled++;
    runHandlers(this.signals!);
  }

  /**
   * Blocks until `ready` or the time is up (negative: for ever); true when ready. `ready` may run user code: it is
   * asked after each drain. Handlers of signals run in it. The time counts as up when any has run since `handled` was
   * `from`; null: it does not.
   */
  wait(timeoutMs: number, ready: () => boolean, from: number | null = this.handled): boolean {
    Atomics.store(this.page, MODE, 0);
    const deadline = timeoutMs < 0 ? Number.POSITIVE_INFINITY : now() + timeoutMs;
    this.blocked++;
    try {
      for (;;) {
        const bell = Atomics.load(this.page, BELL);
        this.drain();
        if (ready()) return true;
        this.serveSignals();
        if (from !== null && this.handled !== from) return false;
        const rest = deadline - now();
        if (rest <= 0) return false;
        this.loop.look();
        this.nap(bell, Math.min(rest, SLICE_MS));
      }
    } finally {
      this.blocked--;
      this.rearm();
    }
  }

  private nap(bell: number, ms: number): void {
    const from = now();
    const most = Math.max(0, Math.min(ms, this.dueAt() - from));
    if (this.signals === null) waitBell(this.page, bell, most);
    else this.signals.nap(this.page, bell, most);
    this.mains?.watch(now() - from);
  }

  /** The same without blocking; keeps the process alive until it settles. */
  async waitAsync(
    timeoutMs: number,
    ready: () => boolean,
    port: MessagePort | null,
    signal?: AbortSignal,
  ): Promise<boolean> {
    signal?.throwIfAborted();
    this.drain();
    if (ready()) return true;
    if (timeoutMs === 0) return false;
    return await new Promise<boolean>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | null = null;
      const end = (): void => {
        this.waiters.delete(waiter);
        if (timer !== null) cancel(timer);
        unlisten?.();
        this.unref(port);
      };
      const aborted = (): void => {
        end();
        reject(signal!.reason);
      };
      const waiter: Waiter = {
        ready: () => {
          try {
            return ready();
          } catch (error) {
            end();
            reject(error);
            return false;
          }
        },
        settle: (ok) => {
          end();
          resolve(ok);
        },
      };
      this.waiters.add(waiter);
      this.ref(port);
      const unlisten = signal === undefined ? null : this.aborts.add(signal, aborted);
      if (timeoutMs > 0 && Number.isFinite(timeoutMs)) timer = later(() => waiter.settle(waiter.ready()), timeoutMs);
      this.rearm();
    });
  }

  /** Some call blocks this thread now. */
  get isBlocked(): boolean {
    return this.blocked > 0;
  }

  get pendingPromises(): number {
    return this.waiters.size;
  }

  /** At the end of whatever leaves something armed: the next ring has to wake the event loop. */
  rearm(): void {
    if (this.depth > 0 || this.looping || this.blocked > 0 || !this.anythingArmed()) return;
    this.startPulse();
    this.setAlarm();
    Atomics.store(this.page, MODE, MODE_EVENT_LOOP);
    if (Atomics.load(this.page, BELL) === this.seen && !this.unserved) return;
    Atomics.store(this.page, MODE, 0);
    this.turnSoon();
  }

  /** A message came through the event loop. */
  woken(): void {
    if (this.depth > 0 || this.looping) return;
    if (this.blocked > 0) {
      this.turnSoon();
      return;
    }
    Atomics.store(this.page, MODE, 0);
    try {
      this.turn();
    } finally {
      // What a callback throws goes on as an uncaught exception, and the rest is served all the same.
      this.rearm();
    }
  }

  /** A turn of the event loop looks at everything that is armed. */
  turnSoon(): void {
    if (this.turnComes) return;
    this.turnComes = true;
    nextTurn(() => {
      this.turnComes = false;
      this.woken();
    });
  }

  private turn(): void {
    this.looping = true;
    let whole = false;
    try {
      this.drain();
      this.unserved = false;
      for (const member of this.members) if (member.armed) member.serveFromLoop();
      for (const waiter of [...this.waiters])
        if (this.waiters.has(waiter) && waiter.ready() && this.waiters.has(waiter)) waiter.settle(true);
      for (const hold of this.holds) if (!hold.wanted()) this.release(hold);
      whole = true;
    } finally {
      this.looping = false;
      if (!whole) this.unserved = true;
    }
  }

  private anythingArmed(): boolean {
    if (this.waiters.size > 0) return true;
    for (const member of this.members) if (member.armed) return true;
    return false;
  }

  /** Adds to the same sums as a blocked wait, for a main worker that neither beats nor closes its port. */
  private startPulse(): void {
    if (this.pulse !== null) return;
    this.pulse = later(() => {
      this.pulse = null;
      this.mains?.watch(PULSE_MS);
      this.woken();
    }, PULSE_MS);
    this.pulse.unref();
  }

  private dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const member of this.members) due = Math.min(due, member.dueAt);
    return due;
  }

  private setAlarm(): void {
    const due = this.dueAt();
    if (due === Number.POSITIVE_INFINITY || (this.alarm !== null && this.alarmAt <= due)) return;
    if (this.alarm !== null) cancel(this.alarm);
    this.alarmAt = due;
    this.alarm = later(
      () => {
        this.alarm = null;
        this.woken();
      },
      Math.max(0, Math.ceil(due - now())),
    );
    this.alarm.unref();
  }

  /** Keeps the process alive by this port until a turn finds that it is not `wanted` any more. */
  hold(port: MessagePort | null, wanted: () => boolean): void {
    if (port === null) return;
    this.holds.add({ port, wanted });
    this.ref(port);
    this.rearm();
  }

  private release(hold: Hold): void {
    this.holds.delete(hold);
    this.unref(hold.port);
  }

  ref(port: MessagePort | null): void {
    if (port === null) return;
    const count = (this.refs.get(port) ?? 0) + 1;
    this.refs.set(port, count);
    if (count === 1) port.ref();
  }

  unref(port: MessagePort | null): void {
    if (port === null) return;
    const count = (this.refs.get(port) ?? 0) - 1;
    if (count > 0) {
      this.refs.set(port, count);
      return;
    }
    this.refs.delete(port);
    port.unref();
  }
}

/** The state of this JavaScript thread, shared by all doors and module kinds. */
export function appThread(): AppThread {
  const state = registry();
  state.workers ??= new AppThread();
  return state.workers as AppThread;
}
