// Idempotent producers: the ids handed out by the cluster, and the last batches of each per partition. @thread mock
import { E } from './codes.ts';

/** Batches of one producer that a partition remembers, as Kafka does. */
const REMEMBERED = 5;
/** Ids that a cluster remembers, and producers that a partition remembers: the oldest go first. */
const MAX_PRODUCERS = 100_000;
const MAX_EPOCH = 32_767;
const SEQUENCES = 0x8000_0000;

interface Issued {
  readonly transactionalId: string | null;
  epoch: number;
}

/** What InitProducerId answers. */
export interface ProducerIdentity {
  readonly errorCode: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** All producer ids of a cluster. */
export class ProducerIds {
  #next = 1000;
  readonly #issued: Map<number, Issued> = new Map();
  readonly #byTransaction: Map<string, number> = new Map();

  /**
   * Hands out an identity. A transactional id keeps its producer id and gets the next epoch, which fences the
   * instance before; a plain producer always gets a new id, as in Kafka.
   * @param producerId the one that the client has, -1 for none
   */
  init(transactionalId: string | null, producerId: number, producerEpoch: number): ProducerIdentity {
    if (transactionalId === '') return refused(E.INVALID_REQUEST);
    const known = transactionalId === null ? undefined : this.#byTransaction.get(transactionalId);
    const issued = known === undefined ? undefined : this.#issued.get(known);
    if (known === undefined || issued === undefined) return this.#issue(transactionalId);
    if (producerId !== -1) {
      if (known !== producerId) return refused(E.INVALID_PRODUCER_ID_MAPPING);
      if (issued.epoch !== producerEpoch) return refused(E.INVALID_PRODUCER_EPOCH);
    }
    if (issued.epoch >= MAX_EPOCH) return this.#issue(transactionalId);
    issued.epoch++;
    return { errorCode: E.NONE, producerId: known, producerEpoch: issued.epoch };
  }

  /**
   * 0, or why a batch with this identity is refused. A plain producer may have raised its epoch by itself, and have its
   * id from anywhere, as in Kafka.
   */
  check(transactionalId: string | null, producerId: number, producerEpoch: number): number {
    const issued = this.#issued.get(producerId);
    if (issued === undefined) return transactionalId === null ? E.NONE : E.UNKNOWN_PRODUCER_ID;
    if (issued.transactionalId !== transactionalId) return E.INVALID_PRODUCER_ID_MAPPING;
    if (transactionalId !== null && issued.epoch !== producerEpoch) return E.INVALID_PRODUCER_EPOCH;
    return E.NONE;
  }

  #issue(transactionalId: string | null): ProducerIdentity {
    const producerId = this.#next++;
    this.#issued.set(producerId, { transactionalId, epoch: 0 });
    if (transactionalId !== null) this.#byTransaction.set(transactionalId, producerId);
    if (this.#issued.size > MAX_PRODUCERS) {
      const oldest = this.#issued.keys().next().value as number;
      const gone = this.#issued.get(oldest)?.transactionalId ?? null;
      this.#issued.delete(oldest);
      if (gone !== null && this.#byTransaction.get(gone) === oldest) this.#byTransaction.delete(gone);
    }
    return { errorCode: E.NONE, producerId, producerEpoch: 0 };
  }
}

function refused(errorCode: number): ProducerIdentity {
  return { errorCode, producerId: -1, producerEpoch: -1 };
}

interface Remembered {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

/** What a sequence check says: append it, it is there already at `baseOffset`, or an error. */
export type SequenceVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly baseOffset: number }
  | { readonly kind: 'error'; readonly errorCode: number };

/** The producers that wrote to one partition. */
export class PartitionProducers {
  readonly #producers: Map<number, { epoch: number; batches: Remembered[] }> = new Map();

  /** Judges a batch before it is appended. A new epoch begins at 0, a producer that the partition doesn't know anywhere. */
  check(producerId: number, producerEpoch: number, baseSequence: number, lastSequence: number): SequenceVerdict {
    const known = this.#producers.get(producerId);
    if (known !== undefined && producerEpoch < known.epoch) return failed(E.INVALID_PRODUCER_EPOCH);
    if (known === undefined) return { kind: 'append' };
    if (producerEpoch > known.epoch) {
      return baseSequence === 0 ? { kind: 'append' } : failed(E.OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    for (const batch of known.batches) {
      if (batch.firstSequence === baseSequence && batch.lastSequence === lastSequence) {
        return { kind: 'duplicate', baseOffset: batch.baseOffset };
      }
    }
    const newest = known.batches[known.batches.length - 1];
    if (baseSequence === (newest.lastSequence + 1) % SEQUENCES) return { kind: 'append' };
    // Also for one older than the window: DUPLICATE_SEQUENCE_NUMBER is no longer answered by Kafka.
    return failed(E.OUT_OF_ORDER_SEQUENCE_NUMBER);
  }

  /** Remembers a batch that `check` let pass, at the offset that it got. */
  appended(
    producerId: number,
    producerEpoch: number,
    baseSequence: number,
    lastSequence: number,
    baseOffset: number,
  ): void {
    let known = this.#producers.get(producerId);
    if (known === undefined || known.epoch !== producerEpoch) {
      known = { epoch: producerEpoch, batches: [] };
      this.#producers.set(producerId, known);
      if (this.#producers.size > MAX_PRODUCERS) {
        this.#producers.delete(this.#producers.keys().next().value as number);
      }
    }
    known.batches.push({ firstSequence: baseSequence, lastSequence, baseOffset });
    if (known.batches.length > REMEMBERED) known.batches.shift();
  }

  /** Forgets batches at `offset` or behind it, and producers of which nothing is left. */
  truncate(offset: number): void {
    for (const [producerId, known] of this.#producers) {
      known.batches = known.batches.filter((batch) => batch.baseOffset < offset);
      if (known.batches.length === 0) this.#producers.delete(producerId);
    }
  }
}

/** Sequence of the last record of a batch: sequences wrap from 2^31 - 1 to 0. */
export function lastSequenceOf(baseSequence: number, count: number): number {
  return (baseSequence + count - 1) % SEQUENCES;
}

function failed(errorCode: number): SequenceVerdict {
  return { kind: 'error', errorCode };
}
