// A taken batch as it travels between two owners, and its place in a partition's row.
// @thread main, broker

import { TakenBatch } from './batch_owner.ts';
import type { HandleMemory } from './memory.ts';
import type { TakenState } from './ops.ts';

export function saveBatch(batch: TakenBatch): TakenState {
  return {
    id: batch.id,
    generation: batch.generation,
    count: batch.count,
    bytes: batch.bytes,
    number: batch.number,
    firstId: batch.firstId,
    retries: batch.retries,
    notBefore: batch.notBefore,
    backoff: batch.backoff,
    maybePersisted: batch.maybePersisted,
    lingers: batch.lingers,
    sequence: batch.sequence,
  };
}

export function restoreBatch(memory: HandleMemory, state: TakenState): TakenBatch {
  const batch = new TakenBatch(state.id, memory.page(state.id), state.generation);
  batch.count = state.count;
  batch.bytes = state.bytes;
  batch.number = state.number;
  batch.firstId = state.firstId;
  batch.retries = state.retries;
  batch.notBefore = state.notBefore;
  batch.backoff = state.backoff;
  batch.maybePersisted = state.maybePersisted;
  batch.lingers = state.lingers;
  batch.sequence = state.sequence;
  return batch;
}

/** Sealed batches have numbers and stand in front, in their order; those not sealed yet follow in theirs. */
export function insertByNumber(fifo: TakenBatch[], batch: TakenBatch): void {
  let at = 0;
  while (at < fifo.length && fifo[at]!.count >= 0 && ((fifo[at]!.number - batch.number) | 0) < 0) at++;
  fifo.splice(at, 0, batch);
}
