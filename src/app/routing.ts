// Where each op that comes to a handle goes: no user code runs here.
// @thread app

import type { BrokerToAppOp, MainToAppOp } from '../ops/ops.ts';
import type { Handle } from './handle.ts';
import { now } from './thread.ts';

/** What main says. */
export function routeMain(rk: Handle, op: MainToAppOp): void {
  switch (op.type) {
    case 'page':
      rk.memory.addPage(op.creator, op.number, op.memory);
      return;
    case 'slab':
      rk.memory.addSlab(op.creator, op.number, op.memory);
      return;
    case 'drop_slabs':
      rk.memory.dropSlabs(op.creator, op.numbers);
      rk.toMain({ type: 'slabs_dropped', numbers: op.numbers });
      return;
    case 'slabs_dropped':
      rk.writer?.extents.dropped(op.numbers);
      return;
    case 'sweep':
      rk.writer?.extents.sweep(now());
      rk.toMain({ type: 'swept' });
      return;
    case 'reply':
      rk.requests.reply(op);
      return;
    case 'worker':
      rk.addWorker(op);
      return;
    case 'partitions':
      rk.topics.get(op.topic)?.addPartitions(op.first, op.blocks);
      return;
    case 'relay':
      rk.reports!.relay(op);
      return;
    case 'log':
    case 'error':
    case 'throttle':
      rk.queue.tell(op);
      return;
    case 'stalled':
      rk.queue.stalled(op);
      return;
    case 'offset_commit':
      rk.queue.offsetCommit(op.err, op.offsets);
      return;
    case 'assigned':
    case 'home':
    case 'sought':
    case 'revoked':
    case 'rebalance':
    case 'consumer_error':
    case 'group':
      rk.consuming?.route(op);
      return;
    case 'worker_died':
      rk.threadDied(op.text);
      return;
    case 'closed':
      rk.closed = true;
      return;
    case 'wake':
  }
}

/** What a broker worker says. */
export function routeWorker(rk: Handle, worker: number, op: BrokerToAppOp): void {
  switch (op.type) {
    case 'slabs_dropped':
      rk.writer?.extents.dropped(op.numbers);
      return;
    case 'details':
      rk.reports!.detailsOf(op.batch, op.errors);
      return;
    case 'fetched':
      rk.consuming?.fetched(op, worker);
      return;
    case 'watermarks':
    case 'fetch_error':
      rk.consuming?.fetchTold(op);
      return;
    case 'log':
    case 'error':
    case 'throttle':
      rk.queue.tell(op);
      return;
    case 'wake':
  }
}
