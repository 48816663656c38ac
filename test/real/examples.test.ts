// The programs of examples/ and the demo on a real Kafka.
import { beforeAll, expect, inject, test } from 'vitest';
import { type Order, openShop, openWarehouse } from '../../examples/testing-vitest/shop.ts';
import { startKafka } from '../../scripts/kafka.mjs';
import { twoPorts } from '../kit/ports.ts';
import { programs, type StartProgram } from '../kit/programs.ts';
import * as examples from '../kit/scenarios/examples.ts';
import * as ported from '../kit/scenarios/ported.ts';
import * as services from '../kit/scenarios/services.ts';
import { freshTopic } from '../kit/topics.ts';
import { until } from '../kit/until.ts';

const COMMAND = 'src/bin/rdkafka-ts.ts';

let start: StartProgram;
beforeAll(async () => {
  start = await programs(...examples.EXAMPLES, ...ported.PORTED, COMMAND);
});

const env = (): { bootstrap: string } => ({ bootstrap: inject('bootstrap') });

test('the first program delivers its message', () => examples.first(start, env()));

test('the HTTP service answers with the place of the message', () => examples.httpProducer(start, env()));

test('the worker tries again what fails for now, and keeps what fails for good', (t) =>
  services.workerRetriesAndGivesUp(t, start, env()));

test('the worker ends on SIGTERM when its work is done, and the next begins where it ended', (t) =>
  services.workerEndsGracefully(t, start, env()));

test('what a worker had in hand when it was killed is done by the next', (t) =>
  services.workerIsKilled(t, start, env()));

test('the loader stores each message once, though it is killed', (t) => services.loaderStoresOnce(t, start, env()));

test('the simple consumer prints the last messages and ends', (t) => examples.simpleConsumer(t, start, env()));

test('the event loop takes messages, rebalances and commits off one queue', (t) => examples.eventLoop(t, start, env()));

test('the pausing consumer handles everything in order, and the next begins where it ended', (t) =>
  examples.pauseResume(t, start, env()));

test('the ported C module sends without an event loop', () => examples.kafkaProducer(start, env()));

test('new brokers that are published are added, and get what waited', (t) => ported.discoveryAdds(t, start, env()));

test('when none of the old brokers is left the next handle delivers what waited, in order and once', (t) =>
  ported.discoveryRestarts(t, start, env()));

test('a broker that is killed and comes back on another port is followed, and nothing is lost', {
  timeout: 300_000,
}, async (t) => {
  const kafka = await startKafka();
  t.onTestFinished(() => kafka.stop());

  await ported.discoveryFollows(t, start, kafka.bootstrap, async () => {
    await kafka.brokers[0]!.restart({ port: await twoPorts() });
    return kafka.bootstrap;
  });
});

test('three consumers share six partitions, and take over from those that a signal ends within a second', (t) =>
  ported.snmpConsumers(t, start, env()));

test('the older API: batches, a full queue, and each way to say where to begin', () =>
  ported.simpleBatches(start, env()));

test('the shop of the testing examples places orders, and its warehouse ships them', async () => {
  const config = { 'bootstrap.servers': inject('bootstrap') };
  const topic = await freshTopic(inject('bootstrap'), 1);
  const shop = openShop(config, topic);
  const shipped: Order[] = [];
  const group = { ...config, 'group.id': `g-${topic}`, 'auto.offset.reset': 'earliest' } as const;
  const warehouse = openWarehouse(group, async (order) => void shipped.push(order), topic);

  const placed = await Promise.all(['a', 'b', 'c'].map((id) => shop.place({ id, item: 'a book' })));
  await until(() => shipped.length === 3, { what: () => `three orders shipped: ${JSON.stringify(shipped)}` });

  expect(placed.map(({ offset }) => offset)).toEqual([0, 1, 2]);
  expect(shipped.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  await warehouse.close();
  await shop.close();
});

test('the demo loses nothing', async () => {
  const demo = start(COMMAND, {}, ['demo', '--bootstrap', inject('bootstrap')]);

  const code = await demo.ended;

  expect(demo.out()).toContain('every message was delivered, reported once and consumed');
  expect(code).toBe(0);
});
