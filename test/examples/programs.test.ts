// The programs of examples/, each in a process of its own, on a mock cluster.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { beforeAll, expect, test } from 'vitest';
import {
  RD_KAFKAP_Produce,
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_broker_set_up,
  rd_kafka_mock_push_request_errors,
} from '../../src/rdkafka_mock.ts';
import { aCluster } from '../kit/builders.ts';
import { programs, type StartProgram } from '../kit/programs.ts';
import * as examples from '../kit/scenarios/examples.ts';
import * as services from '../kit/scenarios/services.ts';
import { freshTopic } from '../kit/topics.ts';

const TOPIC_AUTHORIZATION_FAILED = 29;

let start: StartProgram;
beforeAll(async () => {
  start = await programs(...examples.EXAMPLES);
});

test('the first program delivers its message', (t) => examples.first(start, aCluster(t)));

test('the HTTP service answers with the place of the message', (t) => examples.httpProducer(start, aCluster(t, 3)));

test('the HTTP service answers 503 when the brokers refuse the message', async (t) => {
  const { bootstrap, mock } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const service = start('examples/http_producer.ts', { KAFKA_BOOTSTRAP: bootstrap, KAFKA_TOPIC: topic, PORT: '0' });
  const [, url] = await service.says(/listening on (http:\S+),/);
  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Produce, 1, TOPIC_AUTHORIZATION_FAILED);

  const refused = await fetch(`${url}/orders/a`, { method: 'POST', body: 'x' });
  const accepted = await fetch(`${url}/orders/b`, { method: 'POST', body: 'y' });

  expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
    503,
    'TOPIC_AUTHORIZATION_FAILED',
  ]);
  expect(accepted.status).toBe(202);
});

test('the HTTP service delivers on SIGTERM what it has taken, and answers for it', async (t) => {
  const { bootstrap, mock } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const service = start('examples/http_producer.ts', { KAFKA_BOOTSTRAP: bootstrap, KAFKA_TOPIC: topic, PORT: '0' });
  const [, url] = await service.says(/listening on (http:\S+),/);
  expect((await fetch(`${url}/orders/a`, { method: 'POST', body: 'x' })).status).toBe(202);

  rd_kafka_mock_broker_set_down(mock, 1);
  const waiting = request(`${url}/orders/b`, { method: 'POST', headers: { expect: '100-continue' } });
  const answered = once(waiting, 'response');
  waiting.flushHeaders();
  // The service has begun with it.
  await once(waiting, 'continue');
  waiting.end('y');
  service.process.kill('SIGTERM');
  rd_kafka_mock_broker_set_up(mock, 1);

  const [response] = (await answered) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(202);
  expect(await service.ended).toBe(0);
  expect(service.out()).toContain('everything delivered');
});

test('the worker tries again what fails for now, and keeps what fails for good', (t) =>
  services.workerRetriesAndGivesUp(t, start, aCluster(t, 3)));

test('the worker ends on SIGTERM when its work is done, and the next begins where it ended', (t) =>
  services.workerEndsGracefully(t, start, aCluster(t, 3)));

test('what a worker had in hand when it was killed is done by the next', (t) =>
  services.workerIsKilled(t, start, aCluster(t, 3)));

test('the loader stores each message once, though it is killed', (t) =>
  services.loaderStoresOnce(t, start, aCluster(t, 3)));

test('the simple consumer prints the last messages and ends', (t) => examples.simpleConsumer(t, start, aCluster(t, 3)));

test('the event loop takes messages, rebalances and commits off one queue', (t) =>
  examples.eventLoop(t, start, aCluster(t, 3)));

test('the pausing consumer handles everything in order, and the next begins where it ended', (t) =>
  examples.pauseResume(t, start, aCluster(t, 3)));

test('the ported C module sends without an event loop', (t) => examples.kafkaProducer(start, aCluster(t, 3)));
