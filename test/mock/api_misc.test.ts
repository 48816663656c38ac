// The small functions of a handle, on the mock cluster: lengths, dump, threads, logs, default topic configuration.
import { expect, test } from 'vitest';
import type { Handle } from '../../src/app/handle.ts';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  RD_KAFKA_RESP_ERR__NOT_CONFIGURED,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
  RD_KAFKA_V_RKT,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_brokers_add,
  rd_kafka_consumer_poll,
  rd_kafka_default_topic_conf_dup,
  rd_kafka_destroy,
  rd_kafka_dump,
  rd_kafka_last_error,
  rd_kafka_log_print,
  rd_kafka_log_syslog,
  rd_kafka_msg_partitioner_consistent,
  rd_kafka_msg_partitioner_fnv1a,
  rd_kafka_msg_partitioner_murmur2,
  rd_kafka_msg_partitioner_murmur2_random,
  rd_kafka_msg_partitioner_random,
  rd_kafka_name,
  rd_kafka_outq_len,
  rd_kafka_poll,
  rd_kafka_producev,
  rd_kafka_set_log_level,
  rd_kafka_set_log_queue,
  rd_kafka_set_logger,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_thread_cnt,
  rd_kafka_topic_conf_dump,
  rd_kafka_topic_conf_get,
  rd_kafka_topic_conf_new,
  rd_kafka_topic_conf_set,
  rd_kafka_topic_new,
  type rd_kafka_topic_t,
  rd_kafka_type,
  rd_kafka_unittest,
  rd_kafka_unittest_async,
  rd_kafka_wait_destroyed,
  rd_kafka_wait_destroyed_async,
} from '../../src/rdkafka.ts';
import { aCluster, aConsumer, aProducer } from '../kit/builders.ts';
import { produceMessages, queueMessages } from '../kit/reports.ts';
import { freshTopic } from '../kit/topics.ts';
import { until } from '../kit/until.ts';

function dumpOf(rk: rd_kafka_t): string {
  let text = '';
  rd_kafka_dump({ write: (more) => (text += more) }, rk);
  return text;
}

test('outq_len counts messages until their report is served', async (t) => {
  const { bootstrap } = aCluster(t);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const before = rd_kafka_outq_len(p.rk);

  queueMessages(p, 'any', -1, 0, 3);
  const queued = rd_kafka_outq_len(p.rk);
  await until(() => rd_kafka_poll(p.rk, 10) >= 0 && p.reports.all.length === 3);

  expect([before, queued, rd_kafka_outq_len(p.rk)]).toEqual([0, 3, 0]);
});

test('the dump of a producer names brokers, topics, leaders and queues', (t) => {
  const { bootstrap } = aCluster(t, 2);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  produceMessages(p, 'dumped', 1, 0, 1);

  const text = dumpOf(p.rk);

  expect(text).toContain(rd_kafka_name(p.rk));
  expect(text).toMatch(/ producer: 0 messages, 0 bytes/);
  for (const [i, address] of bootstrap.split(',').entries()) expect(text).toContain(`${address}/${i + 1}`);
  expect(text).toMatch(/dumped: 4 partitions/);
  expect(text).toMatch(/\[1\] leader [12],/);
});

test('the dump of a consumer names its group and what is assigned', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 2);
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap, 'group.id': 'dumped' });
  rd_kafka_subscribe(rk, [topic]);

  await until(() => {
    rd_kafka_consumer_poll(rk, 10);
    return dumpOf(rk).includes(`${topic} [1], next offset`);
  });

  expect(dumpOf(rk)).toMatch(/ group dumped: \w+, coordinator 1\n/);
});

test('a dump of nothing writes nothing, and a dump to nowhere throws', (t) => {
  const { rk } = aProducer(t);
  let written = 0;

  rd_kafka_dump({ write: () => written++ }, null);

  expect(written).toBe(0);
  expect(() => rd_kafka_dump({} as never, rk)).toThrow('dump: fp must be an object with a function write');
});

test('threads are counted while they live', async (t) => {
  const before = rd_kafka_thread_cnt();
  const { rk } = aProducer(t);

  const during = rd_kafka_thread_cnt();
  rd_kafka_destroy(rk);
  await until(() => rd_kafka_thread_cnt() === before);

  expect([before, during]).toEqual([0, 1]);
});

test('wait_destroyed tells whether a handle is left', async (t) => {
  const { rk } = aProducer(t);

  const during = rd_kafka_wait_destroyed(1);
  const why = rd_kafka_last_error();
  const promised = rd_kafka_wait_destroyed_async();
  rd_kafka_destroy(rk);

  expect([during, why]).toEqual([-1, RD_KAFKA_RESP_ERR__TIMED_OUT]);
  await promised;
  expect(rd_kafka_wait_destroyed(0)).toBe(0);
});

test('the self-check finds nothing wrong', async () => {
  expect(rd_kafka_unittest()).toBe(0);
  expect(await rd_kafka_unittest_async()).toBe(0);
});

test('a logger that is set later gets the lines from there on', async (t) => {
  const { rk } = aProducer(t);
  const lines: string[] = [];

  rd_kafka_set_logger(rk, (_rk, level, fac, text) => void lines.push(`${level} ${fac} ${text}`));
  rd_kafka_poll(rk, 0);
  queueMessages({ rk, reports: null as never }, 'any', -1, 0, 1);
  rd_kafka_destroy(rk);

  expect(lines.some((line) => line.startsWith('4 TERMINATE [thrd:app]: 1 messages'))).toBe(true);
});

