// The ported programs of examples/, each in processes of its own, on mock clusters whose brokers move.
import { beforeAll, expect, test } from 'vitest';
import {
  rd_kafka_mock_broker_add,
  rd_kafka_mock_broker_decommission,
  rd_kafka_mock_broker_set_down,
} from '../../src/rdkafka_mock.ts';
import { aCluster } from '../kit/builders.ts';
import { programs, type StartProgram } from '../kit/programs.ts';
import { aProxy } from '../kit/proxy.ts';
import { withClient } from '../kit/raw_client.ts';
import * as ported from '../kit/scenarios/ported.ts';

let start: StartProgram;
beforeAll(async () => {
  start = await programs(...ported.PORTED);
});

test('new brokers that are published are added, and get what waited', (t) =>
  ported.discoveryAdds(t, start, aCluster(t, 3)));

test('when none of the old brokers is left the next handle delivers what waited, in order and once', (t) =>
  ported.discoveryRestarts(t, start, aCluster(t, 3)));

test('a list that makes no sense is told, and changes nothing', (t) =>
  ported.discoveryRefuses(t, start, aCluster(t, 1)));

test('brokers that move to other ports while messages come are followed, and nothing is lost', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  // Two ways to the cluster, each with an address of its own in what the brokers say.
  const [before, after] = [await aProxy(t, bootstrap), await aProxy(t, bootstrap)];

  await ported.discoveryFollows(t, start, before.bootstrap, async () => {
    before.refuse();
    return after.bootstrap;
  });
});

test('requests that nobody answers when the brokers move are not lost', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const [before, after] = [await aProxy(t, bootstrap), await aProxy(t, bootstrap)];

  await ported.discoveryFollows(t, start, before.bootstrap, async () => {
    before.hold('down'); // done, and never answered
    return after.bootstrap;
  });
});

test('a cluster that is exchanged broker by broker is followed, and nothing is lost', async (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  const addressOf = (from: string, id: number): Promise<string> =>
    withClient(from, 45_000, async (client) => {
      const { brokers } = await client.send('Metadata', { topics: [], allowAutoTopicCreation: false }, 4);
      const { host, port } = brokers.find(({ nodeId }) => nodeId === id)!;
      return `${host}:${port}`;
    });

  await ported.discoveryFollows(t, start, bootstrap, async () => {
    expect(rd_kafka_mock_broker_add(mock, 2)).toBe(0);
    const next = await addressOf(bootstrap, 2);
    expect(rd_kafka_mock_broker_set_down(mock, 1)).toBe(0);
    expect(rd_kafka_mock_broker_decommission(mock, 1)).toBe(0);
    return next;
  });
});

test('a signal ends the sender within a second, and what is not delivered is reported', () =>
  ported.discoveryStops(start));

test('while the queue is full brokers are looked for, and signals taken', { timeout: 300_000 }, (t) =>
  ported.discoveryFullQueue(t, start, aCluster(t, 1)),
);

test('three consumers share six partitions, and take over from those that a signal ends within a second', (t) =>
  ported.snmpConsumers(t, start, aCluster(t, 3)));

test('a signal ends a consumer whose brokers are gone within a second', (t) => {
  const { bootstrap, mock } = aCluster(t, 3);
  return ported.snmpStopsWithoutBrokers(t, start, { bootstrap }, () => {
    expect(rd_kafka_mock_broker_set_down(mock, -1)).toBe(0);
  });
});

test('the older API: batches, a full queue, and each way to say where to begin', (t) =>
  ported.simpleBatches(start, aCluster(t, 3)));

test('a signal ends the older API in its waiting', () => ported.simpleBatchesStops(start));
