// The app thread's consumer with ops that the test posts, and what it posts itself. @thread app
import { AppConsumer } from '../../src/app/consumer.ts';
import { pause, seekSteps } from '../../src/app/flow.ts';
import type { Handle } from '../../src/app/handle.ts';
import { OpQueue } from '../../src/app/op_queue.ts';
import { type PartitionEntry, PartitionList } from '../../src/defs/partition_list.ts';
import { Cell } from '../../src/ops/cells.ts';
import { HELD_BYTES, newHeadPage, QUEUED_BYTES, QUEUED_MESSAGES } from '../../src/ops/head_page.ts';
import { blockId, MAIN } from '../../src/ops/ids.ts';
import { HandleMemory, PAGE_BYTES } from '../../src/ops/memory.ts';
import type { AppToMainOp, FetchedEntry } from '../../src/ops/ops.ts';
import { GONE } from '../../src/rd/check.ts';
import { HEADER_SIZE } from '../../src/records/batch_header.ts';
import { writeBatch } from '../../src/records/batch_writer.ts';

/** Of a Kafka that reads a consumer's settings. */
const SETTINGS = {
  'queued.max.messages.kbytes': 64,
  'queued.min.messages': 100_000,
  'enable.auto.offset.store': true,
};

export class ConsumerScene {
  readonly queue: AppConsumer;
  readonly rk: Handle;
  readonly memory: HandleMemory;
  readonly toMain: AppToMainOp[] = [];
  /** Workers that were given a block back. */
  readonly back: number[] = [];
  /** What lies unread on the port of a worker. */
  readonly unread: Map<number, (() => void)[]> = new Map();
  /** What a rebalance callback does. */
  onRebalance: () => void = () => {};

  constructor(settings: Partial<typeof SETTINGS> = {}) {
    this.memory = new HandleMemory(newHeadPage());
    this.memory.addPage(MAIN, 0, new SharedArrayBuffer(PAGE_BYTES));
    const handle = {
      [GONE]: '',
      memory: this.memory,
      settings: { ...SETTINGS, ...settings },
      dead: false,
      yielded: false,
      toMain: (op: AppToMainOp) => void this.toMain.push(op),
      giveBack: (worker: number, _buffers: unknown, bytes: number) => {
        this.back.push(worker);
        Atomics.sub(this.memory.head, HELD_BYTES, bytes);
      },
      drainWorker: (worker: number) => {
        for (const route of this.unread.get(worker)?.splice(0) ?? []) route();
      },
      topic: (name: string) => ({ name }),
      thread: { drain: () => {} },
      logs: { pending: 0 },
      get stops() {
        return handle.yielded;
      },
      queue: { serve: () => 0, length: 0, nextEvent: () => null },
      callbacks: { rebalance: () => this.onRebalance(), commitResult: () => {}, conf: { consume_cb: null } },
      mainQueue: null as OpQueue | null,
      consuming: null as AppConsumer | null,
    };
    this.rk = handle as unknown as Handle;
    handle.mainQueue = new OpQueue(this.rk, false);
    this.queue = new AppConsumer(this.rk);
    handle.consuming = this.queue;
  }

  cell(index: number): number {
    return blockId(MAIN, 0, index);
  }

  assigned(partition: number, home: number, version = -1, index = partition): Cell {
    const id = this.cell(index);
    const cell = new Cell(id, this.memory.page(id));
    cell.init(-1001);
    this.queue.route({ type: 'assigned', topic: 't', partition, cell: id, home, version });
    return cell;
  }

  moved(partition: number, home: number, oldWorker: number): void {
    this.queue.route({ type: 'home', cell: this.cell(partition), home, oldWorker });
  }

  /** Records `from` to `to` of a partition, as a worker posts them. */
  fetched(worker: number, partition: number, home: number, from: number, to: number, eof = -1, wanted = from): void {
    const count = to - from + 1;
    const bytes = writeBatch(
      Array.from({ length: Math.max(1, count) }, () => ({ value: 'v' })),
      { baseOffset: from },
    );
    const { head } = this.memory;
    const batch = {
      buffer: 0,
      from: HEADER_SIZE,
      to: bytes.length,
      baseOffset: from,
      baseTimestamp: 0,
      appendTime: -1,
      lastOffset: to,
      leaderEpoch: -1,
      broker: 1,
      count,
    };
    const entry: FetchedEntry = {
      cell: this.cell(partition),
      home,
      fetchOffset: wanted,
      batches: count > 0 ? [batch] : [],
      bytes: count > 0 ? bytes.length - HEADER_SIZE : 0,
      passed: -1,
      leaderEpoch: -1,
      eof,
      highWatermark: to + 1,
      logStartOffset: -1,
    };
    Atomics.add(head, QUEUED_MESSAGES, Math.max(0, count));
    Atomics.add(head, QUEUED_BYTES, entry.bytes);
    Atomics.add(head, HELD_BYTES, entry.bytes);
    this.queue.fetched({ type: 'fetched', buffers: [bytes.slice().buffer as ArrayBuffer], entries: [entry] }, worker);
  }

  /** Offsets (or codes of errors) that a poll would give now, all of them. */
  take(most = 100, queue: OpQueue = this.queue.queue): number[] {
    const got: number[] = [];
    while (got.length < most) {
      const message = this.queue.walk.next(queue.target);
      if (message === null) break;
      got.push(message.err === 0 ? message.offset : message.err);
    }
    return got;
  }

  get counts(): number[] {
    return [QUEUED_MESSAGES, QUEUED_BYTES].map((word) => Atomics.load(this.memory.head, word));
  }

  /** Of all that was fetched, what is alive for the app. */
  get held(): number {
    return Atomics.load(this.memory.head, HELD_BYTES);
  }

  /** Begins to seek these; gives their entries and the number that each op carries. Main answers by `sought`. */
  seek(...places: readonly (readonly [partition: number, offset: number])[]): PartitionEntry[] {
    const { elems } = listOf(places);
    seekSteps(this.rk, elems, -1).next(true);
    return elems;
  }

  /** Main's answer to the last seek of a partition. */
  sought(partition: number, home: number): void {
    const asked = this.toMain.filter((op) => op.type === 'seek' && op.partition === partition).at(-1);
    if (asked?.type !== 'seek') throw new Error('nothing was sought');
    this.queue.route({ type: 'sought', topic: 't', partition, seek: asked.seek, home });
  }

  pause(...partitions: number[]): PartitionEntry[] {
    const { elems } = listOf(partitions.map((partition) => [partition, 0]));
    pause(this.rk, elems, true);
    return elems;
  }

  resume(...partitions: number[]): void {
    pause(this.rk, listOf(partitions.map((partition) => [partition, 0])).elems, false);
  }
}

function listOf(places: readonly (readonly [partition: number, offset: number])[]): PartitionList {
  const list = new PartitionList();
  for (const [partition, offset] of places) list.add('t', partition).offset = offset;
  return list;
}
