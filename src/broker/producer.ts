// The way out of one broker: decides which batch goes when, and sends it. What comes of it: outcomes.
// @thread broker
//
// A batch leaves when it is full, `linger.ms` old, being flushed, or has a younger one behind it. By linger only while
// fewer than `queue.buffering.backpressure.threshold` requests wait for their write: without that, linger 0 would send
// one record a request as fast as the loop turns (memory.md, part 2, 19).

import * as E from '../defs/enums.ts';
import { isSealedBatch, pieces, sealTaken, type TakenBatch } from '../ops/batch_owner.ts';
import { FLUSHING } from '../ops/head_page.ts';
import type { ProducerId } from '../ops/ops.ts';
import { Outcomes } from './outcomes.ts';
import type { Partition } from './partition.ts';
import { MAX_VERSION, MIN_VERSION, type Outgoing, produceFrame } from './produce_request.ts';
import type { ProducerEnv } from './producer_env.ts';
import { Schedule } from './schedule.ts';
import type { PartitionSequence } from './sequence.ts';

const WARNING = 4;
/** One request carries at most this many bytes of records unless a single batch is larger. */
const MAX_REQUEST_BYTES = 4 << 20;
/** A request is given at least so long, however little is left of its messages' time. */
const LEAST_TIMEOUT_MS = 100;
/** How long the in-flight requests of a partition that moves may take to settle. */
export const LEAVE_WAIT_MS = 1000;

/** A Produce request from being handed to the connection until its batches are settled. */
export interface ProduceCall {
  /** Written, wholly or in part. */
  sent: boolean;
  ended: boolean;
}

export class Producer {
  readonly env: ProducerEnv;
  readonly partitions: Map<number, Partition>;
  readonly calls: Set<ProduceCall>;
  private readonly schedule: Schedule;
  private readonly outcomes: Outcomes;
  private readonly lingerMs: number;
  private readonly threshold: number;
  private readonly maxInFlight: number;
  private nextExpiryScan: number;
  /** As it was when the schedule was last made. */
  private identity: ProducerId | null;
  /** Answers, and the end of the connection, mean nothing any more. */
  abandoned: boolean;

  constructor(env: ProducerEnv) {
    this.env = env;
    this.partitions = new Map();
    this.calls = new Set();
    this.schedule = new Schedule();
    this.outcomes = new Outcomes(env);
    this.lingerMs = env.settings['queue.buffering.max.ms'];
    this.threshold = env.settings['queue.buffering.backpressure.threshold'];
    this.maxInFlight = env.settings['max.in.flight.requests.per.connection'];
    this.nextExpiryScan = 0;
    this.identity = null;
    this.abandoned = false;
  }

  join(part: Partition): void {
    this.partitions.set(part.block, part);
    part.join(this.env.memory, this.env.worker);
    this.schedule.look(part);
  }

  /** The partition's bell rang. */
  wake(part: Partition): void {
    part.take(this.env.memory);
    this.schedule.look(part);
  }

  leave(part: Partition): void {
    part.leave(this.env.memory);
    this.schedule.forget(part);
    if (part.inflight === 0) this.finishLeaving(part);
  }

  /** Sends what is due; gives the time (of `env.now`) at which something else may be. */
  serve(now: number): number {
    const wake = this.sendDue(now);
    const expiry = this.expire(now);
    this.outcomes.tell();
    return Math.min(wake, expiry);
  }

  /** True while a batch waits to be sent: the connection is wanted. */
  get pending(): boolean {
    return !this.schedule.empty;
  }

  private sendDue(now: number): number {
    const { connection } = this.env;
    let wake = Number.POSITIVE_INFINITY;
    if (!this.pending) return wake;
    if (connection.state !== 'UP') {
      connection.connect();
      return wake;
    }
    this.followIdentity();
    for (;;) {
      if (connection.queuedCount > 0 || connection.inflightCount >= this.maxInFlight) return wake;
      const out: Outgoing[] = [];
      wake = this.gather(now, out);
      if (out.length === 0) return wake;
      this.send(out, now);
    }
  }

  private followIdentity(): void {
    const identity = this.env.identity();
    if (identity === this.identity) return;
    this.identity = identity;
    this.schedule.release();
  }

