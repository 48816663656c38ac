// Memory of large fetch answers goes round: received by the worker, walked here, given back, received into again.
import { expect, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as k from '../../../src/rdkafka.ts';
import { aCluster, aConsumer, aProducer } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { freshTopic } from '../../kit/topics.ts';

const VALUE = Buffer.alloc(100_000, 'x');

function produce(rk: k.rd_kafka_t, topic: string, count: number): void {
  for (let i = 0; i < count; i++) expect(k.rd_kafka_producev(rk, { topic, value: VALUE, partition: 0 })).toBe(0);
  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);
}

/** Polls `count` messages; gives how large the memory was that the first one's answer had been received into. */
function consume(rk: k.rd_kafka_t, count: number): number {
  let got = 0;
  let bytes = 0;
  const poll = (): void => {
    const message = k.rd_kafka_consumer_poll(rk, 200);
    if (message === null) return;
    expect([message.err, message.payload?.equals(VALUE)]).toEqual([0, true]);
    if (++got > 1) return;
    // The next message of the same answer keeps it in the queue.
    const queue = (rk as unknown as Handle).consumer!.queue as any;
    bytes = queue.items[queue.head].block.views[0].buffer.byteLength;
  };
  pollUntil(`${count} messages`, poll, () => got === count);
  return bytes;
}

test('a later answer is received into the memory of one that was walked', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: producer } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 10_000 });
  produce(producer, topic, 8);
  const consumer = aConsumer(t, { 'bootstrap.servers': bootstrap });
  k.rd_kafka_assign(consumer, [{ topic, partition: 0, offset: 0 }]);

  const large = consume(consumer, 8);
  expect(large).toBeGreaterThan(800_000);
  let later = 0;
  // The answer may be there before the memory is back at the worker; then the next one finds it.
  const again = (): void => {
    produce(producer, topic, 2);
    later = consume(consumer, 2);
  };
  pollUntil('an answer in used memory', again, () => later === large, 20_000);
});
