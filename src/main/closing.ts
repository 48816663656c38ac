// The ordered end of a handle in main, and the disorderly ones: a worker or the app thread that dies.
// @thread main
//
//   consumer leaves (bounded) -> workers close their sockets -> main closes its own -> `closed` to the app

import type { MainHandle } from './handle.ts';
import type { HandleWorker } from './workers.ts';

/** Without an app thread a handle has so long for its end. */
const LAST_MS = 500;
/** What is left of it for the consumer is less by this: sockets want to be closed too. */
const SOCKETS_MS = 250;

type Stage = 'open' | 'leaving' | 'workers' | 'sockets' | 'done';

export class Closing {
  private readonly rk: MainHandle;
  private stage: Stage;
  private deadline: number;

  constructor(rk: MainHandle) {
    this.rk = rk;
    this.stage = 'open';
    this.deadline = Number.POSITIVE_INFINITY;
  }

  get started(): boolean {
    return this.stage !== 'open';
  }

  /** `deadline`: of the handle's clock (ms since its start). */
  start(deadline: number): void {
    if (this.stage !== 'open') return;
    this.deadline = deadline;
    this.stage = 'leaving';
    this.rk.consumer?.end();
    this.closeWorkers();
  }

  poll(now: number): number {
    if (this.stage === 'open' || this.stage === 'done') return Number.POSITIVE_INFINITY;
    if (now < this.deadline) return this.deadline;
    // Past the deadline nothing is waited for any more.
    this.finish();
    return Number.POSITIVE_INFINITY;
  }

  workerClosed(worker: HandleWorker): void {
    if (!worker.reader.closed) worker.reader.close();
    if (this.stage === 'workers' && this.rk.workers.all.every((each) => each.closed)) this.closeSockets();
  }

  /** Its port closed without a word: out of memory, terminated, or an error of ours. */
  workerDied(worker: HandleWorker): void {
    if (this.started) {
      worker.closed = true;
      this.workerClosed(worker);
      return;
    }
    this.rk.calls.workerGone();
    this.rk.toApp.post({
      type: 'worker_died',
      text: 'a connection thread of this handle died: destroy it and make a new one',
    });
  }

  /** The app thread is gone, and with it everybody who could read what we have to say; the group may want to know. */
  appGone(): void {
    if (this.stage !== 'open') return;
    const { consumer } = this.rk;
    const now = this.rk.now();
    this.deadline = now + LAST_MS;
    this.stage = 'leaving';
    if (consumer === null) this.closeWorkers();
    else consumer.close(this.deadline - SOCKETS_MS, true, () => this.closeWorkers());
  }

  private closeWorkers(): void {
    if (this.stage !== 'leaving') return;
    this.stage = 'workers';
    const open = this.rk.workers.all.filter((each) => !each.closed);
    if (open.length === 0) this.closeSockets();
    for (const worker of open) worker.channel.post({ type: 'close', deadline: this.deadline });
  }

  private closeSockets(): void {
    if (this.stage !== 'workers') return;
    this.stage = 'sockets';
    this.rk.brokers.close(() => this.finish());
  }

  private finish(): void {
    if (this.stage === 'done') return;
    this.stage = 'done';
    // Past the deadline they have not been told: this main goes on with other handles.
    this.rk.brokers.close(() => {});
    for (const worker of this.rk.workers.all) {
      worker.reader.close();
      this.rk.workers.release(worker);
    }
    this.rk.finish();
  }
}
