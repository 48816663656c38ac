// What a queue of the app's serves before any record: rebalances, and results of commits, by their callbacks.
// @thread app

import type { Handle } from './handle.ts';
import type { OpQueue } from './op_queue.ts';

/** `queue` is one that is not forwarded. Ends early when a callback yields or destroys the handle. */
export function serveUrgent(rk: Handle, queue: OpQueue): void {
  const rebalances = rk.consuming?.rebalances;
  rebalances?.throwFailure();
  rebalances?.giveUpAwaited();
  while (!rk.stops && rebalances?.running !== true) {
    const urgent = queue.urgent.shift();
    if (urgent === undefined) return;
    if (urgent.kind === 'rebalance') rebalances!.serve(urgent.op);
    else rk.callbacks.commitResult(urgent);
  }
}
