// What the stress models share inside their threads: seeds, counts, the start message. Bundled into each model.
import { writeSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { newThreadPage, type ThreadPage, threadPage } from '../../../src/ops/thread_page.ts';

/** What a model is told: `text` is its own bundle, from which it starts its other threads. */
export interface ModelStart {
  readonly role: string;
  readonly text: string;
  readonly seed: number;
  readonly seconds: number;
  readonly options: Readonly<Record<string, number>>;
  readonly port: MessagePort;
}

/** Named sums. The test asserts those that have to be 0 and those that must not be. */
export type Counts = Record<string, number>;

/** xorshift: the same seed gives the same choices (the interleaving of threads stays the machine's). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0 || 1;
  }

  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return this.next() % n;
  }

  chance(n: number): boolean {
    return this.below(n) === 0;
  }
}

export class Problems {
  readonly texts: string[] = [];
  count = 0;

  add(text: string): void {
    if (this.count++ < 5) this.texts.push(text);
  }
}

/** Runs a role; an error of it is shown at once, since the thread that would hear of it may be blocked. */
export function runRole(role: () => void): void {
  try {
    role();
  } catch (error) {
    writeSync(2, `stress: ${error instanceof Error ? error.stack : String(error)}\n`);
    throw error;
  }
}

/** Starts a further thread of this model. */
export function startRole(role: string, start: ModelStart, more: object, transfer: MessagePort[] = []): Worker {
  const worker = new Worker(start.text, {
    eval: true,
    workerData: { ...start, port: null, role, seed: (Math.imul(start.seed, 31) + role.length * 7919) | 0, ...more },
    transferList: transfer,
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  });
  worker.on('error', (error) => {
    throw error;
  });
  return worker;
}

export function startOf<T extends ModelStart>(): T {
  return workerData as T;
}

export function pair(): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  return [port1, port2];
}

export function readAll<T>(port: MessagePort, route: (op: T) => void): boolean {
  let any = false;
  for (;;) {
    const got = receiveMessageOnPort(port);
    if (got === undefined) return any;
    any = true;
    route(got.message as T);
  }
}

export function readOne<T>(port: MessagePort, route: (op: T) => void): boolean {
  const got = receiveMessageOnPort(port);
  if (got === undefined) return false;
  route(got.message as T);
  return true;
}

export function newPage(): { page: ThreadPage; memory: SharedArrayBuffer } {
  const page = newThreadPage();
  return { page, memory: page.buffer as unknown as SharedArrayBuffer };
}

export function viewPage(memory: SharedArrayBuffer): ThreadPage {
  return threadPage(memory);
}

/** Keeps this thread busy without giving the processor away. */
export function spin(turns: number): void {
  for (let i = 0; i < turns; i++) if (i === 1e9) throw new Error('too long');
}

/** Busy for that many ms. */
export function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) spin(50);
}

/** How much longer than it was told a run may take, on a machine so slow that it has not seen everything by then. */
const PATIENCE_MS = 45_000;

/** True until the run's time is over and it has `seen` something of all that it is meant to see. */
export function timeLeft(start: ModelStart, seen: () => boolean): () => boolean {
  const end = performance.now() + start.seconds * 1000;
  return () => {
    const now = performance.now();
    return now < end || (now < end + PATIENCE_MS && !seen());
  };
}

/** Sends the counts to the test; the thread's other half of the port is read by `runModel`. */
export function finish(start: ModelStart, counts: Counts, problems: Problems): void {
  start.port.postMessage({ counts: { ...counts, BAD: problems.count }, texts: problems.texts });
}
