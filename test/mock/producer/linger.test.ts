import { expect, test } from 'vitest';
import { rd_kafka_outq_len, rd_kafka_poll } from '../../../src/rdkafka.ts';
import { aCluster, aProducer } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { queueMessages } from '../../kit/reports.ts';
import { freshTopic } from '../../kit/topics.ts';

test('linger.ms counts from produce for messages of a topic that is not known yet', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const lingerMs = 2000;
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': lingerMs });

  const from = performance.now();
  queueMessages(p, topic, 0, 0, 50);
  pollUntil(
    'all reports',
    () => rd_kafka_poll(p.rk, 100),
    () => rd_kafka_outq_len(p.rk) === 0,
  );

  // A timer may be early by a fraction of a millisecond.
  expect(performance.now() - from).toBeGreaterThanOrEqual(lingerMs - 5);
});
