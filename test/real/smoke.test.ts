// The real broker itself: another client can use it, so a red test beside this one is ours.
import { randomUUID } from 'node:crypto';
import { type EachMessagePayload, Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';

test('kafkajs gets back from the real broker what it produced', async () => {
  const kafka = new Kafka({ brokers: inject('bootstrap').split(','), logLevel: logLevel.NOTHING });
  const topic = `smoke-${randomUUID()}`;
  const admin = kafka.admin();
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: topic });
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });

  await producer.send({ topic, messages: [{ key: 'key', value: 'value', headers: { name: 'header' } }] });
  const got = await new Promise<EachMessagePayload>((resolve, reject) => {
    consumer.run({ eachMessage: async (payload) => resolve(payload) }).catch(reject);
  });

  expect(got.topic).toBe(topic);
  expect(got.message.key?.toString()).toBe('key');
  expect(got.message.value?.toString()).toBe('value');
  expect(got.message.headers?.['name']?.toString()).toBe('header');
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
});
