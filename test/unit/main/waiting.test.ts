import { expect, test } from 'vitest';
import { MainPartition, MainTopic } from '../../../src/main/topics.ts';
import { Waiting } from '../../../src/main/waiting.ts';
import { BatchPool, BatchWriter, type OpenBatch } from '../../../src/ops/batch_writer.ts';
import { claim, LINK } from '../../../src/ops/batches.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { ExtentPool } from '../../../src/ops/extents.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { FIRST_APP_SLOT, indexOf, MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import type { MainToAppOp } from '../../../src/ops/ops.ts';
import { HEAD, initPartition, NOT_KNOWN, PARTITION_WORDS } from '../../../src/ops/partitions.ts';
import { push } from '../../../src/ops/stacks.ts';
import { partitionerOf } from '../../../src/partitioners/registry.ts';
import { writeRecord } from '../../../src/records/record_writer.ts';

/** Records that wait for one topic, over real memory; the app is played by the test. */
class World {
  readonly memory: HandleMemory = new HandleMemory(newHeadPage());
  readonly app: BatchWriter;
  readonly waiting: Waiting;
  readonly topic: MainTopic;
  readonly toApp: MainToAppOp[] = [];

  constructor() {
    const { memory } = this;
    const writer = (creator: number): BatchWriter => {
      const pool = new BatchPool(memory, creator, new PageNumbers(), () => {});
      const extents = new ExtentPool(
        memory,
        creator,
        8 << 20,
        () => {},
        () => 0,
      );
      return new BatchWriter(memory, pool, extents, FIRST_APP_SLOT);
    };
    this.app = writer(FIRST_APP_SLOT);
    const numbers = new PageNumbers();
    for (let i = 0; i < 8; i++) numbers.take();
    const blocks = new BlockPool(memory, MAIN, numbers, () => {});
    const block = (): number => {
      const id = blocks.take();
      initPartition(memory.page(id).words, indexOf(id) * PARTITION_WORDS, MAIN, NOT_KNOWN);
      return id;
    };
    const settings = { 'message.timeout.ms': 100_000, partitioner: 'consistent_random' } as never;
    this.topic = new MainTopic({ type: 'topic', topic: 't', block: block(), settings }, memory);
    this.topic.partitions.push(new MainPartition(this.topic, 0, block(), memory));
    this.waiting = new Waiting({
      settings: {
        'queue.buffering.max.ms': 5,
        'batch.num.messages': 10,
        'batch.size': 10_000,
        'message.max.bytes': 10_000,
      } as never,
      memory,
      writer: writer(MAIN),
      partitioner: partitionerOf('consistent_random')!,
      random: () => 0.5,
      now: () => 0,
      toApp: (op) => void this.toApp.push(op),
      ringApp: () => {},
      place: () => {},
    });
  }

  /** A record that the app has produced, in a batch of its own. */
  produce(): OpenBatch {
    const open = this.app.open(-1, 0, 1000, 64)!;
    const at = open.slab.buffer.writeInt32BE(-1, open.at);
    this.app.publish(open, writeRecord(open.slab, at, 0, 0, null, 'a', null), 1000);
    push(this.topic.words, this.topic.base + HEAD, open.id, open.words, open.base + LINK);
    this.waiting.take(this.topic);
    return open;
  }

  get relayed(): number {
    return this.toApp.filter(({ type }) => type === 'relay').length;
  }
}

test('records that waited for their topic are relayed when it is known', () => {
  const world = new World();
  world.produce();

  world.waiting.resolve(world.topic);

  expect(world.relayed).toBe(1);
});

test('a batch that the app has given up after it was sealed is not sent', () => {
  const world = new World();
  const open = world.produce();
  // Old enough to be sealed, not to expire.
  world.waiting.expire([world.topic], 10_000);
  expect(claim(open.words, open.base, open.generation)).toBe(true);

  world.waiting.resolve(world.topic);

  expect(world.relayed).toBe(0);
});
