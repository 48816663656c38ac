// Connections: order of answers, bad frames, brokers down and up, moved and removed.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { FakeClock } from '../../kit/fake_clock.ts';
import { twoPorts } from '../../kit/ports.ts';
import { until } from '../../kit/until.ts';
import { aMockCluster, rawClient } from './kit.ts';

const fetchOne = (maxWaitMs: number, fetchOffset = 0) => ({
  maxWaitMs,
  minBytes: 1,
  topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1e6 }] }],
});

test('a hundred pipelined requests are answered in order', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const client = rawClient(t);

  await Promise.all(Array.from({ length: 100 }, (_, i) => client.send(i % 2 ? 'Metadata' : 'ListGroups', {})));

  expect(client.answered).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

test('what follows a waiting fetch waits behind it', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ topics: { t: 1 }, clock });
  const client = rawClient(t);
  const other = rawClient(t);

  const fetched = client.send('Fetch', fetchOne(60_000), 12);
  const listed = client.send('ListGroups', {});
  await until(() => clock.timerCount === 1);
  await other.send('ListGroups', {});
  expect(client.answered).toEqual([]);
  t.commands.put(t.cluster, 't', 0, [{ value: 'x' }]);

  await Promise.all([fetched, listed]);
  expect(client.answered).toEqual([1, 2]);
});

test('a round-trip time holds answers back, but requests are done meanwhile', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ clock });
  await t.commands.mock_broker_set_rtt(t.cluster, 1, 500);
  t.commands.mock_start_request_tracking(t.cluster);
  const client = rawClient(t);

  const answers = [client.send('ListGroups', {}), client.send('ListGroups', {})];
  await until(() => t.commands.mock_get_requests(t.cluster).length === 2);
  clock.advance(499);
  expect(client.answered).toEqual([]);
  clock.advance(1);

  await Promise.all(answers);
  expect(client.answered).toEqual([1, 2]);
});

test('taking the round-trip time away lets held answers go', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ clock });
  await t.commands.mock_broker_set_rtt(t.cluster, 1, 500);
  const client = rawClient(t);
  const answer = client.send('ListGroups', {});
  await until(() => clock.timerCount === 1);

  await t.commands.mock_broker_set_rtt(t.cluster, -1, 0);

  expect((await answer).errorCode).toBe(0);
});

test.each([
  ['a negative size', [255, 255, 255, 255], 'size'],
  ['a size beyond 100 MiB', [127, 0, 0, 0], 'size'],
  ['a frame too short for its header', [0, 0, 0, 3, 0, 3, 0], 'apiVersion'],
  ['a request that nobody knows', [0, 0, 0, 10, 3, 231, 0, 0, 0, 0, 0, 1, 255, 255], 'apiKey'],
  ['a body that is cut off', [0, 0, 0, 12, 0, 3, 0, 1, 0, 0, 0, 1, 255, 255, 0, 0], 'topics'],
])('%s closes its connection with a reason, and the others go on', async (_what, bytes, field) => {
  const t = await aMockCluster();
  const good = rawClient(t);
  const bad = connect({ port: t.cluster.broker(1)?.port as number, host: '127.0.0.1' });
  bad.on('error', () => {});

  bad.write(Buffer.from(bytes));
  await once(bad, 'close');

  expect(t.complaints).toHaveLength(1);
  expect(t.complaints[0]).toContain(field);
  expect((await good.send('ListGroups', {})).errorCode).toBe(0);
});

test('a client that goes while it waits leaves nothing behind', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ topics: { t: 1 }, clock });
  const client = rawClient(t);
  client.send('Fetch', fetchOne(60_000), 12).catch(() => {});
  await until(() => clock.timerCount === 1);

  client.socket.destroy();

  await until(() => clock.timerCount === 0);
  expect(t.cluster.topics.partition('t', 0)?.waiters.size).toBe(0);
});

test('a broker that goes down cuts its clients, refuses new ones, and comes back on its port', async () => {
  const t = await aMockCluster({ brokers: 2 });
  const port = t.cluster.broker(2)?.port as number;
  const client = rawClient(t, 2);
  await client.send('ListGroups', {});

  expect(await t.commands.mock_broker_set_down(t.cluster, 2)).toBe(0);
  await client.closed;
  const refused = connect({ port, host: '127.0.0.1' });
  const [error] = await once(refused, 'error');
  const metadata = await rawClient(t, 1).send('Metadata', { topics: null });

  expect(error.code).toBe('ECONNREFUSED');
  expect(metadata.brokers.map((b) => b.nodeId)).toEqual([1]);
  expect(await t.commands.mock_broker_set_up(t.cluster, 2)).toBe(0);
  expect(t.cluster.broker(2)?.port).toBe(port);
  expect((await rawClient(t, 2).send('ListGroups', {})).errorCode).toBe(0);
});

test('no broker of that id is an error', async () => {
  const t = await aMockCluster();

  expect(await t.commands.mock_broker_set_down(t.cluster, 9)).toBe(8);
  expect(await t.commands.mock_broker_set_rtt(t.cluster, 9, 1)).toBe(8);
  expect(t.commands.mock_partition_set_leader(t.cluster, 't', 0, 9)).toBe(8);
});

test('a broker that is added takes part, and one that is decommissioned is gone', async () => {
  const t = await aMockCluster({ brokers: 1, topics: { t: 4 }, replication: 2 });

  expect(await t.commands.mock_broker_add(t.cluster, 7)).toBe(0);
  expect(await t.commands.mock_broker_add(t.cluster, 7)).toBe(-186);
  const both = await rawClient(t, 7).send('Metadata', { topics: [{ name: 't' }] });
  expect(await t.commands.mock_broker_decommission(t.cluster, 1)).toBe(0);
  const one = await rawClient(t, 7).send('Metadata', { topics: [{ name: 't' }] });

  expect(both.brokers.map((b) => b.nodeId)).toEqual([1, 7]);
  expect(new Set(both.topics[0]?.partitions.map((p) => p.leaderId))).toEqual(new Set([1, 7]));
  expect(one.brokers.map((b) => b.nodeId)).toEqual([7]);
  expect(new Set(one.topics[0]?.partitions.map((p) => p.leaderId))).toEqual(new Set([7]));
});

test('a broker that is removed from metadata still serves who knows it', async () => {
  const t = await aMockCluster({ brokers: 2, topics: { t: 2 } });
  const client = rawClient(t, 2);

  await t.commands.mock_broker_remove_from_metadata(t.cluster, 2);

  expect((await client.send('Metadata', { topics: null })).brokers.map((b) => b.nodeId)).toEqual([1]);
});

test('a broker says that it lives where it was told to say', async () => {
  const t = await aMockCluster();

  t.commands.mock_broker_set_host_port(t.cluster, 1, 'elsewhere', 99);
  await t.commands.mock_broker_set_rack(t.cluster, 1, 'r1');

  const { brokers } = await rawClient(t).send('Metadata', { topics: null });
  expect(brokers).toMatchObject([{ nodeId: 1, host: 'elsewhere', port: 99, rack: 'r1' }]);
});

test('brokers take the ports that follow the one that was asked for, or none at all', async () => {
  const port = await twoPorts();
  const first = await aMockCluster({ port: port + 1 });

  await expect(aMockCluster({ brokers: 2, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.cluster.close();
  const second = await aMockCluster({ brokers: 2, port });

  expect(second.bootstrap).toBe(`127.0.0.1:${port},127.0.0.1:${port + 1}`);
});
