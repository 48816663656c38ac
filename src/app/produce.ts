// The hot path of produce: accept or refuse a record, choose its partition, write it straight into the open batch
// (memory.md, part 1, 1 and 9).
// @thread app
//
// Nothing is allocated per record here but what the record itself needs; a batch's objects are made once a batch.

import * as E from '../defs/enums.ts';
import type { OpenBatch } from '../ops/batch_writer.ts';
import { LINK, SEALED, TAIL } from '../ops/batches.ts';
import { HEAD, NO_SUCH_TOPIC, NOT_KNOWN, ready } from '../ops/partitions.ts';
import { push } from '../ops/stacks.ts';
import { exactSize, type RecordHeaders, writeRecord } from '../records/record_writer.ts';
import { Awaited } from './awaited.ts';
import type { Handle } from './handle.ts';
import { KEPT, REFUSED } from './held.ts';
import { HeldRecord } from './held_record.ts';
import { LiveBatch, TARGET_BYTES } from './live_batch.ts';
import { now } from './thread.ts';
import type { Target, Topic } from './topic.ts';
import { wallClock } from './wall.ts';

type Bytes = Uint8Array | string | null;

/** What librdkafka counts beside key, value and headers against `message.max.bytes`. */
const MESSAGE_OVERHEAD = 36;
/** A record's lengths and deltas at their longest, and each header's two lengths. */
export const RECORD_BOUND = 41;
const HEADER_BOUND = 10;
/** What `batch.size` counts of a batch besides its records. */
const BATCH_HEADER = 61;

/** One per handle: what the hot path reads, in plain fields. */
export class ProduceLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly messageMaxBytes: number;
  readonly batchMessages: number;
  readonly batchBytes: number;
  readonly stickyMs: number;
  messages: number;
  bytes: number;
  /** The batches' own memory is used up, whatever the counts say, until a report gives some back. */
  memoryFull: boolean;
  scratch: Buffer;

  constructor(rk: Handle) {
    const { settings } = rk;
    const max = settings['queue.buffering.max.messages'];
    this.maxMessages = max === 0 ? Number.POSITIVE_INFINITY : max;
    this.maxBytes = settings['queue.buffering.max.kbytes'] * 1024;
    this.messageMaxBytes = settings['message.max.bytes'];
    this.batchMessages = settings['batch.num.messages'];
    // A batch larger than message.max.bytes would be refused.
    this.batchBytes = Math.min(settings['batch.size'], settings['message.max.bytes']);
    this.stickyMs = settings['sticky.partitioning.linger.ms'];
    this.messages = 0;
    this.bytes = 0;
    this.memoryFull = false;
    this.scratch = Buffer.allocUnsafeSlow(256);
  }
}

/**
 * 0, or why the record was refused: nothing has happened then. `timestamp` 0 is now. Throws what a getter of the
 * caller's throws; never after the record is in.
 */
export function enqueue(
  topic: Topic,
  partition: number,
  key: Bytes,
  value: Bytes,
  headers: RecordHeaders | null,
  timestamp: number,
  opaque: any,
): number {
  const { rk } = topic;
  const limits = rk.limits!;
  const valueBytes = value === null ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.length;
  const keyBytes = key === null ? 0 : typeof key === 'string' ? Buffer.byteLength(key) : key.length;
  const headerBytes = headers === null ? 0 : sizeOfHeaders(headers);
  if (keyBytes + valueBytes + headerBytes + MESSAGE_OVERHEAD > limits.messageMaxBytes)
    return E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  if (limits.messages >= limits.maxMessages || limits.bytes + valueBytes > limits.maxBytes)
    return E.RD_KAFKA_RESP_ERR__QUEUE_FULL;
  const stamp = timestamp === 0 ? wallClock() : timestamp;
  if (opaque instanceof Awaited) opaque.timestamp = stamp;
  let wanted = partition;
  if (topic.held !== null) {
    wanted = topic.held.place(heldRecord(topic, partition, key, value, headers, stamp, timestamp !== 0, opaque));
    if (wanted === REFUSED) return topic.held.error;
    if (wanted === KEPT) {
      limits.messages++;
      limits.bytes += valueBytes;
      return 0;
    }
  }
  const bound = keyBytes + valueBytes + headerBytes + RECORD_BOUND;
  for (;;) {
    let target = atOnce(topic, wanted, key, stamp);
    if (target === null) {
      const chosen = choose(topic, wanted, key, timestamp === 0 ? stamp : wallClock());
      if (typeof chosen === 'number') return chosen;
      target = chosen;
    }
    const waits = target.number < 0;
    const result = append(target, waits, wanted, bound, stamp, key, value, headers, 0);
    if (result === AGAIN) continue;
    if (result !== 0) return result;
    note(target.live!, opaque, valueBytes, timestamp !== 0);
    limits.messages++;
    limits.bytes += valueBytes;
    return 0;
  }
}

