// close_async on the mock cluster.
import { type TestContext, test } from 'vitest';
import { rd_kafka_mock_set_group_consumer_heartbeat_interval_ms } from '../../../src/rdkafka_mock.ts';
import { aCluster, type TestCluster } from '../../kit/builders.ts';
import { PROTOCOLS } from '../../kit/scenarios/promise/clients.ts';
import { CLOSE_ASYNC, closedIn, leavesAtOnce, STATES } from '../../kit/scenarios/promise/close_async.ts';

function aQuickCluster(t: TestContext): TestCluster {
  const cluster = aCluster(t);
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster.mock, 200);
  return cluster;
}

for (const [name, scenario] of Object.entries(CLOSE_ASYNC)) test(name, (t) => scenario(t, aCluster(t)));

for (const state of Object.keys(STATES)) test(`a consumer ${state} is closed`, (t) => closedIn(t, aCluster(t), state));

for (const protocol of PROTOCOLS)
  test(`a consumer leaves its group at once (${protocol})`, (t) => leavesAtOnce(t, aQuickCluster(t), protocol));
