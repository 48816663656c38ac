// The app thread's side of the cooperative protocol: some partitions more, some less. @thread app

import * as E from '../defs/enums.ts';
import type { PartitionList } from '../defs/partition_list.ts';
import type { AppConsumer } from './consumer.ts';
import { assignable } from './group.ts';
import type { Handle } from './handle.ts';
import { offsetsOf } from './offset_list.ts';

/** Why a call is refused. */
export interface Refusal {
  readonly err: number;
  readonly text: string;
}

const nameOf = (each: { topic: string; partition: number }): string => `${each.topic} [${each.partition}]`;

/** Takes effect here at once: nothing of the partitions that go is handed out after it. */
export function incremental(rk: Handle, how: 'add' | 'remove', list: PartitionList): Refusal | null {
  const { consumer } = rk;
  if (consumer === null) return { err: E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, text: 'a consumer with group.id is needed' };
  if (consumer.closed) return { err: E.RD_KAFKA_RESP_ERR__DESTROY, text: 'the consumer is closed' };
  rk.thread.drain();
  if (rk.fatal !== null) {
    // As any change of the assignment then.
    consumer.assign(null);
    return null;
  }
  const refusal = wrongFamily(consumer) ?? refused(consumer, how, list);
  if (refusal !== null) {
    // Programs seldom look at the result.
    rk.logs.add(4, 'ASSIGN', `incremental_${how === 'add' ? 'assign' : 'unassign'}: ${refusal.text}`);
    return refusal;
  }
  if (how === 'remove') {
    consumer.incrementalUnassign(offsetsOf(list));
    return null;
  }
  if (list.elems.length > 0) rk.startFirst();
  consumer.incrementalAssign(offsetsOf(list));
  return null;
}

function wrongFamily({ protocol, closing }: AppConsumer): Refusal | null {
  if (protocol !== 'EAGER' || closing) return null;
  return {
    err: E.RD_KAFKA_RESP_ERR__STATE,
    text: 'the rebalance protocol is EAGER: its assignment is changed by assign()',
  };
}

function refused(consumer: AppConsumer, how: 'add' | 'remove', { elems }: PartitionList): Refusal | null {
  const invalid = (text: string): Refusal => ({ err: E.RD_KAFKA_RESP_ERR__INVALID_ARG, text });
  const has = new Set(consumer.assignment().map(nameOf));
  const seen = new Set<string>();
  for (const entry of elems) {
    const name = nameOf(entry);
    if (seen.has(name)) return invalid(`${name} is in the list twice`);
    seen.add(name);
    if (how === 'remove' && !has.has(name)) return invalid(`${name} is not assigned`);
    if (how === 'remove') continue;
    if (!assignable(entry)) return invalid(`${name} can't be consumed from offset ${entry.offset}`);
    if (has.has(name)) return { err: E.RD_KAFKA_RESP_ERR__CONFLICT, text: `${name} is assigned already` };
  }
  return null;
}