/** Its batch was sealed, or the waiting block closed, between the look and the append: where it goes is asked again. */
export const AGAIN = 1;

export function note(live: LiveBatch, opaque: any, valueBytes: number, ownTimestamp: boolean): void {
  if (opaque !== null && opaque !== undefined) keepOpaque(live, opaque);
  else if (live.opaques !== null) live.opaques.push(null);
  live.count++;
  live.valueBytes += valueBytes;
  if (ownTimestamp) live.ownTimestamps = true;
}

function keepOpaque(live: LiveBatch, opaque: any): void {
  if (live.opaques === null) {
    live.opaques = [];
    for (let i = 0; i < live.count; i++) live.opaques.push(null);
  }
  live.opaques.push(opaque);
  if (opaque instanceof Awaited) live.awaited++;
}

function heldRecord(
  topic: Topic,
  partition: number,
  key: Bytes,
  value: Bytes,
  headers: RecordHeaders | null,
  stamp: number,
  ownTimestamp: boolean,
  opaque: any,
): HeldRecord {
  return new HeldRecord(topic, partition, bufferOf(key), bufferOf(value), headers, stamp, ownTimestamp, opaque, now());
}

function bufferOf(bytes: Bytes): Buffer | null {
  if (bytes === null) return null;
  if (typeof bytes === 'string') return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function sizeOfHeaders(headers: RecordHeaders): number {
  let bytes = 0;
  for (let i = 0; i < headers.length; i++) {
    const [name, value] = headers[i]!;
    bytes +=
      HEADER_BOUND +
      (typeof name === 'string' ? Buffer.byteLength(name) : name.length) +
      (value === null ? 0 : value.length);
  }
  return bytes;
}

/**
 * The partition, when a batch that is open there vouches for it: its topic was known and it had a leader when the batch
 * was opened, and a batch is not open for long. Nothing shared is looked at. Null: `choose` has to.
 */
function atOnce(topic: Topic, partition: number, key: Bytes, stamp: number): Target | null {
  let target: Target | undefined;
  if (partition >= 0) target = topic.closed ? topic.partitions[partition] : undefined;
  else if (key === null && stamp < topic.stickyUntil && stamp >= topic.stickyFrom)
    target = topic.partitions[topic.sticky];
  return target === undefined || target.open === null ? null : target;
}

/** Where the record goes, or why it goes nowhere. Until HEAD was met closed it waits, whatever the count says. */
function choose(topic: Topic, partition: number, key: Bytes, at: number): Target | number {
  if (!topic.closed) return topic.waiting!;
  const { count } = topic;
  if (count === NO_SUCH_TOPIC || count === NOT_KNOWN) return topic.absence;
  const number = partition >= 0 ? partition : pick(topic, key, count, at);
  if (number < 0 || number >= count) return E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  return topic.target(number) ?? E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

export function pick(topic: Topic, key: Bytes, count: number, at: number): number {
  if (key === null || key.length === 0) return keyless(topic, key, count, at);
  if (typeof key !== 'string') return topic.partitioner(key, 0, key.length, count, Math.random);
  const limits = topic.rk.limits!;
  if (key.length * 3 > limits.scratch.length) limits.scratch = Buffer.allocUnsafeSlow(key.length * 3);
  return topic.partitioner(limits.scratch, 0, limits.scratch.write(key, 0), count, Math.random);
}

/** Records without a key stay on one partition for `sticky.partitioning.linger.ms`, then move to another at random. */
function keyless(topic: Topic, key: Bytes, count: number, stamp: number): number {
  const { stickyMs } = topic.rk.limits!;
  // An empty key is a key to all but consistent_random.
  if (topic.sticks && stickyMs > 0 && (key === null || topic.settings.partitioner === 'consistent_random')) {
    if (!topic.sticksAt(stamp, count) || !topic.mayHaveLeader(topic.sticky))
      topic.stick(draw(topic, key, count), stamp, stickyMs);
    return topic.sticky;
  }
  return draw(topic, key, count);
}

/** One more draw when the first hits a partition that has no leader now. */
function draw(topic: Topic, key: Bytes, count: number): number {
  const first = topic.partitioner(key === null ? null : EMPTY, 0, 0, count, Math.random);
  return topic.mayHaveLeader(first) ? first : topic.partitioner(key === null ? null : EMPTY, 0, 0, count, Math.random);
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** `at`: when the record was produced, by the clock of deadlines; 0 is now. */
export function append(
  target: Target,
  waits: boolean,
  partition: number,
  bound: number,
  stamp: number,
  key: Bytes,
  value: Bytes,
  headers: RecordHeaders | null,
  at: number,
): number {
  const { rk } = target.topic;
  const writer = rk.writer!;
  const limits = rk.limits!;
  const room = waits ? bound + TARGET_BYTES : bound;
  let { open } = target;
  if (
    open !== null &&
    (open.count >= limits.batchMessages || (open.count > 0 && open.bytes + room + BATCH_HEADER > limits.batchBytes))
  ) {
    if (open.count >= limits.batchMessages || !fits(open, limits, waits, stamp, key, value, headers)) {
      sealFull(target, open);
      open = null;
    }
  }
  if (open === null) {
    open = openBatch(target, waits, stamp, room, at === 0 ? now() : at);
    if (open === null) return noMemory(limits);
  } else if (!writer.room(open, room)) {
    sealFull(target, open);
    return noMemory(limits);
  }
  let from = open.at;
  if (waits) from = open.slab.buffer.writeInt32BE(partition, from);
  const end = writeRecord(open.slab, from, stamp - open.firstTimestamp, open.count, key, value, headers);
  if (!writer.publish(open, end, stamp)) {
    target.open = null;
    return AGAIN;
  }
  if (!open.pushed) {
    const err = show(target, open);
    if (err !== 0) return err;
  }
  // A full batch does not wait for a record that does not fit any more.
  if (open.count >= limits.batchMessages) sealFull(target, open);
  return 0;
}

function noMemory(limits: ProduceLimits): number {
  limits.memoryFull = true;
  return E.RD_KAFKA_RESP_ERR__QUEUE_FULL;
}

/** The batch's first record makes it visible. */
function show(target: Target, open: OpenBatch): number {
  const { rk } = target.topic;
  if (!push(target.words, target.base + HEAD, open.id, open.words, open.base + LINK)) {
    giveUp(target, open);
    return AGAIN;
  }
  open.pushed = true;
  ready(rk.memory, target.block, target.words, target.base, rk.ringWorker);
  return 0;
}

/** Near the limit the bound is not good enough: batches are filled to within one record of `batch.size`. */
function fits(
  open: OpenBatch,
  limits: ProduceLimits,
  waits: boolean,
  stamp: number,
  key: Bytes,
  value: Bytes,
  headers: RecordHeaders | null,
): boolean {
  const size = exactSize(stamp - open.firstTimestamp, open.count, key, value, headers) + (waits ? TARGET_BYTES : 0);
  return open.bytes + size + BATCH_HEADER <= limits.batchBytes;
}

function openBatch(target: Target, waits: boolean, stamp: number, room: number, at: number): OpenBatch | null {
  const { topic } = target;
  const { rk } = topic;
  const open = rk.writer!.open(target.number, rk.stamp(at), stamp, room);
  target.open = open;
  if (open === null) return null;
  target.live = new LiveBatch(open.id, open.generation, topic, target.number, waits, at, stamp);
  rk.reports!.live.set(open.id, target.live);
  return open;
}

export function sealFull(target: Target, open: OpenBatch): void {
  Atomics.or(open.words, open.base + TAIL, SEALED);
  target.open = null;
  ready(target.topic.rk.memory, target.block, target.words, target.base, target.topic.rk.ringWorker);
}

/** The block met CLOSED: nobody has seen this batch, and never will. */
function giveUp(target: Target, open: OpenBatch): void {
  const { rk } = target.topic;
  rk.reports!.live.delete(open.id);
  rk.writer!.discard(open);
  target.open = null;
  target.live = null;
  target.topic.closed = true;
}
