// The main thread of a program: starts the worker that runs its main, hears signals for it, ends with it. @thread app

import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { MessageChannel, SHARE_ENV, Worker } from 'node:worker_threads';
import { Channel } from '../ops/channel.ts';
import { threadPage } from '../ops/thread_page.ts';
import { systemClock, type Timer } from '../rd/clock.ts';
import {
  bitOf,
  type Desk,
  HEARD,
  MARK,
  newDesk,
  PENDING,
  type Start,
  TAKEN,
  type ToMainThread,
  type ToWorker,
} from './desk.ts';
import { type Entry, entryByTsx, entryOf } from './entry.ts';
import { Feed } from './feed.ts';
import { isBrokenPipe, type Output, stderr, stdout } from './output.ts';

/** What makes a user impatient; SIGHUP is for many a reload. */
const ENDING: ReadonlySet<NodeJS.Signals> = new Set<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGBREAK']);
/** Main has so long to take one of these before another ends the process. */
const PATIENCE_MS = 1000;
const FAILED = 1;
/** What a shell shows for a program that SIGPIPE has ended. */
const BROKEN_PIPE = 141;

export class Keeper {
  private readonly module: string | URL;
  private readonly desk: Desk;
  private readonly feed: Feed;
  private readonly listeners: Map<NodeJS.Signals, () => void>;
  /** Null until the module has called `program` in its worker. */
  private channel: Channel<ToWorker> | null;
  /** The exit code, once main has failed. */
  private failure: number | null;
  /** In place of a worker that failed: started when that has ended. */
  private next: Entry | null;
  /** When the oldest ENDING signal came that the worker has not taken, and how often it had taken by then. */
  private since: number;
  private takes: number;
  private deadline: Timer | null;

  constructor(module: string | URL) {
    this.module = module;
    this.desk = newDesk();
    this.listeners = new Map();
    this.channel = null;
    this.failure = null;
    this.next = null;
    this.since = 0;
    this.takes = -1;
    this.deadline = null;
    this.feed = new Feed((op) => this.channel!.post(op));
    this.start(entryOf(module));
  }

  private start(entry: Entry): void {
    const { port1, port2 } = new MessageChannel();
    const start: Start = { desk: this.desk.buffer as unknown as SharedArrayBuffer, port: port2 };
    // With its own execArgv, NODE_OPTIONS and environment: this worker is the user's. Its output is taken from it, since
    // Node's way to pass that on makes the descriptors ones that do not block.
    const worker = new Worker(entry.source, {
      eval: entry.eval,
      argv: [...entry.argv],
      env: SHARE_ENV,
      stdout: true,
      stderr: true,
      workerData: { [MARK]: start },
      transferList: [port2],
      name: 'program',
    });
    port1.on('message', (op: ToMainThread) => this.route(op, port1));
    worker.stdout.on('readable', () => pass(worker.stdout, stdout));
    worker.stderr.on('readable', () => pass(worker.stderr, stderr));
    worker.on('error', (error: unknown) => this.failed(error, entry));
    worker.on('exit', (code) => this.ended(worker, code));
  }

  private route(op: ToMainThread, port: Channel<ToWorker>['port']): void {
    if (op.type === 'ready') this.channel = new Channel(port, threadPage(op.page));
    else if (op.type === 'read') this.feed.want();
    else {
      if (op.type === 'listen') this.listen(op.name);
      else this.ignore(op.name);
      Atomics.add(this.desk, HEARD, 1);
      Atomics.notify(this.desk, HEARD);
    }
  }

  private listen(name: NodeJS.Signals): void {
    const listener = (): void => this.came(name);
    this.listeners.set(name, listener);
    process.on(name, listener);
  }

  private ignore(name: NodeJS.Signals): void {
    const listener = this.listeners.get(name);
    this.listeners.delete(name);
    if (listener !== undefined) process.off(name, listener);
  }

  private came(name: NodeJS.Signals): void {
    Atomics.or(this.desk, PENDING, bitOf(name));
    this.channel!.post({ type: 'signal' });
    if (!ENDING.has(name)) return;
    const takes = Atomics.load(this.desk, TAKEN);
    if (takes !== this.takes) {
      this.takes = takes;
      this.since = systemClock.now();
      return;
    }
    // Not at once: npm and the terminal both send the one SIGINT of a Ctrl-C.
    const left = this.since + PATIENCE_MS - systemClock.now();
    this.deadline ??= systemClock.setTimer(left, () => this.lastChance(name));
  }

  private lastChance(name: NodeJS.Signals): void {
    this.deadline = null;
    if (Atomics.load(this.desk, TAKEN) !== this.takes) return;
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  }

  private failed(error: unknown, entry: Entry): void {
    this.next = entry.eval ? null : entryByTsx(this.module, error);
    if (this.next !== null) return;
    this.failure = isBrokenPipe(error) ? BROKEN_PIPE : FAILED;
    if (this.failure === FAILED) write(stderr, Buffer.from(`${textOf(error)}\n`));
  }

  private ended(worker: Worker, code: number): void {
    pass(worker.stdout, stdout);
    pass(worker.stderr, stderr);
    const { next } = this;
    this.next = null;
    if (next !== null) {
      this.start(next);
      return;
    }
    if (this.channel === null && this.failure === null && code === 0) {
      write(stderr, Buffer.from('program: the module that it was given does not call it again in its worker\n'));
      this.failure = FAILED;
    }
    process.exit(this.failure ?? code);
  }
}

/** An error that came from another thread is an Error with the name of its class, which inspect points out. */
function textOf(error: unknown): string {
  return inspect(error).replace(/^(\w+) \[Error\]/, '$1');
}

/** What the worker has written before `program` was called there. */
function pass(from: Readable, to: Output): void {
  for (let piece = from.read() as Buffer | null; piece !== null; piece = from.read() as Buffer | null) write(to, piece);
}

/** Nobody is left to tell when that fails. */
function write(to: Output, bytes: Buffer): void {
  try {
    to.write(bytes);
  } catch {
    // A reader that has gone, or has not read for 30 s.
  }
}
