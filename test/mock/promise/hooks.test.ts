// The hooks of consumer_new on the mock cluster.
import { type TestContext, test } from 'vitest';
import { rd_kafka_mock_set_group_consumer_heartbeat_interval_ms } from '../../../src/rdkafka_mock.ts';
import { aCluster, type TestCluster } from '../../kit/builders.ts';
import { PROTOCOLS } from '../../kit/scenarios/promise/clients.ts';
import { HOOKS } from '../../kit/scenarios/promise/hooks.ts';

function aQuickCluster(t: TestContext): TestCluster {
  const cluster = aCluster(t);
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster.mock, 200);
  return cluster;
}

for (const [name, scenario] of Object.entries(HOOKS))
  for (const protocol of PROTOCOLS) test(`${name} (${protocol})`, (t) => scenario(t, aQuickCluster(t), protocol));
