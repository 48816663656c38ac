// All tags of producev and produceva, what they refuse, and all that a report tells.
import { expect } from 'vitest';
import * as rk from '../../../src/index.ts';
import { openProducer, pollUntil } from '../producing.ts';
import { readTopic } from '../read_topic.ts';
import type { ScenarioEnv } from './producer.ts';

type Tags = Parameters<typeof rk.produceva>[1];

/** By producev, and by produceva: 0 or the error. */
const WAYS: readonly ((handle: rk.rd_kafka_t, tags: Tags) => number)[] = [
  (handle, tags) => rk.producev(handle, ...tags, rk.RD_KAFKA_V_END),
  (handle, tags) => {
    const error = rk.produceva(handle, tags);
    return error === null ? 0 : rk.error_code(error);
  },
];

function headersOf(name: string): rk.rd_kafka_headers_t {
  const headers = rk.headers_new(1);
  rk.header_add(headers, name, 'in a list');
  return headers;
}

/** Each tag arrives where it belongs; of two that say the same the later holds. */
export async function everyTag(env: ScenarioEnv): Promise<void> {
  const { handle, reports } = openProducer({ 'bootstrap.servers': env.bootstrap });
  const rkt = rk.topic_new(handle, env.topic, null)!;
  const own = Date.now() - 3_600_000;
  for (const [i, produce] of WAYS.entries()) {
    const all = [
      rk.RD_KAFKA_V_TOPIC(env.topic),
      rk.RD_KAFKA_V_PARTITION(1),
      rk.RD_KAFKA_V_KEY('key'),
      rk.RD_KAFKA_V_VALUE('value'),
      rk.RD_KAFKA_V_OPAQUE(`first ${i}`),
      rk.RD_KAFKA_V_MSGFLAGS(rk.RD_KAFKA_MSG_F_COPY),
      rk.RD_KAFKA_V_TIMESTAMP(own),
      rk.RD_KAFKA_V_HEADER('a', '1'),
      rk.RD_KAFKA_V_HEADER('a', null),
    ];
    const list = [
      rk.RD_KAFKA_V_TOPIC('not this one'),
      rk.RD_KAFKA_V_RKT(rkt),
      rk.RD_KAFKA_V_PARTITION(3),
      rk.RD_KAFKA_V_PARTITION(1),
      rk.RD_KAFKA_V_TIMESTAMP(own),
      rk.RD_KAFKA_V_HEADERS(headersOf('b')),
      rk.RD_KAFKA_V_OPAQUE(`second ${i}`),
    ];
    expect([produce(handle, all), produce(handle, list)]).toEqual([0, 0]);
  }
  expect(rk.flush(handle, 20_000)).toBe(0);
  rk.topic_destroy(rkt);
  rk.destroy(handle);

  expect(reports.map(({ opaque, err, partition }) => [opaque, err, partition])).toEqual(
    ['first 0', 'second 0', 'first 1', 'second 1'].map((opaque) => [opaque, 0, 1]),
  );
  const { records } = await readTopic(env.bootstrap, env.topic);
  const one = [1, own, 'key', 'value', 'a', '1', 'a', undefined];
  const other = [1, own, undefined, undefined, 'b', 'in a list'];
  expect(
    records.map(({ partition, timestamp, key, value, headers }) => [
      partition,
      timestamp,
      key?.toString(),
      value?.toString(),
      ...headers.flatMap(([name, bytes]) => [name, bytes?.toString()]),
    ]),
  ).toEqual([one, other, one, other]);
}

/** What contradicts itself, or names no topic, is refused, and nothing is queued; headers of a list stay the caller's. */
export function refusedTags(env: ScenarioEnv): void {
  const { handle } = openProducer({ 'bootstrap.servers': env.bootstrap });
  const headers = headersOf('mine');
  const { RD_KAFKA_V_HEADER: header, RD_KAFKA_V_HEADERS: list, RD_KAFKA_V_TOPIC: topic } = rk;
  const unknown = { vtype: 77, u: {} } as never;

  const errors = WAYS.map((produce) =>
    [
      [topic(env.topic), header('h', 'v'), list(headers)],
      [topic(env.topic), list(headers), header('h', 'v')],
      [rk.RD_KAFKA_V_VALUE('to nowhere')],
      [topic(env.topic), unknown],
    ].map((tags) => rk.err2name(produce(handle, tags) as rk.rd_kafka_resp_err_t)),
  );
  const queued = rk.outq_len(handle);
  rk.headers_destroy(headers);
  rk.destroy(handle);

  const expected = ['_CONFLICT', '_CONFLICT', '_INVALID_ARG', '_INVALID_ARG'];
  expect(errors).toEqual([expected, expected]);
  expect(queued).toBe(0);
}