  /** One batch of each partition that has one due, as long as they agree on acks and fit. */
  private gather(now: number, out: Outgoing[]): number {
    const { schedule } = this;
    const flushing = this.flushing;
    const lingers = flushing || this.env.connection.writingCount < this.threshold;
    schedule.advance(now, flushing ? Number.POSITIVE_INFINITY : lingers ? now : Number.NEGATIVE_INFINITY);
    let bytes = 0;
    let patience = 0;
    for (const part of schedule.ready) {
      if (!this.isDue(part, now, lingers)) continue;
      if (
        out.length > 0 &&
        (part.acks !== out[0]!.part.acks || part.requestTimeoutMs !== out[0]!.part.requestTimeoutMs)
      )
        continue;
      const batch = part.fifo[0]!;
      if (part.isLate(batch, now)) {
        this.nextExpiryScan = now;
        continue;
      }
      if (!this.seal(part, batch)) {
        this.dropFirst(part);
        continue;
      }
      if (part.codec !== null && batch.compressed === null && part.plain !== batch) this.compress(part, batch);
      if (out.length > 0 && bytes + batch.bytes > MAX_REQUEST_BYTES) break;
      // Batches that will be given up at different times would drag each other along.
      const own = this.patience(part, batch, now);
      if (out.length > 0 && (own * 2 < patience || patience * 2 < own)) continue;
      patience = own;
      part.fifo.shift();
      batch.lingers = false;
      part.sequence?.give(batch);
      out.push({ part, batch });
      bytes += batch.bytes;
    }
    for (const { part } of out) schedule.sent(part);
    if (out.length > 1) out.sort(byTopic);
    return schedule.next(lingers);
  }

  /** How long a request with this batch may wait for its answer. */
  private patience(part: Partition, batch: TakenBatch, now: number): number {
    const most = this.env.settings['socket.timeout.ms'];
    if (part.messageTimeoutMs === 0) return most;
    return Math.min(most, Math.max(LEAST_TIMEOUT_MS, part.messageTimeoutMs - ((now - batch.opened) | 0)));
  }

  /** Whether the first batch of the row may go; if not, the schedule says when to look again. */
  private isDue(part: Partition, now: number, lingers: boolean): boolean {
    const { schedule } = this;
    if (part.sequence !== null && !this.maySend(part, part.sequence)) {
      schedule.hold(part);
      return false;
    }
    const batch = part.fifo[0]!;
    const rest = batch.backoff ? (batch.notBefore - now) | 0 : 0;
    if (rest > 0) {
      schedule.rest(part, now + rest);
      return false;
    }
    if (isFull(batch, part.fifo[1]) || this.flushing) return true;
    const left = this.lingerMs - ((now - batch.opened) | 0);
    if (left <= 0 && lingers) return true;
    schedule.linger(part, now + left);
    return false;
  }

  private get flushing(): boolean {
    return Atomics.load(this.env.memory.head, FLUSHING) > 0;
  }

  /** Whether the first of the row may go now, as far as its sequence is concerned. */
  private maySend(part: Partition, sequence: PartitionSequence): boolean {
    const { fifo, inflight } = part;
    const identity = this.env.identity();
    if (identity === null) return false;
    if (inflight > 0 && (sequence.draining || sequence.unknown)) return false;
    sequence.draining = false;
    if (sequence.adopts(identity, fifo, inflight) || !sequence.broken) return true;
    if (!sequence.settled(fifo)) return fifo[0]!.sequence >= 0;
    if (inflight === 0 && !sequence.asked) {
      sequence.asked = true;
      this.env.raiseEpoch({ id: sequence.id, epoch: sequence.epoch });
    }
    return false;
  }

  /** False: its report was claimed by somebody else; the caller forgets it. */
  private seal(part: Partition, batch: TakenBatch): boolean {
    if (batch.count >= 0) return true;
    if (!sealTaken(this.env.memory, batch, part.nextNumber, part.nextId)) return false;
    part.nextNumber = (part.nextNumber + 1) | 0;
    part.nextId += batch.count;
    return true;
  }

  private dropFirst(part: Partition): void {
    part.fifo.shift();
    this.schedule.look(part);
  }

  /** A batch that does not shrink is sent plain. */
  private compress(part: Partition, batch: TakenBatch): void {
    const plain: Uint8Array[] = [];
    pieces(this.env.memory, batch, plain);
    const compressed = this.compressed(part, plain);
    if (compressed !== null && compressed.length < batch.bytes) batch.compressed = compressed;
    else part.plain = batch;
  }

