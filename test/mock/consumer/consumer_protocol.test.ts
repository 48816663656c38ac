// Members of one group with group.protocol=consumer (KIP-848), on the mock cluster.
import { test } from 'vitest';
import {
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms,
  rd_kafka_mock_set_group_consumer_session_timeout_ms,
} from '../../../src/rdkafka_mock.ts';
import { aCluster } from '../../kit/builders.ts';
import { CONSUMER_PROTOCOL } from '../../kit/scenarios/consumer_protocol.ts';
import { freshTopic } from '../../kit/topics.ts';

for (const [name, scenario] of CONSUMER_PROTOCOL) {
  test(name, async (t) => {
    const { mock, bootstrap } = aCluster(t, 3);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(mock, 200);
    rd_kafka_mock_set_group_consumer_session_timeout_ms(mock, name.includes('longer than a session') ? 6000 : 30_000);
    await scenario(t, { mock, bootstrap, topic: await freshTopic(bootstrap, 4), protocol: 'consumer' });
  });
}
