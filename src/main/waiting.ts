// Records for a topic that was not known when they were produced. When metadata arrives main runs the built-in
// partitioner over them and writes them into batches of its own, without the app (memory.md, part 1, 9).
// @thread main

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { report, TakenBatch, takeClosing, takeHead } from '../ops/batch_owner.ts';
import { BatchWalk } from '../ops/batch_reader.ts';
import type { BatchWriter, OpenBatch } from '../ops/batch_writer.ts';
import { FLAG_NO_OFFSET, GEN, SEALED, seal, TAIL } from '../ops/batches.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { MainToAppOp } from '../ops/ops.ts';
import type { Partitioner } from '../partitioners/partitioner.ts';
import { partitionerOf } from '../partitioners/registry.ts';
import { HEADER_SIZE } from '../records/batch_header.ts';
import { RecordCursor } from '../records/record_reader.ts';
import { rewriteRecord } from '../records/record_writer.ts';
import type { MainPartition, MainTopic } from './topics.ts';

/** Each waiting record stands behind the partition that its caller named. */
export const TARGET_BYTES = 4;
/** Length, attributes and deltas at their longest. */
const REWRITE_BOUND = 32;

interface Row {
  readonly part: MainPartition;
  readonly open: OpenBatch;
  readonly opened: number;
  readonly rows: number[];
}

/** How far the waiting records of a topic are. */
interface Job {
  readonly topic: MainTopic;
  readonly partitioner: Partitioner;
  readonly origins: TakenBatch[];
  walk: BatchWalk | null;
  index: number;
  sticky: number;
}

export interface WaitingEnv {
  readonly settings: Settings;
  readonly memory: HandleMemory;
  readonly writer: BatchWriter;
  readonly partitioner: Partitioner;
  readonly random: () => number;
  now(): number;
  toApp(op: MainToAppOp): void;
  ringApp(): void;
  /** A partition of ours has a new batch in its row. */
  place(part: MainPartition): void;
}

export class Waiting {
  private readonly env: WaitingEnv;
  private readonly cursor: RecordCursor;
  private jobs: Job[];
  private running: boolean;
  private again: boolean;

  constructor(env: WaitingEnv) {
    this.env = env;
    this.cursor = new RecordCursor();
    this.jobs = [];
    this.running = false;
    this.again = false;
  }

  /** The bell of a topic's block rang. */
  take(topic: MainTopic): void {
    if (topic.closed) return;
    for (const batch of takeHead(this.env.memory, topic.words, topic.base)) topic.waiting.push(batch);
  }

  /** The topic's partitions are known (and posted, and counted): its records go to them, now and for good. */
  resolve(topic: MainTopic): void {
    if (topic.closed) return;
    const origins = this.close(topic);
    if (origins.length === 0) return;
    const partitioner = partitionerOf(topic.settings.partitioner) ?? this.env.partitioner;
    const job: Job = { topic, partitioner, origins, walk: null, index: 0, sticky: -1 };
    this.jobs.push(job);
    this.runAll();
  }

  /** There is no such topic, or it may not be used: every record that waits ends in `err`. */
  refuse(topic: MainTopic, err: number): void {
    if (topic.closed) return;
    for (const batch of this.close(topic)) this.failOrigin(topic, batch, 0, err);
    this.env.ringApp();
  }

  /** Records that wait end in `err`; the topic stays open for more. */
  purge(topic: MainTopic, err: number): void {
    this.take(topic);
    for (const job of this.jobs.filter((each) => each.topic === topic)) this.failJob(job, err);
    for (const batch of topic.waiting.splice(0)) if (this.sealOrigin(batch)) this.failOrigin(topic, batch, 0, err);
    this.env.ringApp();
  }

  /** Memory came back. */
  freed(batch: number): void {
    this.env.writer.free(batch);
    this.runAll();
  }

  /** Reading a port for a page or a worker may route `freed` in the middle of a run: it then goes on behind it. */
  private runAll(): void {
    this.again = true;
    if (this.running) return;
    this.running = true;
    try {
      while (this.again) {
        this.again = false;
        for (const job of [...this.jobs]) this.run(job);
      }
    } finally {
      this.running = false;
    }
  }

