// A cluster of three brokers, each in a rack of its own, on a real Kafka: who is fetched from, and what changes under a
// producer: topics deleted and made again, brokers that come back elsewhere, and all brokers that the client knows of gone,
// so that only the bootstrap servers can help.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type KafkaCluster, startKafka } from '../../scripts/kafka.mjs';
import * as k from '../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../kit/builders.ts';
import { consumeMessages } from '../kit/consuming.ts';
import { MsgVer } from '../kit/msgver.ts';
import { twoPorts } from '../kit/ports.ts';
import { produceMessages, queueMessages } from '../kit/reports.ts';
import { KINDS, QUICK, stored, topicMadeAgain, upTo } from '../kit/scenarios/changes.ts';
import { createTopic, deleteTopic, freshTopic } from '../kit/topics.ts';

const BROKERS = 3;
const COUNT = 100;
/** For three brokers to start, or to start again, on a machine that has much else to do. */
const START_MS = 300_000;
const FLUSH_MS = 60_000;

test.for(KINDS)('a topic that is deleted and made again under %s gets what came meanwhile', async (kind, t) => {
  const bootstrap = inject('bootstrap');
  const topic = await freshTopic(bootstrap, 2);

  await topicMadeAgain(
    t,
    {
      bootstrap,
      topic,
      remove: () => deleteTopic(bootstrap, topic),
      create: () => createTopic(bootstrap, topic, 2),
    },
    kind,
  );

  await deleteTopic(bootstrap, topic);
});

let kafka: KafkaCluster;
beforeAll(async () => {
  const selector = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';
  kafka = await startKafka({
    brokers: BROKERS,
    config: { 'broker.rack': 'rack-%id%', 'replica.selector.class': selector },
  });
}, START_MS);
afterAll(() => kafka?.stop());

test.for([0, 1, 2])('a consumer in the rack of replica %i fetches from that one', async (replica, t) => {
  const topic = await freshTopic(kafka.bootstrap, 1, { replication: BROKERS });
  const p = aProducer(t, { 'bootstrap.servers': kafka.bootstrap, ...QUICK });
  const id = produceMessages(p, topic, 0, 0, COUNT);
  const near = kafka.brokers[replica]!.id;
  const c = aConsumer(t, { 'bootstrap.servers': kafka.bootstrap, 'client.rack': `rack-${near}` });
  k.rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }]);
  const got = new MsgVer(id).expect(0, 0, 2 * COUNT);
  const from: number[] = [];

  consumeMessages(c, got, COUNT, { each: (message) => from.push(k.rd_kafka_message_broker_id(message)) });
  produceMessages(p, topic, 0, COUNT, COUNT, { id });
  consumeMessages(c, got, COUNT, { each: (message) => from.push(k.rd_kafka_message_broker_id(message)) });

  got.verify('from the nearest replica');
  expect(new Set(from)).toEqual(new Set([near]));
});

/** Ports that nobody has, one for each broker. */
async function otherPorts(): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < BROKERS) ports.add(await twoPorts());
  return [...ports];
}

const addresses = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join(',');

test('brokers that come back on other ports, one after the other, are followed, and nothing is lost', {
  timeout: START_MS,
}, async (t) => {
  const topic = await freshTopic(kafka.bootstrap, 1, { replication: BROKERS });
  const p = aProducer(t, { 'bootstrap.servers': kafka.bootstrap, 'enable.idempotence': true, ...QUICK });
  const { id } = queueMessages(p, topic, 0, 0, 100);
  let seq = 100;

  const ports = await otherPorts();
  for (const [i, broker] of kafka.brokers.entries()) {
    const moved = { value: false };
    const moving = broker.restart({ port: ports[i]! }).finally(() => {
      moved.value = true;
    });
    while (!moved.value) {
      queueMessages(p, topic, 0, seq, 20, { id });
      seq += 20;
      await k.rd_kafka_poll_async(p.rk, 50);
    }
    await moving;
  }
  await k.rd_kafka_flush_async(p.rk, FLUSH_MS);

  p.reports.verify(upTo(0, seq).map((each) => `${id}/0/${each}`));
  expect(await stored(kafka.bootstrap, topic, 0)).toEqual(upTo(0, seq));
});

test('when all known brokers are gone the bootstrap servers are asked again, and nothing is lost', {
  timeout: START_MS,
}, async (t) => {
  const topic = await freshTopic(kafka.bootstrap, 1, { replication: BROKERS });
  const ports = await otherPorts();
  const log: string[] = [];
  const servers = `${kafka.bootstrap},${addresses(ports)}`;
  const p = aProducer(
    t,
    { 'bootstrap.servers': servers, 'enable.idempotence': true, debug: 'broker', ...QUICK },
    { log: (_level, fac) => void log.push(fac) },
  );
  const id = produceMessages(p, topic, 0, 0, 100);

  queueMessages(p, topic, 0, 100, 100, { id });
  await Promise.all(kafka.brokers.map((broker, i) => broker.restart({ port: ports[i]! })));
  queueMessages(p, topic, 0, 200, 100, { id });
  await k.rd_kafka_flush_async(p.rk, FLUSH_MS);

  p.reports.verify(upTo(0, 300).map((each) => `${id}/0/${each}`));
  expect(await stored(kafka.bootstrap, topic, 0)).toEqual(upTo(0, 300));
  expect(log).toContain('REBOOTSTRAP');
});
