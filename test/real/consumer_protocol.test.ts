// Groups with group.protocol=consumer (KIP-848) on a real Kafka.
import { inject, test } from 'vitest';
import { CONSUMER_PROTOCOL } from '../kit/scenarios/consumer_protocol.ts';
import { freshTopic } from '../kit/topics.ts';

for (const [name, scenario] of CONSUMER_PROTOCOL) {
  test(name, async (t) => {
    const bootstrap = inject('bootstrap');
    await scenario(t, { bootstrap, topic: await freshTopic(bootstrap, 4), protocol: 'consumer' });
  });
}
