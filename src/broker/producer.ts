// The way out of one broker: decides which batch goes when, sends it, and sees to its one report.
// @thread broker
//
// A batch leaves when it is full, `linger.ms` old, being flushed, or has a younger one behind it. By linger only while
// fewer than `queue.buffering.backpressure.threshold` requests wait for their write: without that, linger 0 would send
// one record a request as fast as the loop turns (memory.md, part 2, 19).

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import { isSealedBatch, pieces, report, sealTaken, type TakenBatch } from '../ops/batch_owner.ts';
import { FLAG_DETAILS, FLAG_NO_OFFSET } from '../ops/batches.ts';
import { FLUSHING } from '../ops/head_page.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { BrokerToAppOp, ProducerId } from '../ops/ops.ts';
import { retryBackoff } from '../rd/backoff.ts';
import type { Connection } from '../wire/connection.ts';
import type { Partition } from './partition.ts';
import { MAX_VERSION, MIN_VERSION, type Outgoing, produceFrame } from './produce_request.ts';
import { classify, ProduceResults, reportCode } from './produce_response.ts';
import type { PartitionSequence } from './sequence.ts';

const WARNING = 4;
const NO_OFFSET = -1001;
/** What enable.gapless.guarantee does not cover: the application wanted it so. */
const NO_GAP: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
  E.RD_KAFKA_RESP_ERR__PURGE_QUEUE,
  E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
]);
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

export interface ProducerEnv {
  readonly memory: HandleMemory;
  readonly settings: Settings;
  readonly worker: number;
  readonly brokerId: number;
  readonly clientId: Uint8Array;
  readonly connection: Connection;
  readonly random: () => number;
  /** ms since the handle started, as stamps in batches are. */
  now(): number;
  /** Something may be due: serve again. */
  soon(): void;
  ringApp(): void;
  toApp(op: BrokerToAppOp): void;
  log(level: number, fac: string, text: string): void;
  leaderStale(part: Partition, error: number): void;
  left(part: Partition): void;
  /** The identity of an idempotent producer; null while main has none. */
  identity(): ProducerId | null;
  raiseEpoch(from: ProducerId): void;
  fatal(err: number, text: string): void;
}

export class Producer {
  readonly env: ProducerEnv;
  readonly partitions: Map<number, Partition>;
  readonly calls: Set<ProduceCall>;
  /** Partitions with something in their row. */
  private readonly busy: Set<Partition>;
  private readonly lingerMs: number;
  private readonly maxRetries: number;
  private readonly threshold: number;
  private readonly maxInFlight: number;
  private readonly gapless: boolean;
  private nextExpiryScan: number;
  private reported: boolean;
  /** The producer ends on an error of its sequence: nothing is sent again. */
  private fatal: boolean;
  /** Answers, and the end of the connection, mean nothing any more. */
  abandoned: boolean;

  constructor(env: ProducerEnv) {
    this.env = env;
    this.partitions = new Map();
    this.calls = new Set();
    this.busy = new Set();
    this.lingerMs = env.settings['queue.buffering.max.ms'];
    this.maxRetries = env.settings['message.send.max.retries'];
    this.threshold = env.settings['queue.buffering.backpressure.threshold'];
    this.maxInFlight = env.settings['max.in.flight.requests.per.connection'];
    this.gapless = env.settings['enable.gapless.guarantee'];
    this.nextExpiryScan = 0;
    this.reported = false;
    this.fatal = false;
    this.abandoned = false;
  }

  join(part: Partition): void {
    this.partitions.set(part.block, part);
    part.join(this.env.memory, this.env.worker);
    if (part.fifo.length > 0) this.busy.add(part);
  }

  /** The partition's bell rang. */
  wake(part: Partition): void {
    part.take(this.env.memory);
    if (part.fifo.length > 0) this.busy.add(part);
  }

  leave(part: Partition): void {
    part.leave(this.env.memory);
    this.busy.delete(part);
    if (part.inflight === 0) this.finishLeaving(part);
  }

  /** Sends what is due; gives the time (of `env.now`) at which something else may be. */
  serve(now: number): number {
    this.reported = false;
    const wake = this.sendDue(now);
    const expiry = this.expire(now);
    if (this.reported) this.env.ringApp();
    return Math.min(wake, expiry);
  }

