// The consumer queue with ops that the test posts: which data is current, which waits, which is dropped.
import { expect, test } from 'vitest';
import { ConsumerQueue } from '../../../src/app/consumer_queue.ts';
import type { Handle } from '../../../src/app/handle.ts';
import { Cell, MESSAGES } from '../../../src/ops/cells.ts';
import { newHeadPage, QUEUED_BYTES, QUEUED_MESSAGES } from '../../../src/ops/head_page.ts';
import { blockId, MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory, PAGE_BYTES } from '../../../src/ops/memory.ts';
import type { AppToMainOp, FetchedEntry } from '../../../src/ops/ops.ts';
import { HEADER_SIZE } from '../../../src/records/batch_header.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';

const PARTITION_EOF = -191;

class Scene {
  readonly queue: ConsumerQueue;
  readonly memory: HandleMemory;
  readonly toMain: AppToMainOp[] = [];
  /** Workers that were given a block back. */
  readonly back: number[] = [];
  /** What lies unread on the port of a worker. */
  readonly unread: Map<number, (() => void)[]> = new Map();

  constructor() {
    this.memory = new HandleMemory(newHeadPage());
    this.memory.addPage(MAIN, 0, new SharedArrayBuffer(PAGE_BYTES));
    const handle = {
      memory: this.memory,
      toMain: (op: AppToMainOp) => void this.toMain.push(op),
      giveBack: (worker: number) => void this.back.push(worker),
      drainWorker: (worker: number) => {
        for (const route of this.unread.get(worker)?.splice(0) ?? []) route();
      },
      topic: (name: string) => ({ name }),
      callbacks: { rebalance: () => {} },
    };
    this.queue = new ConsumerQueue(handle as unknown as Handle);
  }

  cell(index: number): number {
    return blockId(MAIN, 0, index);
  }

  assigned(partition: number, home: number, version = -1): Cell {
    const id = this.cell(partition);
    const cell = new Cell(id, this.memory.page(id));
    cell.init(-1001);
    this.queue.route({ type: 'assigned', topic: 't', partition, cell: id, home, version });
    return cell;
  }

  moved(partition: number, home: number, oldWorker: number): void {
    this.queue.route({ type: 'home', cell: this.cell(partition), home, oldWorker });
  }

  /** Records `from` to `to` of a partition, as a worker posts them. */
  fetched(worker: number, partition: number, home: number, from: number, to: number, eof = -1): void {
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
      count,
    };
    const entry: FetchedEntry = {
      cell: this.cell(partition),
      home,
      fetchOffset: from,
      batches: count > 0 ? [batch] : [],
      bytes: count > 0 ? bytes.length - HEADER_SIZE : 0,
      eof,
      highWatermark: to + 1,
    };
    Atomics.add(head, QUEUED_MESSAGES, Math.max(0, count));
    Atomics.add(head, QUEUED_BYTES, entry.bytes);
    this.queue.fetched({ type: 'fetched', buffers: [bytes.slice().buffer as ArrayBuffer], entries: [entry] }, worker);
  }

  /** Offsets (or codes of errors) that a poll would give now, all of them. */
  take(most = 100): number[] {
    const got: number[] = [];
    while (got.length < most) {
      const message = this.queue.next();
      if (message === null) break;
      got.push(message.err === 0 ? message.offset : message.err);
    }
    return got;
  }

  get counts(): number[] {
    return [QUEUED_MESSAGES, QUEUED_BYTES].map((word) => Atomics.load(this.memory.head, word));
  }
}

test('records come in order and move the cell and the counts', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  scene.fetched(1, 0, 1, 3, 4);

  expect(scene.take()).toEqual([0, 1, 2, 3, 4]);
  expect(cell.position).toBe(5);
  expect(scene.counts).toEqual([0, 0]);
  expect(Atomics.load(cell.words, cell.base + MESSAGES)).toBe(5);
  expect(scene.back).toEqual([1, 1]);
});

test('data of a home that main has not spoken of waits, and comes behind that of the old home', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(2, 0, 5, 3, 4);
  scene.unread.set(1, [() => scene.fetched(1, 0, 1, 0, 2)]);
  expect(scene.take()).toEqual([]);

  scene.moved(0, 5, 1);

  expect(scene.take()).toEqual([0, 1, 2, 3, 4]);
});

test('a partition that moves twice before anybody looks keeps its order', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(3, 0, 9, 6, 7);
  scene.fetched(2, 0, 5, 3, 5);
  scene.unread.set(1, [() => scene.fetched(1, 0, 1, 0, 2)]);

  scene.moved(0, 5, 1);
  scene.moved(0, 9, 2);

  expect(scene.take()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('data of an older home than its partition has is dropped, off the counts and given back', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.moved(0, 2, 1);
  scene.fetched(1, 0, 1, 0, 2);

  expect([scene.take(), scene.counts, scene.back.length]).toEqual([[], [0, 0], 1]);
});

test('after assign nothing of the old assignment comes, half of it handed out or on its way', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  expect(scene.take(1)).toEqual([0]);
  scene.queue.assign([{ topic: 't', partition: 1, offset: 0 }]);
  scene.fetched(1, 0, 1, 3, 5);

  expect([scene.take(), scene.counts]).toEqual([[], [0, 0]]);
});

test('partitions of an assign call that another has overtaken are not taken up', () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 0, offset: 0 }]);
  scene.queue.assign([{ topic: 't', partition: 1, offset: 0 }]);
  scene.assigned(0, 1, 1);
  scene.fetched(1, 0, 1, 0, 2);
  expect(scene.take()).toEqual([]);
  scene.assigned(1, 2, 2);
  scene.fetched(1, 1, 2, 7, 7);

  expect(scene.take()).toEqual([7]);
  expect(scene.queue.position('t', 0)).toBeNull();
});

test('nothing comes behind a position that main has closed, and it is not moved', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  expect(scene.take(1)).toEqual([0]);
  cell.close();

  expect(scene.take()).toEqual([]);
  expect(cell.position).toBe(1);
});

test('revoked cells are given back to main when their data is gone', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  scene.queue.route({ type: 'revoked', cells: [scene.cell(0)] });

  expect(scene.toMain).toEqual([{ type: 'cells_done', cells: [scene.cell(0)] }]);
  expect([scene.take(), scene.counts, scene.back.length]).toEqual([[], [0, 0], 1]);
});

test('the end of a partition is not told twice for one offset, also not by another broker', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 1, 2);
  scene.moved(0, 2, 1);
  scene.fetched(2, 0, 2, 2, 1, 2);

  expect(scene.take()).toEqual([0, 1, PARTITION_EOF]);
});

test("position is invalid, not unknown, between assign and main's word of it", () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 1, offset: 0 }]);

  expect([scene.queue.position('t', 1), scene.queue.position('t', 2)]).toEqual([-1001, null]);
});
