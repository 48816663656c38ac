// The main workers of this thread: started, shared, watched, ended.
// @thread app

import type { Worker } from 'node:worker_threads';
import { Channel } from '../ops/channel.ts';
import { OTHER_BUILD } from '../ops/death.ts';
import type { RootOp } from '../ops/ops.ts';
import { placeHandle } from '../ops/placing.ts';
import { startWorker, type WorkerCode } from '../ops/spawn.ts';
import { DEAD, HEARTBEAT, type ThreadPage, WORKERS_OF_APP } from '../ops/thread_page.ts';
import type { AppThread } from './thread.ts';
import { WORKER_HASH, WORKER_TEXT } from './worker_text.generated.ts';

/** So much waiting without a heartbeat is taken for death. */
const SILENCE_MS = 10_000;
/** And so much for a worker that could not be started: of a file that is not there, no hook tells a blocked thread. */
const START_MS = 30_000;

/** Of a worker that is dead by OTHER_BUILD. */
export const OTHER_BUILD_TEXT: string = `the worker is not from the same build as the library (${WORKER_HASH}): rebuild or reinstall rdkafka-ts, or name the right file in RDKAFKA_TS_WORKER`;

export interface Hosted {
  /** Its main worker is dead or hangs: the handle is fatal. */
  mainDied(): void;
}

export class MainWorker {
  readonly worker: Worker;
  readonly root: Channel<RootOp>;
  readonly page: ThreadPage;
  readonly hosted: Set<Hosted>;
  /** Its first broker worker, started here beside it; it ends when main closes its port, or with this thread. */
  first: Worker | null;
  dead: boolean;
  /** What its worker object said of an error that no hook of ours saw: a file that can't be run, no memory left. */
  error: string;
  private lastBeat: number;
  private silence: number;

  constructor(worker: Worker, root: Channel<RootOp>, page: ThreadPage) {
    this.worker = worker;
    this.root = root;
    this.page = page;
    this.hosted = new Set();
    this.first = null;
    this.dead = false;
    this.error = '';
    this.lastBeat = 0;
    this.silence = 0;
  }

  get handles(): number {
    return this.hosted.size;
  }

  /** Why the handles that it hosts are fatal. */
  get epitaph(): string {
    if (Atomics.load(this.page, DEAD) === OTHER_BUILD) return OTHER_BUILD_TEXT;
    const why = this.error === '' ? '' : ` (${this.error})`;
    if (Atomics.load(this.page, HEARTBEAT) === 0) return `the main thread of this handle did not start${why}`;
    return `the main thread of this handle died${why}: destroy it and make a new one`;
  }

  /** Counts waiting time against its heart. */
  watch(waitedMs: number): boolean {
    if (Atomics.load(this.page, DEAD) !== 0) return false;
    const beat = Atomics.load(this.page, HEARTBEAT);
    if (beat !== this.lastBeat) {
      this.lastBeat = beat;
      this.silence = 0;
      return true;
    }
    // A suspended process counts once, and at most as one slice.
    this.silence += Math.min(waitedMs, 1000);
    return this.silence < (beat === 0 ? START_MS : SILENCE_MS);
  }
}

export class Mains {
  readonly all: MainWorker[];
  private readonly thread: AppThread;

  constructor(thread: AppThread) {
    this.all = [];
    this.thread = thread;
  }

  /** The main worker for one more handle. */
  place(hosted: Hosted, workerUrl: string | null): MainWorker {
    const alive = this.all.filter((main) => !main.dead);
    const main =
      placeHandle(alive, Atomics.load(this.thread.page, WORKERS_OF_APP), this.thread.maxWorkers) ??
      this.start(workerUrl);
    main.hosted.add(hosted);
    return main;
  }

  private start(workerUrl: string | null): MainWorker {
    const { worker, root, page } = startWorker('main', workerCode(workerUrl), this.thread.page, [this.thread.page]);
    root.unref();
    const main = new MainWorker(worker, new Channel(root, page), page);
    worker.on('error', (error: unknown) => {
      main.error = String((error as Error | null)?.message ?? error);
    });
    worker.on('exit', () => {
      // Its broker workers end with it.
      Atomics.sub(this.thread.page, WORKERS_OF_APP, Atomics.exchange(page, WORKERS_OF_APP, 0));
      this.died(main);
      this.thread.woken();
    });
    this.all.push(main);
    return main;
  }

  /** A handle of this main is about to produce or fetch: its first broker worker starts now, while main does too. */
  startFirst(main: MainWorker, workerUrl: string | null): void {
    if (main.first !== null || main.dead) return;
    const { worker, root, page } = startWorker('broker', workerCode(workerUrl), this.thread.page, [this.thread.page]);
    main.first = worker;
    main.root.post({ type: 'adopt', root, page: page.buffer as unknown as SharedArrayBuffer }, [root]);
  }

  /** A handle has left it; the last one ends it. */
  release(main: MainWorker, hosted: Hosted): void {
    main.hosted.delete(hosted);
    if (main.hosted.size > 0) return;
    main.dead = true;
    this.forget(main);
    main.root.port.close();
    void main.worker.terminate();
    void main.first?.terminate();
  }

  /** After a wait of so many ms: is everybody alive? */
  watch(waitedMs: number): void {
    for (const main of [...this.all]) if (!main.watch(waitedMs)) this.died(main);
  }

  private died(main: MainWorker): void {
    if (main.dead) return;
    main.dead = true;
    this.forget(main);
    void main.worker.terminate();
    void main.first?.terminate();
    for (const hosted of [...main.hosted]) hosted.mainDied();
    main.hosted.clear();
  }

  private forget(main: MainWorker): void {
    const at = this.all.indexOf(main);
    if (at >= 0) this.all.splice(at, 1);
  }
}

export function workerCode(url: string | null): WorkerCode {
  return { text: WORKER_TEXT, hash: WORKER_HASH, url: url ?? process.env['RDKAFKA_TS_WORKER'] ?? null };
}
