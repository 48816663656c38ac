// 0110: batch.size bounds the bytes of a batch, and batches come near to it.
import { expect, type TestContext } from 'vitest';
import { aProducer } from '../builders.ts';
import { readTopic } from '../read_topic.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;
const SIZE = 1000;
const BATCH_SIZE = 5000;
/** What a batch's and a record's own fields may take. */
const FRAMING = 100;

export async function batchSizeBounds(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  // Neither their number nor their age ends a batch.
  const p = aProducer(t, {
    'bootstrap.servers': bootstrap,
    'batch.size': BATCH_SIZE,
    'batch.num.messages': 100_000,
    'linger.ms': 600_000,
  });

  // Those of the first round wait for metadata, those of the second do not.
  const id = produceMessages(p, topic, 0, 0, COUNT, { size: SIZE });
  produceMessages(p, topic, 0, COUNT, COUNT, { size: SIZE, id });

  const { batches, records } = await readTopic(bootstrap, topic);
  const sizes = batches.map(({ bytes }) => bytes);
  const average = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  expect(records.length).toBe(2 * COUNT);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(BATCH_SIZE);
  expect(average).toBeGreaterThanOrEqual(BATCH_SIZE - SIZE - FRAMING);
}
