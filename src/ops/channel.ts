// One end of a port between two threads, and the bell of the other end (memory.md, part 1, 6 and 7).
// @thread any
//
// Order holds within one port only. Post or write first, publish second, ring third.

import type { MessagePort } from 'node:worker_threads';
import { owesWake, ring, type ThreadPage } from './thread_page.ts';

/** What a ringer posts to an app thread that sleeps in its event loop. */
export interface WakeOp {
  readonly type: 'wake';
}

export class Channel<Out extends { readonly type: string }> {
  readonly port: MessagePort;
  readonly peer: ThreadPage;

  constructor(port: MessagePort, peer: ThreadPage) {
    this.port = port;
    this.peer = peer;
  }

  /** Posts and rings. A message also wakes an event loop that listens to the port, so no wake is owed. */
  post(op: Out, transfer?: readonly (ArrayBuffer | MessagePort)[]): void {
    this.port.postMessage(op, transfer);
    ring(this.peer);
  }

  /** Posts without a ring: pages, which must be there before an id in them is published and are read on demand. */
  postQuietly(op: Out): void {
    this.port.postMessage(op);
  }

  /** Rings for something written to shared memory. */
  ring(): void {
    ring(this.peer);
    if (owesWake(this.peer)) this.port.postMessage({ type: 'wake' } satisfies WakeOp);
  }
}
