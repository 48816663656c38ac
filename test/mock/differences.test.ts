// Rows of docs/differences.md that no other test holds; test/differences.test.ts names the test of each row.
import { expect, test } from 'vitest';
import * as k from '../../src/rdkafka.ts';
import * as m from '../../src/rdkafka_mock.ts';
import { aCluster, aConf, aConsumer, aHandle, aProducer } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { readTopic } from '../kit/read_topic.ts';

test.for([
  ['without flags', 0],
  ['with F_COPY', k.RD_KAFKA_MSG_F_COPY],
  ['with F_FREE', k.RD_KAFKA_MSG_F_FREE],
] as const)('%s a payload may be changed as soon as produce has returned', async ([_what, flags], t) => {
  const { bootstrap } = aCluster(t, 1);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 1000 });
  const rkt = k.rd_kafka_topic_new(rk, 't', null)!;
  const [payload, key] = [Buffer.from('value'), Buffer.from('key')];

  expect(k.rd_kafka_produce(rkt, 0, flags, payload, key)).toBe(0);
  payload.fill('x');
  key.fill('x');
  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);

  const { records } = await readTopic(bootstrap, 't');
  expect(records.map((record) => [String(record.key), String(record.value)])).toEqual([['key', 'value']]);
});

test('what a consumer has given stays as it was, in memory of its own', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const { rk: producer } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const texts = Array.from({ length: 3000 }, (_, i) => `${i}`.padEnd(100, '.'));
  for (const value of texts) k.rd_kafka_producev(producer, { topic: 't', value, partition: 0 });
  expect(k.rd_kafka_flush(producer, 45_000)).toBe(0);
  const consumer = aConsumer(t, { 'bootstrap.servers': bootstrap, 'fetch.message.max.bytes': 20_000 });
  k.rd_kafka_assign(consumer, [{ topic: 't', partition: 0, offset: 0 }]);
  const kept: Buffer[] = [];

  const poll = (): void => {
    const message = k.rd_kafka_consumer_poll(consumer, 200);
    if (message?.err === 0) kept.push(message.payload as Buffer);
  };
  pollUntil('all messages', poll, () => kept.length === texts.length);

  expect(kept.map(String)).toEqual(texts);
  expect(kept.some(({ buffer }) => Object.prototype.toString.call(buffer) !== '[object ArrayBuffer]')).toBe(false);
});

test('the text of a report that failed is that of its error, not the payload', (t) => {
  const texts: (string | null)[] = [];
  const conf = aConf(t, { 'bootstrap.servers': '127.0.0.1:1' });
  k.rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => {
    texts.push(k.rd_kafka_message_errstr(message));
  });
  const rk = aHandle(t, k.RD_KAFKA_PRODUCER, conf);
  k.rd_kafka_producev(rk, { topic: 't', value: 'the payload' });

  k.rd_kafka_purge(rk, k.RD_KAFKA_PURGE_F_QUEUE);
  pollUntil(
    'the report',
    () => k.rd_kafka_poll(rk, 200),
    () => texts.length > 0,
  );

  expect(texts).toEqual([k.rd_kafka_err2str(k.RD_KAFKA_RESP_ERR__PURGE_QUEUE)]);
});

test('a topic that a broker has refused once is tried again by the next message', (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  m.rd_kafka_mock_topic_create(mock, 't', 1, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const denied = k.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  m.rd_kafka_mock_partition_push_request_errors(mock, 't', 0, m.RD_KAFKAP_Produce, 1, denied);

  for (let i = 0; i < 2; i++) {
    expect(k.rd_kafka_producev(p.rk, { topic: 't', value: `${i}` })).toBe(0);
    expect(k.rd_kafka_flush(p.rk, 45_000)).toBe(0);
  }

  expect(p.reports.all.map(({ err }) => err)).toEqual([denied, 0]);
});

test('a handle stays with its thread: it cannot be sent to another', (t) => {
  const { rk } = aProducer(t);

  expect(() => structuredClone(rk)).toThrow();
});

test('destroy says in the log how many messages it purges', (t) => {
  const lines: string[] = [];
  const log = (_level: number, _fac: string, text: string): void => void lines.push(text);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': '127.0.0.1:1' }, { log });
  for (let i = 0; i < 3; i++) k.rd_kafka_producev(rk, { topic: 't', value: `${i}` });

  k.rd_kafka_destroy(rk);

  expect(lines.filter((line) => /^\[thrd:app\]: 3 messages were not delivered/.test(line))).toHaveLength(1);
  expect(reports.errors).toEqual(['_PURGE_QUEUE']);
});

test('1000 log lines wait for a call that serves log_cb, and one more says how many did not', (t) => {
  const lines: string[] = [];
  const log = (_level: number, fac: string, text: string): void => void lines.push(`${fac} ${text}`);
  const { rk } = aProducer(t, { 'linger.ms': 1000 }, { log });
  k.rd_kafka_poll(rk, 0);
  lines.length = 0;
  const conf = k.rd_kafka_topic_conf_new();
  k.rd_kafka_topic_conf_set(conf, 'message.timeout.ms', '1');

  // Each is refused with a line, and the conf stays ours.
  for (let i = 0; i < 1010; i++) expect(k.rd_kafka_topic_new(rk, `t${i}`, conf)).toBe(null);
  expect(lines).toEqual([]);
  k.rd_kafka_poll(rk, 0);

  expect([lines.length, lines.at(-1)]).toEqual([1001, 'LOGDROP [thrd:app]: 10 lines dropped']);
});

test('a fraction of a millisecond is taken for linger.ms, and messages go out', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 0.25 });

  for (let i = 0; i < 10; i++) {
    k.rd_kafka_producev(rk, { topic: 't', value: `${i}` });
    k.rd_kafka_poll(rk, 1);
  }

  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);
});

test('mock brokers listen where no system gives ports to connections of its own', (t) => {
  const { bootstrap } = aCluster(t, 5);

  const ports = bootstrap.split(',').map((address) => Number(address.split(':')[1]));

  expect(ports.filter((port) => port < 13_000 || port >= 32_000)).toEqual([]);
});