  /** Old batches are sealed, so that their records differ little in age; those past `message.timeout.ms` fail. */
  expire(topics: Iterable<MainTopic>, now: number): void {
    let any = false;
    for (const job of [...this.jobs]) {
      const timeout = job.topic.settings['message.timeout.ms'];
      if (timeout === 0 || ((now - job.origins[0]!.opened) | 0) < timeout) continue;
      this.failJob(job, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
      any = true;
    }
    for (const topic of topics) {
      const timeout = topic.settings['message.timeout.ms'];
      if (timeout === 0) continue;
      const sealAge = Math.max(this.env.settings['queue.buffering.max.ms'], timeout / 100);
      while (topic.waiting.length > 0) {
        const batch = topic.waiting[0]!;
        const age = (now - batch.opened) | 0;
        if (age >= sealAge && !this.sealOrigin(batch)) {
          topic.waiting.shift();
          continue;
        }
        if (age < timeout) break;
        topic.waiting.shift();
        this.failOrigin(topic, batch, 0, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
        any = true;
      }
    }
    if (any) this.env.ringApp();
  }

  /** What could not be relayed yet ends in `err`. */
  private failJob(job: Job, err: number): void {
    let from = job.index;
    for (const origin of job.origins.splice(0)) {
      this.failOrigin(job.topic, origin, from, err);
      from = 0;
    }
    this.jobs = this.jobs.filter((each) => each !== job);
  }

  private close(topic: MainTopic): TakenBatch[] {
    topic.closed = true;
    const origins = topic.waiting.splice(0);
    for (const batch of takeClosing(this.env.memory, topic.words, topic.base)) origins.push(batch);
    return origins.filter((batch) => this.sealOrigin(batch));
  }

  /** False when the app has claimed it (memory.md, part 1, 8), however long ago it was sealed: it is dropped. */
  private sealOrigin(batch: TakenBatch): boolean {
    if (batch.count < 0) batch.count = seal(batch.words, batch.base);
    return Atomics.load(batch.words, batch.base + GEN) === batch.generation;
  }

  /** Writes records until all are relayed or the memory of main is used up; `freed` goes on. */
  private run(job: Job): void {
    const rows = new Map<number, Row>();
    let room = true;
    while (room && job.origins.length > 0) {
      const origin = job.origins[0]!;
      if (this.sealOrigin(origin)) {
        job.walk ??= new BatchWalk(this.env.memory, origin.id);
        room = this.relayOrigin(job, origin, job.walk, rows);
        if (!room) break;
      }
      job.origins.shift();
      job.walk = null;
      job.index = 0;
      job.sticky = -1;
    }
    // While some have no memory yet nothing lingers: it has to come free.
    const done = job.origins.length === 0;
    for (const row of rows.values())
      this.finishRow(row, done && row.open.count < this.env.settings['batch.num.messages']);
    // Only now, each with its whole row: what is pushed on HEAD meanwhile comes behind it.
    for (const part of job.topic.partitions) this.env.place(part);
    if (done) this.jobs = this.jobs.filter((each) => each !== job);
    this.env.ringApp();
  }

  private relayOrigin(job: Job, origin: TakenBatch, walk: BatchWalk, rows: Map<number, Row>): boolean {
    const { cursor } = this;
    while (job.index < origin.count) {
      if (walk.at >= walk.end && !walk.nextPiece()) return true;
      const slab = walk.slab!;
      const named = slab.buffer.readInt32BE(walk.at);
      cursor.read(slab.bytes, walk.at + TARGET_BYTES, walk.end);
      const number = named >= 0 ? named : this.partition(job, slab.bytes);
      const part = job.topic.partitions[number];
      if (part === undefined)
        this.failRows(job.topic, -1, [origin.id, job.index], origin.opened, E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
      else if (!this.relayRecord(part, origin, job.index, slab.bytes, rows)) return false;
      walk.at = cursor.next;
      job.index++;
    }
    return true;
  }

  private partition(job: Job, bytes: Uint8Array): number {
    const { cursor, env } = this;
    const { partitioner } = job;
    const count = job.topic.partitions.length;
    const draw = this.sticks(job) ? () => this.stuck(job, count) : env.random;
    return partitioner(cursor.keyTo < 0 ? null : bytes, cursor.keyFrom, cursor.keyTo, count, draw);
  }

  /** An empty key is a key to all but consistent_random. */
  private sticks(job: Job): boolean {
    const { cursor, env } = this;
    if (env.settings['sticky.partitioning.linger.ms'] === 0) return false;
    return (
      cursor.keyTo < 0 || (cursor.keyTo === cursor.keyFrom && job.topic.settings.partitioner === 'consistent_random')
    );
  }

  /** What makes a draw give the same partition for a whole batch, as sticky partitioning has it. */
  private stuck(job: Job, count: number): number {
    if (job.sticky < 0) job.sticky = Math.floor(this.env.random() * count);
    return (job.sticky + 0.5) / count;
  }

  private relayRecord(
    part: MainPartition,
    origin: TakenBatch,
    index: number,
    source: Uint8Array,
    rows: Map<number, Row>,
  ): boolean {
    const { cursor, env } = this;
    const bound = cursor.next - cursor.bodyFrom + REWRITE_BOUND;
    const timestamp = origin.firstTimestamp + cursor.timestampDelta;
    let row = rows.get(part.number);
    if (row !== undefined && this.full(row, bound)) {
      this.finishRow(row, false);
      rows.delete(part.number);
      row = undefined;
    }
    if (row === undefined) {
      const open = env.writer.open(part.number, origin.opened, timestamp, bound);
      if (open === null) return false;
      row = { part, open, opened: origin.opened, rows: [] };
      rows.set(part.number, row);
    } else if (!env.writer.room(row.open, bound)) return false;
    const { open } = row;
    const end = rewriteRecord(
      open.slab,
      open.at,
      timestamp - open.firstTimestamp,
      open.count,
      source,
      cursor.bodyFrom,
      cursor.next,
    );
    env.writer.publish(open, end, timestamp);
    row.rows.push(origin.id, index);
    return true;
  }

  private full(row: Row, bound: number): boolean {
    const { settings } = this.env;
    return (
      row.open.count >= settings['batch.num.messages'] || row.open.bytes + bound + HEADER_SIZE > batchBytes(settings)
    );
  }

  /** Sealed before anybody sees it; the relay op is posted before its report can be. */
  private finishRow(row: Row, lingers: boolean): void {
    const { open, part } = row;
    Atomics.or(open.words, open.base + TAIL, SEALED);
    this.env.toApp({
      type: 'relay',
      batch: open.id,
      generation: open.generation,
      topic: part.topic.name,
      partition: part.number,
      rows: Int32Array.from(row.rows),
    });
    const batch = new TakenBatch(open.id, this.env.memory.page(open.id), open.generation);
    batch.lingers = lingers;
    part.fifo.push(batch);
  }

  private failOrigin(topic: MainTopic, origin: TakenBatch, from: number, err: number): void {
    const rows: number[] = [];
    for (let index = from; index < origin.count; index++) rows.push(origin.id, index);
    if (rows.length > 0) this.failRows(topic, -1, rows, origin.opened, err);
  }

  private failRows(topic: MainTopic, partition: number, rows: readonly number[], opened: number, err: number): void {
    const { env } = this;
    const { id, generation } = env.writer.openEmpty(partition, opened, rows.length / 2);
    env.toApp({ type: 'relay', batch: id, generation, topic: topic.name, partition, rows: Int32Array.from(rows) });
    const batch = new TakenBatch(id, env.memory.page(id), generation);
    batch.count = rows.length / 2;
    report(env.memory, batch, 0, {
      error: err,
      status: E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED | FLAG_NO_OFFSET,
      broker: -1,
      baseOffset: -1001,
      appendTime: -1,
    });
  }
}

/** A batch larger than `message.max.bytes` would be refused, whatever `batch.size` says. */
function batchBytes(settings: Settings): number {
  return Math.min(settings['batch.size'], settings['message.max.bytes']);
}
