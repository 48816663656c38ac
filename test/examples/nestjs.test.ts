// The NestJS transport of examples/nestjs, with the real packages, on a mock cluster.
import { expect, test } from 'vitest';
import { KafkaServer } from '../../examples/nestjs/kafka_server.ts';
import { aCluster } from '../kit/builders.ts';
import { aService } from '../kit/nest.ts';
import * as nestjs from '../kit/scenarios/nestjs.ts';

test('every request gets its own answer', (t) => nestjs.requestsAreAnswered(t, aCluster(t, 3)));

test('a stream of answers keeps its order and its end, and what a handler throws is the answer', (t) =>
  nestjs.streamsAndErrors(t, aCluster(t, 3)));

test('an event that fails is handled again, in its place', (t) => nestjs.eventsAreRetried(t, aCluster(t, 3)));

test('an event that fails for good stops the server, and comes to the next', (t) =>
  nestjs.serverStops(t, aCluster(t, 3)));

test('close waits for the handler in work and delivers its answer', (t) => nestjs.closesGracefully(t, aCluster(t, 3)));

test('whoever waits for an answer hears that the client is closed', (t) => nestjs.clientCloses(t, aCluster(t, 3)));

test("it talks with Nest's own Kafka transport, both ways", (t) => nestjs.talksWithNestsOwn(t, aCluster(t, 3)));

test('the service of the example places and tracks orders', (t) => nestjs.orders(t, aCluster(t, 3)));

test('listen rejects with what is wrong with the configuration', async () => {
  const consumer = { 'bootstrap.servers': '127.0.0.1:9', 'group.id': 'g', 'session.timeout.ms': -1 };
  const app = await aService({ strategy: new KafkaServer({ consumer }) }, { events: { orders: () => {} } });

  await expect(app.listen()).rejects.toMatchObject({ name: 'KafkaError', type: '_INVALID_ARG' });
  await app.close();
});
