// The real broker itself: another client can use it, so a red test beside this one is ours.
import type { EachMessagePayload } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { aKafkajs } from '../kit/kafkajs.ts';
import { freshTopic } from '../kit/topics.ts';

test('kafkajs gets back from the real broker what it produced', async () => {
  const topic = await freshTopic(inject('bootstrap'), 1);
  // A group on a broker that has just started takes its time to be coordinated.
  const retry = { initialRetryTime: 50, maxRetryTime: 1000, retries: 60 };
  const kafka = aKafkajs(inject('bootstrap'), { retry });
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: topic, retry });
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
  await Promise.all([consumer.disconnect(), producer.disconnect()]);
});
