import { expect, inject, test } from 'vitest';
import { createTopic, deleteTopic, freshTopic } from '../kit/topics.ts';

const bootstrap = inject('bootstrap');

test('a topic of the kit is there with its partitions, and once only', async () => {
  const name = await freshTopic(bootstrap, 3, { configs: { 'retention.ms': '60000' } });

  await expect(createTopic(bootstrap, name, 3)).rejects.toThrow('CreateTopics: error 36');
  await deleteTopic(bootstrap, name);
});

test('a deleted topic can be made again', async () => {
  const name = await freshTopic(bootstrap, 1);
  await deleteTopic(bootstrap, name);

  await createTopic(bootstrap, name, 2);

  await deleteTopic(bootstrap, name);
  await expect(deleteTopic(bootstrap, name)).rejects.toThrow('DeleteTopics: error 3');
});

test('a wrong property is refused with what Kafka says', async () => {
  await expect(freshTopic(bootstrap, 1, { configs: { 'no.such': '1' } })).rejects.toThrow('CreateTopics: error 40');
});
