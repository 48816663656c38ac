// What a caller holds of a queue: each queue_get_* gives a reference of its own, to be let go by itself.
// @thread app

import { GONE } from '../rd/check.ts';
import type { OpQueue } from './op_queue.ts';

export class QueueRef {
  readonly of: OpQueue;
  '~gone': string;

  constructor(of: OpQueue) {
    this.of = of;
    this[GONE] = '';
  }

  get '~type'(): 'rd_kafka_queue_t' {
    return 'rd_kafka_queue_t';
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    if (this[GONE] === '') this.destroy();
  }
}