  /** Null where there is no memory for it. */
  private compressed(part: Partition, plain: readonly Uint8Array[]): Uint8Array | null {
    try {
      return part.codec!.compress(plain, part.compressionLevel);
    } catch (error) {
      const { name } = part.codec!;
      this.env.log(WARNING, 'COMPRESS', `${part.topic} [${part.number}]: sent plain, ${name} failed: ${error}`);
      return null;
    }
  }

  private send(out: readonly Outgoing[], now: number): void {
    const { env } = this;
    const { acks, requestTimeoutMs } = out[0]!.part;
    let timeoutMs = env.settings['socket.timeout.ms'];
    const call: ProduceCall = { sent: false, ended: false };
    this.calls.add(call);
    for (const { part, batch } of out) {
      part.inflight++;
      timeoutMs = Math.min(timeoutMs, this.patience(part, batch, now));
    }
    env.connection.send({
      name: 'Produce',
      minVersion: MIN_VERSION,
      maxVersion: MAX_VERSION,
      timeoutMs,
      noResponse: acks === 0,
      frame: (version, correlationId) => {
        call.sent = true;
        return produceFrame(env.memory, out, env.clientId, acks, requestTimeoutMs, version, correlationId);
      },
      done: (error, response) => {
        call.ended = true;
        this.calls.delete(call);
        this.answered(out, error, response, call.sent);
        env.soon();
      },
      // Only what was held back by the write (see `isDue`) waits for it.
      written: () => {
        if (this.pending) env.soon();
      },
    });
  }

  private answered(out: readonly Outgoing[], error: number, response: any, sent: boolean): void {
    if (this.abandoned) return;
    this.outcomes.answered(out, error, response, sent);
    for (const { part } of out) {
      if (part.leaving && part.inflight === 0) this.finishLeaving(part);
      else this.schedule.look(part);
    }
    this.outcomes.tell();
  }

  /** Batches past `message.timeout.ms`, and old open ones sealed so that their records don't differ much in age. */
  private expire(now: number): number {
    if (!this.pending) return Number.POSITIVE_INFINITY;
    if (now < this.nextExpiryScan) return this.nextExpiryScan;
    let every = 1000;
    for (const part of this.partitions.values()) {
      const timeout = part.messageTimeoutMs;
      if (timeout === 0 || part.fifo.length === 0 || part.leaving) continue;
      if (timeout / 2 < every) every = Math.max(1, timeout / 2);
      this.expirePartition(part, timeout, now);
    }
    this.nextExpiryScan = now + every;
    return this.nextExpiryScan;
  }

  private expirePartition(part: Partition, timeout: number, now: number): void {
    // What is in flight is older, and bounded by its request: reports keep their order.
    while (part.inflight === 0 && part.fifo.length > 0 && part.isLate(part.fifo[0]!, now)) {
      const batch = part.fifo[0]!;
      this.dropFirst(part);
      if (this.seal(part, batch)) this.outcomes.giveUp(part, batch, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, false);
    }
    // Only the youngest can be open still. Numbers go in the order of the row, so all before it are sealed first.
    const youngest = part.fifo.at(-1);
    if (youngest === undefined || youngest.count >= 0) return;
    if (((now - youngest.opened) | 0) < Math.max(this.lingerMs, timeout / 100)) return;
    part.fifo = part.fifo.filter((batch) => this.seal(part, batch));
    this.schedule.look(part);
  }

  /**
   * Everything that waits here is reported as purged, with `behind` not before what is in flight, which is the
   * connection's to abandon.
   */
  purgeQueue(behind: boolean): void {
    for (const part of this.partitions.values()) {
      part.take(this.env.memory);
      for (const batch of part.fifo.splice(0)) if (this.seal(part, batch)) part.purged.push(batch);
      this.schedule.forget(part);
      if (!behind || part.inflight === 0) this.outcomes.reportPurged(part);
    }
    this.outcomes.tell();
  }

  private finishLeaving(part: Partition): void {
    this.partitions.delete(part.block);
    this.env.left(part);
  }
}

/** Nothing more comes into the first of a row: why should it linger. */
function isFull(first: TakenBatch, second: TakenBatch | undefined): boolean {
  if (first.lingers) return second !== undefined && isSealedBatch(second);
  return second !== undefined || isSealedBatch(first);
}

function byTopic(a: Outgoing, b: Outgoing): number {
  return a.part.topic < b.part.topic ? -1 : a.part.topic > b.part.topic ? 1 : a.part.number - b.part.number;
}
