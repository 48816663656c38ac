// The main workers of this thread: started, shared, watched, ended.
// @thread app

import { MessageChannel, type Worker } from 'node:worker_threads';
import { Channel } from '../ops/channel.ts';
import type { RootOp } from '../ops/ops.ts';
import { placeHandle } from '../ops/placing.ts';
import { spawn, type WorkerCode } from '../ops/spawn.ts';
import { DEAD, HEARTBEAT, newThreadPage, type ThreadPage, WORKERS_OF_APP } from '../ops/thread_page.ts';
import type { AppThread } from './thread.ts';
import { WORKER_HASH, WORKER_TEXT } from './worker_text.generated.ts';

/** So much waiting without a heartbeat is taken for death. */
const SILENCE_MS = 10_000;

export interface Hosted {
  /** Its main worker is dead or hangs: the handle is fatal. */
  mainDied(): void;
}

export class MainWorker {
  readonly worker: Worker;
  readonly root: Channel<RootOp>;
  readonly page: ThreadPage;
  readonly hosted: Set<Hosted>;
  dead: boolean;
  private lastBeat: number;
  private silence: number;

  constructor(worker: Worker, root: Channel<RootOp>, page: ThreadPage) {
    this.worker = worker;
    this.root = root;
    this.page = page;
    this.hosted = new Set();
    this.dead = false;
    this.lastBeat = 0;
    this.silence = 0;
  }

  get handles(): number {
    return this.hosted.size;
  }

  /** Counts waiting time against its heart, from the first beat on. */
  watch(waitedMs: number): boolean {
    if (Atomics.load(this.page, DEAD) !== 0) return false;
    const beat = Atomics.load(this.page, HEARTBEAT);
    if (beat !== this.lastBeat || beat === 0) {
      this.lastBeat = beat;
      this.silence = 0;
      return true;
    }
    // A suspended process counts once, and at most as one slice.
    this.silence += Math.min(waitedMs, 1000);
    return this.silence < SILENCE_MS;
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
    const page = newThreadPage();
    const { port1, port2 } = new MessageChannel();
    Atomics.add(this.thread.page, WORKERS_OF_APP, 1);
    const worker = spawn(
      {
        kind: 'main',
        code: workerCode(workerUrl),
        page: page.buffer as unknown as SharedArrayBuffer,
        starterPage: this.thread.page.buffer as unknown as SharedArrayBuffer,
        root: port2,
      },
      'rdk:main',
    );
    port1.unref();
    const main = new MainWorker(worker, new Channel(port1, page), page);
    worker.on('exit', () => {
      Atomics.sub(this.thread.page, WORKERS_OF_APP, 1);
      this.died(main);
      this.thread.woken();
    });
    this.all.push(main);
    return main;
  }

  /** A handle has left it; the last one ends it. */
  release(main: MainWorker, hosted: Hosted): void {
    main.hosted.delete(hosted);
    if (main.hosted.size > 0) return;
    main.dead = true;
    this.forget(main);
    main.root.port.close();
    void main.worker.terminate();
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
