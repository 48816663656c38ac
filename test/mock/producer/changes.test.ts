// The cluster changes under a producer: topics deleted and made again, brokers that move to another port.
import { expect, test } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import * as m from '../../../src/rdkafka_mock.ts';
import { aCluster, aProducer } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { aProxy } from '../../kit/proxy.ts';
import { produceMessages, queueMessages } from '../../kit/reports.ts';
import { KINDS, QUICK, stored, topicMadeAgain, upTo } from '../../kit/scenarios/changes.ts';

const TOPIC = 't';

test.for(KINDS)('a topic that is deleted and made again under %s gets what came meanwhile', async (kind, t) => {
  const { mock, bootstrap } = aCluster(t, 3);
  expect(m.rd_kafka_mock_topic_create(mock, TOPIC, 2, 1)).toBe(0);

  await topicMadeAgain(
    t,
    {
      bootstrap,
      topic: TOPIC,
      remove: async () => expect(m.rd_kafka_mock_topic_delete(mock, TOPIC)).toBe(0),
      create: async () => {
        expect(m.rd_kafka_mock_topic_create(mock, TOPIC, 2, 1)).toBe(0);
        // Another broker leads it now.
        m.rd_kafka_mock_partition_set_leader(mock, TOPIC, 0, 3);
      },
    },
    kind,
  );
});

test('messages for partitions that a topic has no more when it is made again fail, the others are delivered', async (t) => {
  const { mock, bootstrap } = aCluster(t, 1);
  expect(m.rd_kafka_mock_topic_create(mock, TOPIC, 4, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, ...QUICK });
  for (const partition of [0, 3]) produceMessages(p, TOPIC, partition, 0, 1);
  p.reports.all.length = 0;

  expect(m.rd_kafka_mock_topic_delete(mock, TOPIC)).toBe(0);
  for (const partition of [0, 3]) queueMessages(p, TOPIC, partition, 1, 10);
  expect(m.rd_kafka_mock_topic_create(mock, TOPIC, 2, 1)).toBe(0);
  expect(k.rd_kafka_flush(p.rk, 45_000)).toBe(0);

  const ended = (partition: number): number[] => [
    ...new Set(p.reports.all.filter((each) => each.partition === partition).map(({ err }) => err)),
  ];
  expect(p.reports.all.length).toBe(20);
  expect([ended(0), ended(3)]).toEqual([[0], [k.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION]]);
  const again = k.rd_kafka_producev(p.rk, k.RD_KAFKA_V_TOPIC(TOPIC), k.RD_KAFKA_V_PARTITION(3));
  expect(k.rd_kafka_err2name(again)).toBe('_UNKNOWN_PARTITION');
});

test('a topic that is deleted for good fails its messages when topic.metadata.propagation.max.ms is over', (t) => {
  const { mock, bootstrap } = aCluster(t, 1);
  expect(m.rd_kafka_mock_topic_create(mock, TOPIC, 1, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, ...QUICK, 'topic.metadata.propagation.max.ms': 1000 });
  produceMessages(p, TOPIC, 0, 0, 1);

  expect(m.rd_kafka_mock_topic_delete(mock, TOPIC)).toBe(0);
  queueMessages(p, TOPIC, 0, 1, 5);
  expect(k.rd_kafka_flush(p.rk, 45_000)).toBe(0);

  expect(p.reports.all.map(({ err }) => err).slice(1)).toEqual(
    Array(5).fill(k.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART),
  );
});

test.for(KINDS)(
  'a broker that moves to another port and back under %s is followed, and nothing is lost',
  async ([_kind, config, seen], t) => {
    const { mock, bootstrap } = aCluster(t, 1);
    expect(m.rd_kafka_mock_topic_create(mock, TOPIC, 1, 1)).toBe(0);
    // Each leads to it, from a port of its own.
    const proxies = [await aProxy(t, bootstrap), await aProxy(t, bootstrap)];
    const ports = proxies.map((proxy) => Number(proxy.bootstrap.split(':')[1]));
    const log: string[] = [];
    const p = aProducer(
      t,
      { 'bootstrap.servers': proxies[1]!.bootstrap, debug: 'broker', ...QUICK, ...config },
      { log: (_level, _fac, text) => void log.push(text) },
    );
    const { id } = queueMessages(p, TOPIC, 0, 0, 100);
    let seq = 100;

    for (const port of [...ports, ...ports]) {
      m.rd_kafka_mock_broker_set_host_port(mock, 1, '127.0.0.1', port);
      const from = log.length;
      pollUntil(
        `the connection to port ${port}`,
        () => {
          queueMessages(p, TOPIC, 0, seq, 20, { id });
          seq += 20;
          k.rd_kafka_poll(p.rk, 5);
        },
        // Main's, and that of the worker that produces.
        () =>
          log.slice(from).filter((text) => text.startsWith(`[thrd:127.0.0.1:${port}/1]: `) && text.includes('-> UP'))
            .length >= 2,
      );
    }
    expect(k.rd_kafka_flush(p.rk, 45_000)).toBe(0);

    p.reports.verify(upTo(0, seq).map((i) => `${id}/0/${i}`));
    expect(seen(await stored(bootstrap, TOPIC, 0))).toEqual(upTo(0, seq));
    for (const proxy of proxies) expect(proxy.count('up', m.RD_KAFKAP_Produce).came).toBeGreaterThan(0);
  },
);