  /** True while a batch waits to be sent: the connection is wanted. */
  get pending(): boolean {
    return this.busy.size > 0;
  }

  private sendDue(now: number): number {
    let wake = Number.POSITIVE_INFINITY;
    if (this.busy.size === 0) return wake;
    const { connection } = this.env;
    if (connection.state !== 'UP') {
      connection.connect();
      return wake;
    }
    for (;;) {
      if (connection.queuedCount > 0 || connection.inflightCount >= this.maxInFlight) return wake;
      const out: Outgoing[] = [];
      wake = this.gather(now, out);
      if (out.length === 0) return wake;
      this.send(out, now);
    }
  }

  /** One batch of each partition that has one due, as long as they agree on acks and fit. */
  private gather(now: number, out: Outgoing[]): number {
    let wake = Number.POSITIVE_INFINITY;
    let bytes = 0;
    let patience = 0;
    for (const part of this.busy) {
      const due = this.due(part, now);
      if (due > now) {
        if (due < wake) wake = due;
        continue;
      }
      if (
        out.length > 0 &&
        (bytes >= MAX_REQUEST_BYTES ||
          part.acks !== out[0]!.part.acks ||
          part.requestTimeoutMs !== out[0]!.part.requestTimeoutMs)
      )
        continue;
      const batch = part.fifo[0]!;
      if (isLate(part, batch, now)) {
        this.nextExpiryScan = now;
        continue;
      }
      if (!this.seal(part, batch)) {
        this.dropFirst(part);
        continue;
      }
      if (part.codec !== null && batch.compressed === null && part.plain !== batch) this.compress(part, batch);
      // Batches that will be given up at different times would drag each other along.
      const own = this.patience(part, batch, now);
      if (out.length > 0 && (bytes + batch.bytes > MAX_REQUEST_BYTES || own * 2 < patience || patience * 2 < own))
        continue;
      patience = own;
      this.dropFirst(part);
      part.sequence?.give(batch);
      out.push({ part, batch });
      bytes += batch.bytes;
    }
    for (const { part } of out) this.toTheEnd(part);
    if (out.length > 1) out.sort(byTopic);
    return wake;
  }

  /** How long a request with this batch may wait for its answer. */
  private patience(part: Partition, batch: TakenBatch, now: number): number {
    const most = this.env.settings['socket.timeout.ms'];
    if (part.messageTimeoutMs === 0) return most;
    return Math.min(most, Math.max(LEAST_TIMEOUT_MS, part.messageTimeoutMs - ((now - batch.opened) | 0)));
  }