test('without a logger nothing is logged', (t) => {
  const lines: string[] = [];
  const { rk } = aProducer(t, {}, { log: (_level, _fac, text) => void lines.push(text) });
  rd_kafka_poll(rk, 0);
  lines.length = 0;

  rd_kafka_set_logger(rk, null);
  queueMessages({ rk, reports: null as never }, 'any', -1, 0, 1);
  rd_kafka_destroy(rk);

  expect(lines).toEqual([]);
});

test('the log level that is set later holds in all threads', async (t) => {
  const lines: string[] = [];
  const callbacks = { log: (level: number, fac: string) => void lines.push(`${level} ${fac}`) };
  const { rk } = aProducer(t, { log_level: 0 }, callbacks);

  rd_kafka_set_log_level(rk, 6);
  // Behind the other: the same failure is not told again for half a minute.
  rd_kafka_brokers_add(rk, '127.0.0.1:1');

  // Main's: a connection that fails.
  await until(() => rd_kafka_poll(rk, 10) >= 0 && lines.includes('3 FAIL'));
});

test('log_print and log_syslog write to stderr and refuse what is no text', (t) => {
  const { rk } = aProducer(t);

  rd_kafka_log_print(null, 6, 'TEST', 'a line of api_misc.test.ts');
  rd_kafka_log_syslog(rk, 6, 'TEST', 'another line of api_misc.test.ts');

  expect(() => rd_kafka_log_print(rk, 6, 'TEST', 7 as never)).toThrow('log_print: buf must be a string');
  expect(() => rd_kafka_log_syslog(rk, 0.5, 'TEST', '')).toThrow('log_syslog: level must be an integer');
});

test('set_log_queue wants log.queue', (t) => {
  const without = rd_kafka_set_log_queue(aProducer(t).rk, null);
  const main = rd_kafka_set_log_queue(aProducer(t, { 'log.queue': true }).rk, null);

  expect([without, main]).toEqual([RD_KAFKA_RESP_ERR__NOT_CONFIGURED, 0]);
});

test('the default topic configuration can be had, and changed without changing the handle', (t) => {
  const { rk } = aProducer(t, { 'message.timeout.ms': 4321 });
  const value = (conf = rd_kafka_default_topic_conf_dup(rk)): string | undefined => {
    const dest = out<string>();
    expect(rd_kafka_topic_conf_get(conf, 'message.timeout.ms', dest)).toBe(RD_KAFKA_CONF_OK);
    return dest.value;
  };

  rd_kafka_topic_conf_set(rd_kafka_default_topic_conf_dup(rk), 'message.timeout.ms', '99');

  expect(value()).toBe('4321');
});

test('type gives what new was given', (t) => {
  expect([rd_kafka_type(aProducer(t).rk), rd_kafka_type(aConsumer(t))]).toEqual([0, 1]);
});

test('the built-in partitioners give what librdkafka gives', (t) => {
  const { rk } = aProducer(t);
  const rkt = rd_kafka_topic_new(rk, 'any', null) as rd_kafka_topic_t;

  expect(rd_kafka_msg_partitioner_consistent(rkt, '123456789', 1000, null, null)).toBe(0xcbf43926 % 1000);
  expect(rd_kafka_msg_partitioner_consistent(rkt, null, 1000, null, null)).toBe(0);
  expect(rd_kafka_msg_partitioner_murmur2(rkt, 'kafka', 1000, null, null)).toBe((0xd067cf64 & 0x7fffffff) % 1000);
  expect(rd_kafka_msg_partitioner_murmur2(rkt, null, 1000, null, null)).toBe(0x106e08d9 % 1000);
  expect(rd_kafka_msg_partitioner_murmur2_random(rkt, '', 1000, null, null)).toBe(0x106e08d9 % 1000);
  expect(rd_kafka_msg_partitioner_fnv1a(rkt, 'kafka', 1000, null, null)).toBe(0x0d33c4e1 % 1000);
  expect(rd_kafka_msg_partitioner_random(rkt, 'k', 1, null, null)).toBe(0);
  expect(() => rd_kafka_msg_partitioner_random(rkt, 'k', 0, null, null)).toThrow(RangeError);
});

test('a produce call that throws has made no topic', (t) => {
  const { rk } = aProducer(t);
  const topics = (): string[] => [...(rk as unknown as Handle).topics.keys()];

  expect(() => rd_kafka_producev(rk, RD_KAFKA_V_TOPIC('new'), RD_KAFKA_V_VALUE(42 as never))).toThrow(TypeError);
  expect(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC('new'), { vtype: 99 } as never)).toBe(RD_KAFKA_RESP_ERR__INVALID_ARG);

  expect(topics()).toEqual([]);
});

test('a topic handle of another client is refused by producev', (t) => {
  const { rk } = aProducer(t);
  const rkt = rd_kafka_topic_new(aProducer(t).rk, 't', null)!;

  expect(() => rd_kafka_producev(rk, RD_KAFKA_V_RKT(rkt))).toThrow('RD_KAFKA_V_RKT must be a topic of rk');
  expect(() => rd_kafka_producev(rk, { topic: rkt })).toThrow('message.topic must be a topic of rk');
  expect(rd_kafka_outq_len(rk)).toBe(0);
});

test('a second configuration of a topic is dropped unread', (t) => {
  const { rk } = aProducer(t, { 'linger.ms': 1000 });
  const first = rd_kafka_topic_new(rk, 't', null);
  const conf = rd_kafka_topic_conf_new();
  rd_kafka_topic_conf_set(conf, 'message.timeout.ms', '1');

  expect(rd_kafka_topic_new(rk, 't', conf)).toBe(first);
  expect(() => rd_kafka_topic_conf_dump(conf)).toThrow(TypeError);
});