/** Of a message that was delivered, and of one that never was sent. */
export function reportsTell(env: ScenarioEnv): void {
  const p = openProducer({ 'bootstrap.servers': env.bootstrap, 'linger.ms': '60000' });
  const told: object[] = [];
  const latencies: number[] = [];
  p.onReport = (message) => {
    latencies.push(rk.message_latency(message));
    told.push({
      status: rk.message_status(message),
      broker: rk.message_broker_id(message),
      epoch: rk.message_leader_epoch(message),
      text: rk.message_errstr(message),
      of_broker: rk.message_produce_errstr(message),
    });
  };
  const metadata = rk.out<rk.rd_kafka_metadata_t>();
  const rkt = rk.topic_new(p.handle, env.topic, null)!;
  expect(rk.metadata(p.handle, 0, rkt, metadata, 20_000)).toBe(0);
  const { leader } = metadata.value!.topics[0]!.partitions.find(({ id }) => id === 0)!;
  const start = performance.now();

  rk.producev(p.handle, { topic: rkt, partition: 0, value: 'delivered' });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  rk.producev(p.handle, { topic: rkt, partition: 0, value: 'purged' });
  rk.purge(p.handle, rk.RD_KAFKA_PURGE_F_QUEUE);
  pollUntil(p, () => told.length === 2, 'both reports');
  const atMost = (performance.now() - start + 1000) * 1000;
  rk.topic_destroy(rkt);
  rk.destroy(p.handle);

  const text = rk.err2str(rk.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  expect(told).toEqual([
    { status: rk.RD_KAFKA_MSG_STATUS_PERSISTED, broker: leader, epoch: -1, text: null, of_broker: null },
    { status: rk.RD_KAFKA_MSG_STATUS_NOT_PERSISTED, broker: expect.any(Number), epoch: -1, text, of_broker: null },
  ]);
  for (const latency of latencies) expect(latency > 0 && latency <= atMost).toBe(true);
}

/** Once metadata is there the four partitions can be used, and no other. */
export function partitionsAvailable(env: ScenarioEnv): void {
  const p = openProducer({ 'bootstrap.servers': env.bootstrap });
  const rkt = rk.topic_new(p.handle, env.topic, null)!;
  const available = (partition: number): number => rk.topic_partition_available(rkt, partition);

  pollUntil(p, () => [0, 1, 2, 3].every((partition) => available(partition) === 1), 'leaders of four partitions');
  const others = [4, -1].map(available);
  rk.topic_destroy(rkt);
  rk.destroy(p.handle);

  expect(others).toEqual([0, 0]);
}

/** The application's partitioner and order, and the order of `queuing.strategy=lifo`, are those of the log. */
export async function ownOrder(env: ScenarioEnv): Promise<void> {
  for (const lifo of [false, true]) {
    const { handle, reports } = openProducer({ 'bootstrap.servers': env.bootstrap, 'linger.ms': '60000' });
    const conf = rk.topic_conf_new();
    rk.topic_conf_set_partitioner_cb(conf, () => (lifo ? 3 : 2));
    if (lifo) rk.topic_conf_set(conf, 'queuing.strategy', 'lifo', null);
    else rk.topic_conf_set_msg_order_cmp(conf, (a, b) => Number(a.payload) - Number(b.payload));
    const rkt = rk.topic_new(handle, env.topic, conf)!;
    for (const value of ['2', '3', '1'])
      expect(rk.produce(rkt, rk.RD_KAFKA_PARTITION_UA, rk.RD_KAFKA_MSG_F_COPY, value, null)).toBe(0);
    expect(rk.flush(handle, 20_000)).toBe(0);
    rk.topic_destroy(rkt);
    rk.destroy(handle);
    expect(reports.map(({ err }) => err)).toEqual([0, 0, 0]);
  }

  const { records } = await readTopic(env.bootstrap, env.topic);
  expect(records.map(({ partition, value }) => `${partition}: ${value}`)).toEqual([
    ...['2: 1', '2: 2', '2: 3'],
    ...['3: 1', '3: 3', '3: 2'],
  ]);
}
