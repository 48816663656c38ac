// Properties of every client, as an application sees them: what log lines begin with, which topics there are, by which
// names servers are called.
import { lookupService } from 'node:dns';
import { expect, type TestContext, test } from 'vitest';
import * as k from '../../src/rdkafka.ts';
import * as m from '../../src/rdkafka_mock.ts';
import { aCluster, aConsumer, aProducer, type Config, type TestProducer } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { produceMessages, queueMessages } from '../kit/reports.ts';
import { requestsOf } from '../kit/requests_seen.ts';
import { metadataNow } from '../kit/scenarios/metadata.ts';

/** A producer and the texts that it logs. */
function aLogging(t: TestContext, config: Config): { p: TestProducer; texts: string[] } {
  const texts: string[] = [];
  const p = aProducer(t, config, { log: (_level, _fac, text) => void texts.push(text) });
  return { p, texts };
}

test('log lines begin with the thread that they are of', (t) => {
  const { mock, bootstrap } = aCluster(t, 1);
  m.rd_kafka_mock_topic_create(mock, 't', 1, 1);
  const other = aCluster(t, 1);
  const { p, texts } = aLogging(t, {
    'bootstrap.servers': bootstrap,
    debug: 'broker',
    'socket.send.buffer.bytes': 1,
    'message.timeout.ms': 45_000,
  });
  produceMessages(p, 't', 0, 0, 1);
  // A cluster of another id: main tells it.
  m.rd_kafka_mock_broker_set_down(mock, -1);
  k.rd_kafka_brokers_add(p.rk, other.bootstrap);
  queueMessages(p, 't', 0, 1, 1);

  pollUntil(
    'a line of main',
    () => k.rd_kafka_poll(p.rk, 50),
    () => texts.some((text) => text.includes('several clusters')),
  );

  const thread = (part: string): string | undefined =>
    /^\[thrd:([^\]]+)\]: /.exec(texts.find((text) => text.includes(part)) ?? '')?.[1];
  expect(texts.filter((text) => !/^\[thrd:[^\]]+\]: ./.test(text))).toEqual([]);
  expect([thread('socket.send.buffer.bytes'), thread('several clusters')]).toEqual(['app', 'main']);
  expect(thread(`${bootstrap}/1: `)).toBe(`${bootstrap}/1`);
});

test('with log.thread.name=false they do not', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const config = { 'bootstrap.servers': bootstrap, debug: 'broker', 'socket.send.buffer.bytes': 1 };
  const { p, texts } = aLogging(t, { ...config, 'log.thread.name': false });

  produceMessages(p, 'any', 0, 0, 1);
  k.rd_kafka_poll(p.rk, 0);

  expect(texts.length).toBeGreaterThan(3);
  expect(texts.filter((text) => text.includes('thrd:'))).toEqual([]);
});

test('messages for topics of topic.blacklist fail as those for topics that do not exist', (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  for (const topic of ['secret', 'open']) m.rd_kafka_mock_topic_create(mock, topic, 1, 1);
  const p = aProducer(t, {
    'bootstrap.servers': bootstrap,
    'topic.blacklist': '^sec,^other$',
    'topic.metadata.propagation.max.ms': 500,
    'retry.backoff.ms': 10,
  });

  queueMessages(p, 'secret', k.RD_KAFKA_PARTITION_UA, 0, 2);
  queueMessages(p, 'open', k.RD_KAFKA_PARTITION_UA, 2, 2);
  expect(k.rd_kafka_flush(p.rk, 45_000)).toBe(0);

  const ended = (topic: string): number[] => p.reports.all.filter((each) => each.topic === topic).map(({ err }) => err);
  expect(ended('open')).toEqual([0, 0]);
  expect(ended('secret')).toEqual([k.RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, k.RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC]);
  expect(metadataNow(p.rk, true).topics.map(({ topic }) => topic)).toContain('secret');
});

test('a consumer has no part in topics of topic.blacklist, and hears nothing of them', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (const topic of ['secret', 'open']) produceMessages(p, topic, 0, 0, 3);
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap, 'topic.blacklist': 'secret' });
  const got: [string | null, number][] = [];

  expect(k.rd_kafka_subscribe(rk, ['secret', 'open'])).toBe(0);
  pollUntil(
    'three messages',
    () => {
      const message = k.rd_kafka_consumer_poll(rk, 100);
      if (message !== null) got.push([message.topic, message.err]);
    },
    () => got.length >= 3,
  );

  expect(got).toEqual(Array.from({ length: 3 }, () => ['open', 0]));
  const partitions = k.out<k.rd_kafka_topic_partition_list_t>();
  expect(k.rd_kafka_assignment(rk, partitions)).toBe(0);
  expect(new Set(partitions.value.elems.map(({ topic }) => topic))).toEqual(new Set(['open']));
});

test('with enable.sparse.connections=false there is a connection to each broker, made again when it breaks', (t) => {
  const { bootstrap, mock } = aCluster(t, 3);
  m.rd_kafka_mock_start_request_tracking(mock);
  const { rk } = aProducer(t, {
    'bootstrap.servers': bootstrap.split(',')[0] as string,
    'enable.sparse.connections': false,
    'reconnect.backoff.ms': 10,
    'reconnect.backoff.max.ms': 50,
  });
  const connected = (): number[] => requestsOf(mock, m.RD_KAFKAP_ApiVersion);
  const reach = (ids: readonly number[]): void =>
    pollUntil(
      `connections to ${ids}`,
      () => k.rd_kafka_poll(rk, 20),
      () => ids.every((id) => connected().includes(id)),
    );
  reach([1, 2, 3]);

  m.rd_kafka_mock_broker_set_down(mock, 3);
  m.rd_kafka_mock_clear_requests(mock);
  m.rd_kafka_mock_broker_set_up(mock, 3);
  reach([3]);

  expect(connected()).not.toContain(1);
});

test('bootstrap servers go by their canonical names where client.dns.lookup says so, others do not', async (t) => {
  const { bootstrap, mock } = aCluster(t, 2);
  const [first, second] = bootstrap.split(',') as [string, string];
  const own = await new Promise<string>((resolve) => {
    lookupService('127.0.0.1', 0, (error, name) => resolve(error === null ? name : '127.0.0.1'));
  });
  const name = `${own}:${first.split(':')[1]}`;
  m.rd_kafka_mock_broker_set_down(mock, 2);
  const { p, texts } = aLogging(t, {
    'bootstrap.servers': first,
    'client.dns.lookup': 'resolve_canonical_bootstrap_servers_only',
    'broker.address.family': 'v4',
    debug: 'broker',
    'reconnect.backoff.max.ms': 100,
  });
  k.rd_kafka_brokers_add(p.rk, second);

  produceMessages(p, 'any', 0, 0, 1);

  const names = new Set(texts.flatMap((text) => /^\[thrd:(\S+)\/bootstrap\]/.exec(text)?.[1] ?? []));
  expect([...names].filter((each) => each !== second)).toEqual([name]);
});

test('a bootstrap server whose name is unknown is told and tried by that name', (t) => {
  const { p, texts } = aLogging(t, {
    'bootstrap.servers': 'no-such-host.invalid:1',
    'client.dns.lookup': 'resolve_canonical_bootstrap_servers_only',
  });

  pollUntil(
    'both lines',
    () => k.rd_kafka_poll(p.rk, 50),
    () =>
      texts.some((text) => text.startsWith("[thrd:main]: Failed to resolve 'no-such-host.invalid'")) &&
      texts.some((text) => text.startsWith('[thrd:no-such-host.invalid:1/bootstrap]: ')),
  );
});
