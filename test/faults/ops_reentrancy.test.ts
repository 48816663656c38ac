// Reading a port for a page, a relay op or a new worker routes whatever lies in it, in the middle of something else.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { Handle } from '../../src/app/handle.ts';
import { LiveBatch } from '../../src/app/live_batch.ts';
import { Reports } from '../../src/app/reports.ts';
import { MainPartition, MainTopic } from '../../src/main/topics.ts';
import { Waiting } from '../../src/main/waiting.ts';
import { BrokerWorkers, type Family } from '../../src/main/workers.ts';
import { report, TakenBatch } from '../../src/ops/batch_owner.ts';
import { BatchPool, BatchWriter } from '../../src/ops/batch_writer.ts';
import { LINK } from '../../src/ops/batches.ts';
import { BlockPool, PageNumbers } from '../../src/ops/block_pool.ts';
import { Channel } from '../../src/ops/channel.ts';
import { ExtentPool } from '../../src/ops/extents.ts';
import { newHeadPage } from '../../src/ops/head_page.ts';
import { FIRST_APP_SLOT, indexOf, MAIN } from '../../src/ops/ids.ts';
import { HandleMemory } from '../../src/ops/memory.ts';
import type { RelayOp } from '../../src/ops/ops.ts';
import { HEAD, initPartition, PARTITION_WORDS } from '../../src/ops/partitions.ts';
import { push } from '../../src/ops/stacks.ts';
import { newThreadPage } from '../../src/ops/thread_page.ts';
import { writeRecord } from '../../src/records/record_writer.ts';

const SETTINGS = { 'batch.num.messages': 100, 'batch.size': 1 << 20, 'message.max.bytes': 8 << 20 } as never;

interface Side {
  readonly memory: HandleMemory;
  readonly writer: BatchWriter;
  readonly blocks: BlockPool;
  /** What it would have posted, in order: adds the page or slab to another thread's memory. */
  readonly posted: ((to: HandleMemory) => void)[];
}

function side(memory: HandleMemory, creator: number): Side {
  const posted: ((to: HandleMemory) => void)[] = [];
  const numbers = new PageNumbers();
  const page = (number: number, shared: SharedArrayBuffer) =>
    void posted.push((to) => to.addPage(creator, number, shared));
  const slab = (number: number, shared: SharedArrayBuffer) =>
    void posted.push((to) => to.addSlab(creator, number, shared));
  const extents = new ExtentPool(memory, creator, 64 << 20, slab);
  const writer = new BatchWriter(memory, new BatchPool(memory, creator, numbers, page), extents, FIRST_APP_SLOT);
  return { memory, writer, blocks: new BlockPool(memory, creator, numbers, page), posted };
}

/** A batch of waiting records with values of these sizes, pushed on the block's HEAD. */
function waitingBatch(app: Side, block: number, sizes: readonly number[]): number {
  const open = app.writer.open(-1, 0, 0, sizes[0]! + 100)!;
  for (const size of sizes) {
    app.writer.room(open, size + 100);
    const at = open.slab.buffer.writeInt32BE(-1, open.at);
    app.writer.publish(open, writeRecord(open.slab, at, 0, open.count, null, Buffer.alloc(size), null), 0);
  }
  const { words } = app.memory.page(block);
  push(words, indexOf(block) * PARTITION_WORDS + HEAD, open.id, open.words, open.base + LINK);
  return open.id;
}

test('a record that waits is relayed once when a `freed` op stands before the slab that its relaying needs', () => {
  const head = newHeadPage();
  const app = side(new HandleMemory(head), FIRST_APP_SLOT);
  const main = side(new HandleMemory(head), MAIN);
  const block = app.blocks.take();
  initPartition(app.memory.page(block).words, indexOf(block) * PARTITION_WORDS, MAIN, 0);
  const origin = waitingBatch(app, block, [100, 2 << 20]);
  const done = main.writer.openEmpty(0, 0, 1).id;
  const relayed: number[] = [];
  const waiting: Waiting = new Waiting({
    settings: SETTINGS,
    memory: main.memory,
    writer: main.writer,
    partitioner: () => 0,
    random: () => 0,
    now: () => 0,
    toApp: (op) => relayed.push(...(op as RelayOp).rows),
    ringApp: () => {},
    place: () => {},
  });
  const ops = app.posted.map((add) => () => add(main.memory));
  ops.splice(ops.length - 1, 0, () => waiting.freed(done));
  main.memory.readPort = () => {
    const op = ops.shift();
    op?.();
    return op !== undefined;
  };
  const topic = new MainTopic(
    { type: 'topic', topic: 't', block, settings: { partitioner: 'random' } as never },
    main.memory,
  );
  const own = main.blocks.take();
  topic.partitions.push(new MainPartition(topic, 0, own, main.memory));
  waiting.resolve(topic);

  expect(relayed).toEqual([origin, 0, origin, 1]);
});

test('a broker gets one worker, and workers different numbers, when reading the app’s port asks for brokers again', () => {
  const joined: number[] = [];
  const ports: MessagePort[] = [];
  const place = () => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    return {
      worker: null,
      root: new Channel(port1, newThreadPage()),
      page: newThreadPage(),
      brokers: 0,
      handles: 0,
      dead: false,
    };
  };
  let again = true;
  const workers: BrokerWorkers = new BrokerWorkers({
    memory: new HandleMemory(newHeadPage()),
    settings: {},
    family: { place } as unknown as Family,
    appPage: newThreadPage(),
    mainPage: newThreadPage(),
    drainApp: () => {
      if (!again) return;
      again = false;
      for (const broker of [1, 2]) workers.ensure(broker);
    },
    toApp: (op: { worker: number; port: MessagePort }) => {
      joined.push(op.worker);
      ports.push(op.port);
    },
    identity: () => null,
    node: () => ({ host: 'a', port: 1 }),
  } as never);
  try {
    workers.ensure(1);
    expect(joined).toEqual([1, 2]);
  } finally {
    for (const worker of workers.all) worker.reader.close();
    for (const port of ports) port.close();
  }
});

test('a report of a batch of main’s is served when its relay op still lies in the port', () => {
  const memory = new HandleMemory(newHeadPage());
  const app = side(memory, FIRST_APP_SLOT);
  const main = side(memory, MAIN);
  const block = app.blocks.take();
  initPartition(memory.page(block).words, indexOf(block) * PARTITION_WORDS, MAIN, 0);
  const origin = waitingBatch(app, block, [10]);
  const { id, generation } = main.writer.openEmpty(-1, 0, 1);
  const rows = Int32Array.from([origin, 0]);
  const port: RelayOp[] = [{ type: 'relay', batch: id, generation, topic: 't', partition: -1, rows }];
  let served = 0;
  const reports: Reports = new Reports({
    memory,
    awaited: null,
    callbacks: { reports: true, report: () => served++ },
    readMain: () => {
      const op = port.shift();
      if (op !== undefined) reports.relay(op);
      return op !== undefined;
    },
    took: () => {},
    forgetOpen: () => {},
    toMain: () => {},
    writer: app.writer,
    settings: {},
    topics: new Map(),
  } as unknown as Handle);
  Atomics.or(memory.page(origin).words, indexOf(origin) * 32, -0x80000000);
  reports.live.set(origin, new LiveBatch(origin, 1, { rk: {} } as never, -1, true, 0, 0));
  const batch = new TakenBatch(id, memory.page(id), generation);
  report(memory, batch, 0, { error: -188, status: 0, broker: -1, baseOffset: -1001, appendTime: -1 });

  reports.take();
  reports.serve(10);
  expect([served, reports.live.size]).toEqual([1, 0]);
});
