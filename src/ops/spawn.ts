// Starts our workers: the only place that does.
// @thread app, main
//
// They start clean: without the service's execArgv and NODE_OPTIONS, or every preload of it (tsx, tracing) would run in
// each of them, and with a small young generation (memory.md, part 2, 18).

import { MessageChannel, type MessagePort, Worker, type WorkerOptions } from 'node:worker_threads';
import { newThreadPage, type ThreadPage, WORKERS_OF_APP } from './thread_page.ts';

export interface WorkerCode {
  /** The whole worker as one CommonJS text that imports only `node:` modules. */
  readonly text: string;
  readonly hash: string;
  /** A file or URL that is run in its place, for those who must (`worker_url`, RDKAFKA_TS_WORKER). */
  readonly url: string | null;
}

export interface WorkerStart {
  readonly kind: 'main' | 'broker' | 'mock';
  readonly code: WorkerCode;
  /** The worker's own page, made by its starter. */
  readonly page: SharedArrayBuffer;
  /** The page of the thread that started it, rung when it dies. */
  readonly starterPage: SharedArrayBuffer;
  /** The channel to its starter, for what concerns no single handle. */
  readonly root: MessagePort;
}

/** A worker as its starter holds it: its page and the starter's end of its root channel. */
export interface StartedWorker {
  readonly worker: Worker;
  readonly page: ThreadPage;
  readonly root: MessagePort;
}

/** Starts a worker that rings `starterPage` when it dies. Until it exits it counts in WORKERS_OF_APP of each of `counted`. */
export function startWorker(
  kind: WorkerStart['kind'],
  code: WorkerCode,
  starterPage: ThreadPage,
  counted: readonly ThreadPage[],
): StartedWorker {
  const page = newThreadPage();
  const { port1, port2 } = new MessageChannel();
  for (const each of counted) Atomics.add(each, WORKERS_OF_APP, 1);
  const worker = spawn({ kind, code, page: memoryOf(page), starterPage: memoryOf(starterPage), root: port2 });
  worker.on('exit', () => {
    for (const each of counted) Atomics.sub(each, WORKERS_OF_APP, 1);
  });
  return { worker, page, root: port1 };
}

function spawn(start: WorkerStart): Worker {
  const env = { ...process.env };
  delete env['NODE_OPTIONS'];
  const options: WorkerOptions = {
    workerData: start,
    transferList: [start.root],
    execArgv: [],
    env,
    name: `rdk:${start.kind}`,
    stdin: false,
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  };
  const { url, text } = start.code;
  const worker = url === null ? new Worker(text, { ...options, eval: true }) : new Worker(asLocation(url), options);
  // Whoever waits for it is told by the port's close; an error event that nobody hears would end the process.
  worker.on('error', ignore);
  worker.unref();
  return worker;
}

function memoryOf(page: ThreadPage): SharedArrayBuffer {
  return page.buffer as unknown as SharedArrayBuffer;
}

function asLocation(url: string): URL | string {
  return url.startsWith('file:') || url.startsWith('data:') ? new URL(url) : url;
}

function ignore(): void {}
