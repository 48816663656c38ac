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

  /** `partitioner` of the topic, which has four partitions; each draw is the next of them. */
  constructor(partitioner = 'consistent_random', stickyMs = 10) {
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
    const settings = { 'message.timeout.ms': 100_000, partitioner } as never;
    this.topic = new MainTopic({ type: 'topic', topic: 't', block: block(), settings }, memory);
    for (let i = 0; i < 4; i++) this.topic.partitions.push(new MainPartition(this.topic, i, block(), memory));
    let draws = 0;
    this.waiting = new Waiting({
      settings: {
        'queue.buffering.max.ms': 5,
        'batch.num.messages': 10,
        'batch.size': 10_000,
        'message.max.bytes': 10_000,
        'sticky.partitioning.linger.ms': stickyMs,
      } as never,
      memory,
      writer: writer(MAIN),
      partitioner: partitionerOf('consistent_random')!,
      random: () => (draws++ % 4) / 4,
      now: () => 0,
      toApp: (op) => void this.toApp.push(op),
      ringApp: () => {},
      place: () => {},
    });
  }

  /** Records that the app has produced, in a batch of their own: one for each key. */
  produce(keys: readonly (string | null)[] = [null]): OpenBatch {
    const open = this.app.open(-1, 0, 1000, 64)!;
    keys.forEach((key, i) => {
      const at = open.slab.buffer.writeInt32BE(-1, open.at);
      this.app.publish(open, writeRecord(open.slab, at, 0, i, key, 'a', null), 1000);
    });
    push(this.topic.words, this.topic.base + HEAD, open.id, open.words, open.base + LINK);
    this.waiting.take(this.topic);
    return open;
  }

  get relayed(): number {
    return this.partitions.length;
  }

  /** Of the batches that were relayed. */
  get partitions(): number[] {
    return this.toApp.flatMap((op) => (op.type === 'relay' ? [op.partition] : []));
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

test.each([
  ['records without a key stay together', 'random', 10, null, [0]],
  ['with sticky.partitioning.linger.ms=0 each goes its own way', 'random', 0, null, [0, 1, 2]],
  ['records with an empty key stay together by consistent_random', 'consistent_random', 10, '', [0]],
  ['by random an empty key is a key, and sticks to nothing', 'random', 10, '', [0, 1, 2]],
])('%s', (_, partitioner, stickyMs, key, partitions) => {
  const world = new World(partitioner, stickyMs);
  world.produce([key, key, key]);

  world.waiting.resolve(world.topic);

  expect(world.partitions).toEqual(partitions);
});