  /** When the first batch of the row may go. */
  private due(part: Partition, now: number): number {
    if (part.sequence !== null && !this.maySend(part, part.sequence)) return Number.POSITIVE_INFINITY;
    const batch = part.fifo[0]!;
    if (batch.backoff) {
      const rest = (batch.notBefore - now) | 0;
      if (rest > 0) return now + rest;
    }
    if (part.fifo.length > 1 || isSealedBatch(batch)) return now;
    if (Atomics.load(this.env.memory.head, FLUSHING) > 0) return now;
    if (this.env.connection.writingCount >= this.threshold) return Number.POSITIVE_INFINITY;
    const age = (now - batch.opened) | 0;
    return age >= this.lingerMs ? now : now + this.lingerMs - age;
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

  /** Who has had its turn waits behind those that a full request left out. */
  private toTheEnd(part: Partition): void {
    if (this.busy.delete(part)) this.busy.add(part);
  }

  private dropFirst(part: Partition): void {
    part.fifo.shift();
    if (part.fifo.length === 0) this.busy.delete(part);
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
      // Only what was held back by the write (see `due`) waits for it.
      written: () => {
        if (this.busy.size > 0) env.soon();
      },
    });
  }

  private answered(out: readonly Outgoing[], error: number, response: any, sent: boolean): void {
    if (this.abandoned) return;
    this.reported = false;
    const results = error === 0 && response !== null ? new ProduceResults(response) : null;
    for (const { part, batch } of out) {
      part.inflight--;
      const result = results === null ? null : results.of(part.topic, part.number);
      if (error !== 0) this.failed(part, batch, error, sent);
      else if (results === null) this.delivered(part, batch, NO_OFFSET, -1, false);
      else if (result === null) this.failed(part, batch, E.RD_KAFKA_RESP_ERR__BAD_MSG, true);
      else if (result.errorCode === 0)
        this.delivered(part, batch, result.baseOffset, result.logAppendTimeMs ?? -1, true);
      else this.refused(part, batch, result);
      if (part.inflight === 0) this.reportPurged(part);
      if (part.leaving && part.inflight === 0) this.finishLeaving(part);
    }
    if (this.reported) this.env.ringApp();
  }

  private delivered(part: Partition, batch: TakenBatch, offset: number, appendTime: number, stored: boolean): void {
    part.sequence?.delivered(batch);
    const status = stored ? E.RD_KAFKA_MSG_STATUS_PERSISTED : E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
    this.report(batch, 0, status | (offset < 0 ? FLAG_NO_OFFSET : 0), offset, appendTime);
  }

  private refused(part: Partition, batch: TakenBatch, result: any): void {
    const listed: readonly any[] = result.recordErrors ?? [];
    if (listed.length > 0 && classify(result.errorCode).action === 'fail') {
      // Details first, the flag and the report behind them (memory.md, part 1, 4).
      const errors = listed.slice(0, batch.count).map((row) => ({
        index: row.batchIndex,
        err: listed.length > 1 ? E.RD_KAFKA_RESP_ERR_INVALID_RECORD : result.errorCode,
        text: row.batchIndexErrorMessage ?? result.errorMessage ?? '',
      }));
      this.env.toApp({ type: 'details', batch: batch.id, generation: batch.generation, errors });
      this.giveUp(part, batch, result.errorCode, true);
      return;
    }
    this.failed(part, batch, result.errorCode, true);
  }

  private failed(part: Partition, batch: TakenBatch, error: number, sent: boolean): void {
    if (part.sequence !== null && this.disordered(part, part.sequence, batch, error)) return;
    const row = classify(error);
    const counted = row.counted && sent;
    if (row.maybePersisted && sent) batch.maybePersisted = true;
    if (row.action === 'refresh') this.env.leaderStale(part, error);
    const expired = isLate(part, batch, this.env.now());
    if (row.action === 'fail' || expired || this.fatal || (counted && batch.retries >= this.maxRetries)) {
      const late = expired && row.action !== 'fail';
      this.giveUp(part, batch, late ? E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT : reportCode(error), false);
      return;
    }
    if (counted) batch.retries++;
    this.backOff(batch);
    this.sendAgain(part, batch);
  }

  private backOff(batch: TakenBatch): void {
    const { settings, random } = this.env;
    const { 'retry.backoff.ms': first, 'retry.backoff.max.ms': most } = settings;
    batch.notBefore = (this.env.now() + retryBackoff(Math.max(1, batch.retries), first, most, random)) | 0;
    batch.backoff = true;
  }

  private sendAgain(part: Partition, batch: TakenBatch): void {
    if (part.sequence !== null) part.sequence.draining = true;
    part.putBack(batch);
    if (!part.leaving) this.busy.add(part);
  }

  /** Errors of sequences (librdkafka's rules, as far as they go without an epoch for each); true when dealt with. */
  private disordered(part: Partition, sequence: PartitionSequence, batch: TakenBatch, error: number): boolean {
    const unknown = error === E.RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID;
    const refused = unknown || error === E.RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    if (error === E.RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER || (refused && sequence.stored(batch))) {
      // Stored by an earlier try, too long ago for the broker to know where.
      this.delivered(part, batch, NO_OFFSET, -1, true);
      return true;
    }
    if (!refused) return false;
    const disorder = sequence.disorder(batch);
    const forgotten = unknown && disorder === 'lost' && batch.retries === 0 && !batch.maybePersisted;
    if (!this.fatal && (disorder === 'follows' || forgotten || (!unknown && sequence.doubts(batch, part.inflight)))) {
      // Had it been stored before, the broker would have said so.
      if (sequence.broken) batch.maybePersisted = false;
      if (forgotten) {
        sequence.broken = true;
        this.backOff(batch);
      }
      this.sendAgain(part, batch);
      return true;
    }
    const what = disorder === 'rewound' ? 'a rewound sequence number' : 'sequence desynchronization with the broker';
    this.end(error, `${part.topic} [${part.number}]: ${batch.count} messages failed due to ${what}`);
    this.giveUp(part, batch, error, false);
    return true;
  }

  private end(error: number, text: string): void {
    if (this.fatal) return;
    this.fatal = true;
    this.env.fatal(error, text);
  }

  /** The batch is reported as failed, for good. */
  private giveUp(part: Partition, batch: TakenBatch, error: number, details: boolean): void {
    if (part.sequence !== null) {
      if (part.sequence.stored(batch)) {
        this.delivered(part, batch, NO_OFFSET, -1, true);
        return;
      }
      part.sequence.givenUp(batch);
      if (this.gapless && !NO_GAP.has(error)) {
        const what = `${part.topic} [${part.number}]: ${batch.count} messages failed: ${errorText(error)}`;
        this.end(E.RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, `${what}: unable to satisfy gap-less guarantee`);
      }
    }
    this.reportFailure(batch, error, details);
  }

  private reportFailure(batch: TakenBatch, error: number, details: boolean): void {
    const status = batch.maybePersisted
      ? E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
      : E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    this.report(batch, error, status | FLAG_NO_OFFSET | (details ? FLAG_DETAILS : 0), NO_OFFSET, -1);
  }

  private report(batch: TakenBatch, error: number, status: number, baseOffset: number, appendTime: number): void {
    batch.compressed = null;
    const verdict = { error, status, broker: this.env.brokerId, baseOffset, appendTime };
    if (report(this.env.memory, batch, this.env.worker, verdict)) this.reported = true;
  }

  /** Batches past `message.timeout.ms`, and old open ones sealed so that their records don't differ much in age. */
  private expire(now: number): number {
    if (this.busy.size === 0) return Number.POSITIVE_INFINITY;
    if (now < this.nextExpiryScan) return this.nextExpiryScan;
    let every = 1000;
    for (const part of this.busy) {
      const timeout = part.messageTimeoutMs;
      if (timeout === 0) continue;
      if (timeout / 2 < every) every = Math.max(1, timeout / 2);
      this.expirePartition(part, timeout, now);
    }
    this.nextExpiryScan = now + every;
    return this.nextExpiryScan;
  }

  private expirePartition(part: Partition, timeout: number, now: number): void {
    // What is in flight is older, and bounded by its request: reports keep their order.
    while (part.inflight === 0 && part.fifo.length > 0 && isLate(part, part.fifo[0]!, now)) {
      const batch = part.fifo[0]!;
      this.dropFirst(part);
      if (this.seal(part, batch)) this.giveUp(part, batch, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, false);
    }
    // Only the youngest can be open still. Numbers go in the order of the row, so all before it are sealed first.
    const youngest = part.fifo.at(-1);
    if (youngest === undefined || youngest.count >= 0) return;
    if (((now - youngest.opened) | 0) < Math.max(this.lingerMs, timeout / 100)) return;
    part.fifo = part.fifo.filter((batch) => this.seal(part, batch));
    if (part.fifo.length === 0) this.busy.delete(part);
  }

  /**
   * Everything that waits here is reported as purged, with `behind` not before what is in flight, which is the
   * connection's to abandon.
   */
  purgeQueue(behind: boolean): void {
    this.reported = false;
    for (const part of this.partitions.values()) {
      part.take(this.env.memory);
      for (const batch of part.fifo.splice(0)) if (this.seal(part, batch)) part.purged.push(batch);
      this.busy.delete(part);
      if (!behind || part.inflight === 0) this.reportPurged(part);
    }
    if (this.reported) this.env.ringApp();
  }

  private reportPurged(part: Partition): void {
    for (const batch of part.purged.splice(0)) this.giveUp(part, batch, E.RD_KAFKA_RESP_ERR__PURGE_QUEUE, false);
  }

  private finishLeaving(part: Partition): void {
    this.partitions.delete(part.block);
    this.env.left(part);
  }
}

function isLate(part: Partition, batch: TakenBatch, now: number): boolean {
  return part.messageTimeoutMs > 0 && ((now - batch.opened) | 0) >= part.messageTimeoutMs;
}

function byTopic(a: Outgoing, b: Outgoing): number {
  return a.part.topic < b.part.topic ? -1 : a.part.topic > b.part.topic ? 1 : a.part.number - b.part.number;
}
