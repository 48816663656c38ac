// The simple consumer, queues and events on the mock cluster: what each call gives, refuses and leaves.
import { expect, test } from 'vitest';
import { RD_KAFKA_PARTITION_UA } from '../../../src/defs/enums.ts';
import * as kafka from '../../../src/index.ts';
import * as k from '../../../src/rdkafka.ts';
import { aCluster, aConf, aConsumer, aHandle, aProducer, type TestCluster } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { aSimpleConsumer, start, topicOf } from '../../kit/simple.ts';
import { until } from '../../kit/until.ts';

const last = (): string => k.rd_kafka_err2name(k.rd_kafka_last_error());

/** A topic `t` of one partition with so many messages. */
function filled(t: Parameters<typeof aCluster>[0], count: number): TestCluster {
  const cluster = aCluster(t, 1);
  const { rk } = aProducer(t, { 'bootstrap.servers': cluster.bootstrap });
  for (let i = 0; i < count; i++) k.rd_kafka_producev(rk, { topic: 't', partition: 0, value: `${i}` });
  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);
  return cluster;
}

test('consume_start refuses what can not be consumed', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const rkt = topicOf(aSimpleConsumer(t, { 'bootstrap.servers': bootstrap }), 't');
  const refusal = (partition: number, offset: number): string =>
    k.rd_kafka_consume_start(rkt, partition, offset) === 0 ? 'started' : last();

  expect([
    refusal(RD_KAFKA_PARTITION_UA, 0),
    refusal(0, -3),
    refusal(0, k.RD_KAFKA_OFFSET_INVALID),
    refusal(0, k.RD_KAFKA_OFFSET_STORED),
    refusal(0, k.RD_KAFKA_OFFSET_TAIL(3)),
  ]).toEqual(['_UNKNOWN_PARTITION', '_INVALID_ARG', '_INVALID_ARG', '_INVALID_ARG', 'started']);
});

test('consume_start refuses a consumer that has subscribed or assigned', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const subscribed = aConsumer(t, { 'bootstrap.servers': bootstrap });
  const assigned = aConsumer(t, { 'bootstrap.servers': bootstrap });
  k.rd_kafka_subscribe(subscribed, ['t']);
  k.rd_kafka_assign(assigned, [{ topic: 't', partition: 0 }]);

  for (const rk of [subscribed, assigned]) {
    expect(k.rd_kafka_consume_start(topicOf(rk, 't'), 0, 0)).toBe(-1);
    expect(last()).toBe('_INVALID_ARG');
  }
});

test('a partition that was not started gives nothing, and each call says why', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const rkt = topicOf(aSimpleConsumer(t, { 'bootstrap.servers': bootstrap }), 't');
  const messages: k.rd_kafka_message_t[] = [];

  expect([k.rd_kafka_consume(rkt, 0, -1), last()]).toEqual([null, '_UNKNOWN_PARTITION']);
  expect([k.rd_kafka_consume_batch(rkt, 0, -1, messages, 5), last()]).toEqual([-1, '_UNKNOWN_PARTITION']);
  expect([k.rd_kafka_consume_callback(rkt, 0, -1, () => {}, null), last()]).toEqual([-1, '_UNKNOWN_PARTITION']);
  expect([k.rd_kafka_consume_stop(rkt, 0), last()]).toEqual([-1, '_UNKNOWN_PARTITION']);
  expect([k.rd_kafka_consume_stop(rkt, RD_KAFKA_PARTITION_UA), last()]).toEqual([-1, '_INVALID_ARG']);
  const unknown = { type: '_UNKNOWN_PARTITION' };
  await expect(kafka.consume_async(rkt, 0)).rejects.toMatchObject(unknown);
  await expect(kafka.consume_batch_async(rkt, 0, -1, 5)).rejects.toMatchObject(unknown);
  await expect(kafka.consume_callback_async(rkt, 0, -1, () => {}, null)).rejects.toMatchObject(unknown);
  await expect(kafka.consume_stop_async(rkt, 0)).rejects.toMatchObject(unknown);
});

test('the twins give messages, batches and counts', async (t) => {
  const { bootstrap } = filled(t, 10);
  const rkt = topicOf(aSimpleConsumer(t, { 'bootstrap.servers': bootstrap }), 't');
  start(rkt, 0, 0);

  const one = await kafka.consume_async(rkt, 0, 15_000);
  const batch = await kafka.consume_batch_async(rkt, 0, 15_000, 3);
  const rest: number[] = [];
  while (rest.length < 6)
    await kafka.consume_callback_async(rkt, 0, 1000, ({ offset }) => void rest.push(offset), null);

  expect([one?.offset, batch.map(({ offset }) => offset), rest]).toEqual([0, [1, 2, 3], [4, 5, 6, 7, 8, 9]]);
  expect(await kafka.consume_async(rkt, 0, 10)).toBe(null);
  expect(await kafka.consume_stop_async(rkt, 0)).toBe(undefined);
});

test('consume_callback hands out consume.callback.max.messages at most, with the opaque, and ends when it yields', async (t) => {
  const { bootstrap } = filled(t, 10);
  const rk = aSimpleConsumer(t, { 'bootstrap.servers': bootstrap, 'consume.callback.max.messages': 3 });
  const rkt = topicOf(rk, 't');
  const queue = k.rd_kafka_queue_new(rk);
  start(rkt, 0, 0, queue);
  await until(() => k.rd_kafka_queue_length(queue) === 10);
  const got: unknown[] = [];

  const counts = [
    k.rd_kafka_consume_callback(rkt, 0, 0, ({ offset }, opaque) => void got.push(offset, opaque), 'mine'),
    k.rd_kafka_consume_callback(rkt, 0, 0, () => k.rd_kafka_yield(rk), null),
    k.rd_kafka_consume_callback_queue(queue, 0, () => {}, null),
    k.rd_kafka_consume_callback_queue(queue, 0, () => {}, null),
  ];

  // The last but one is bounded by nothing.
  expect([counts, got]).toEqual([
    [3, 1, 6, 0],
    [0, 'mine', 1, 'mine', 2, 'mine'],
  ]);
});

test("without a function of its own consume_callback hands messages to the handle's, or refuses", async (t) => {
  const { bootstrap } = filled(t, 2);
  const got: number[] = [];
  const conf = aConf(t, { 'bootstrap.servers': bootstrap });
  k.rd_kafka_conf_set_consume_cb(conf, ({ offset }) => void got.push(offset));
  const rk = aHandle(t, k.RD_KAFKA_CONSUMER, conf);
  const queue = k.rd_kafka_queue_new(rk);
  start(topicOf(rk, 't'), 0, 0, queue);
  await until(() => k.rd_kafka_queue_length(queue) === 2);

  expect(k.rd_kafka_consume_callback_queue(queue, 0, null, null)).toBe(2);

  const bare = aSimpleConsumer(t, { 'bootstrap.servers': bootstrap });
  expect(() => k.rd_kafka_consume_callback_queue(k.rd_kafka_queue_new(bare), 0, null, null)).toThrow(TypeError);
  expect(got).toEqual([0, 1]);
});

test('destroy inside a callback ends the call and the handle, and what was not handed out is gone', async (t) => {
  const { bootstrap } = filled(t, 5);
  const rk = aSimpleConsumer(t, { 'bootstrap.servers': bootstrap });
  const queue = k.rd_kafka_queue_new(rk);
  start(topicOf(rk, 't'), 0, 0, queue);
  await until(() => k.rd_kafka_queue_length(queue) === 5);

  expect(k.rd_kafka_consume_callback_queue(queue, -1, () => k.rd_kafka_destroy(rk), null)).toBe(1);

  expect(() => k.rd_kafka_consume_queue(queue, 0)).toThrow(expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }));
});

test('a batch fills the array from its beginning and sets its length', async (t) => {
  const { bootstrap } = filled(t, 3);
  const rk = aSimpleConsumer(t, { 'bootstrap.servers': bootstrap });
  const rkt = topicOf(rk, 't');
  const messages = [1, 2, 3, 4, 5] as unknown as k.rd_kafka_message_t[];
  start(rkt, 0, 0);

  expect(k.rd_kafka_consume_batch(rkt, 0, 15_000, messages, 3)).toBe(3);
  expect(messages.map(({ offset }) => offset)).toEqual([0, 1, 2]);
  expect(k.rd_kafka_consume_batch(rkt, 0, 10, messages, 3)).toBe(0);
  expect([messages, last()]).toEqual([[], '_TIMED_OUT']);
});

test('queue_yield ends what waits on the queue, and nothing else', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap });
  const own = k.rd_kafka_queue_get_consumer(rk)!;
  const other = k.rd_kafka_queue_new(rk);
  const ended: string[] = [];
  const waiting = [kafka.consumer_poll_async(rk), kafka.queue_poll_async(own)].map((twin) =>
    twin.then((value) => void ended.push(`${value}`)),
  );
  const forLong = kafka.queue_poll_async(other).then(() => void ended.push('other'));

  k.rd_kafka_queue_yield(own);
  await Promise.race(waiting);
  k.rd_kafka_queue_yield(own);
  await Promise.all(waiting);
  const before = [...ended];
  k.rd_kafka_queue_yield(other);
  await forLong;

  expect([before, ended]).toEqual([
    ['null', 'null'],
    ['null', 'null', 'other'],
  ]);
});

test('queue_forward refuses circles, and queues of another handle', (t) => {
  const rk = aSimpleConsumer(t, {});
  const [a, b, c] = [k.rd_kafka_queue_new(rk), k.rd_kafka_queue_new(rk), k.rd_kafka_queue_new(rk)];
  k.rd_kafka_queue_forward(a, b);
  k.rd_kafka_queue_forward(c, a);

  for (const [src, dst] of [
    [b, a],
    [a, a],
    [a, c],
  ] as const)
    expect(() => k.rd_kafka_queue_forward(src, dst)).toThrow(RangeError);
  expect(() => k.rd_kafka_queue_forward(a, k.rd_kafka_queue_new(aSimpleConsumer(t, {})))).toThrow(TypeError);
  k.rd_kafka_queue_forward(a, null);
  k.rd_kafka_queue_forward(b, a);
});

test('queues that a handle does not have are null', (t) => {
  const { rk: producer } = aProducer(t, {});
  const simple = aSimpleConsumer(t, {});

  expect([
    k.rd_kafka_queue_get_consumer(producer),
    k.rd_kafka_queue_get_consumer(simple),
    k.rd_kafka_queue_get_partition(producer, 't', 0),
  ]).toEqual([null, null, null]);
  expect(k.rd_kafka_error_name(k.rd_kafka_consumer_close_queue(simple, k.rd_kafka_queue_new(simple)))).toBe(
    '_UNKNOWN_GROUP',
  );
});

test('queue_poll_callback serves what has a callback, and messages wait without one', async (t) => {
  const { bootstrap } = filled(t, 3);
  const rk = aSimpleConsumer(t, { 'bootstrap.servers': bootstrap });
  const queue = k.rd_kafka_queue_new(rk);
  start(topicOf(rk, 't'), 0, 0, queue);
  await until(() => k.rd_kafka_queue_length(queue) === 3);

  expect(k.rd_kafka_queue_poll_callback(queue, 0)).toBe(0);
  expect(k.rd_kafka_queue_length(queue)).toBe(3);
  expect(k.rd_kafka_consume_queue(queue, 0)?.offset).toBe(0);
});

test("a partition's queue is polled by itself when it is forwarded nowhere", async (t) => {
  const { bootstrap } = filled(t, 3);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  const own = k.rd_kafka_queue_get_partition(c, 't', 0)!;
  k.rd_kafka_queue_forward(own, null);
  k.rd_kafka_assign(c, [{ topic: 't', partition: 0, offset: 0 }]);
  await until(() => k.rd_kafka_queue_length(own) === 3);

  expect(k.rd_kafka_consumer_poll(c, 100)).toBe(null);
  expect(k.rd_kafka_consume_queue(own, 0)?.offset).toBe(0);
  // Back to where it was.
  k.rd_kafka_queue_forward(own, k.rd_kafka_queue_get_consumer(c));
  expect(k.rd_kafka_consumer_poll(c, 15_000)?.offset).toBe(1);
});

test('seek says what it can not seek', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  const rkt = topicOf(c, 't');
  k.rd_kafka_assign(c, [{ topic: 't', partition: 0, offset: 0 }]);
  const name = (partition: number, offset: number): string =>
    k.rd_kafka_err2name(k.rd_kafka_seek(rkt, partition, offset, 15_000));

  expect([name(RD_KAFKA_PARTITION_UA, 0), name(1, 0), name(0, k.RD_KAFKA_OFFSET_STORED), name(0, 5)]).toEqual([
    '_INVALID_ARG',
    '_UNKNOWN_PARTITION',
    '_INVALID_ARG',
    'NO_ERROR',
  ]);
  expect(k.rd_kafka_error_name(k.rd_kafka_seek_partitions(c, [], 1000))).toBe('_INVALID_ARG');
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  expect(k.rd_kafka_error_name(k.rd_kafka_seek_partitions(rk, [{ topic: 't', partition: 0 }], 1000))).toBe(
    '_INVALID_ARG',
  );
});

test('events: a message once, the end of a partition with its place, a commit with its list and opaque', (t) => {
  const { bootstrap } = filled(t, 1);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'enable.partition.eof': true });
  const queue = k.rd_kafka_queue_get_consumer(c)!;
  k.rd_kafka_assign(c, [{ topic: 't', partition: 0, offset: 0 }]);
  const next = (): k.rd_kafka_event_t => {
    let event: k.rd_kafka_event_t | null = null;
    const take = (): void => {
      event = k.rd_kafka_queue_poll(queue, 200);
    };
    pollUntil('an event', take, () => event !== null);
    return event!;
  };

  const fetch = next();
  const messages: k.rd_kafka_message_t[] = [];
  expect([k.rd_kafka_event_name(fetch), k.rd_kafka_event_message_count(fetch)]).toEqual(['Fetch', 1]);
  expect([k.rd_kafka_event_message_array(fetch, messages, 5), messages[0]?.offset]).toEqual([1, 0]);
  expect([k.rd_kafka_event_message_next(fetch), k.rd_kafka_event_error(fetch)]).toEqual([null, 0]);
  const end = next();
  const place = k.rd_kafka_event_topic_partition(end)!;
  expect([k.rd_kafka_event_name(end), k.rd_kafka_err2name(k.rd_kafka_event_error(end))]).toEqual([
    'Error',
    '_PARTITION_EOF',
  ]);
  expect([place.topic, place.partition, place.offset, k.rd_kafka_event_error_is_fatal(end)]).toEqual(['t', 0, 1, 0]);
  expect(k.rd_kafka_event_error_string(end)).toContain('end of partition');
  expect(k.rd_kafka_commit_queue(c, null, queue, null, 'mine')).toBe(0);
  const commit = next();
  expect([k.rd_kafka_event_name(commit), k.rd_kafka_event_opaque(commit)]).toEqual(['OffsetCommit', 'mine']);
  expect(k.rd_kafka_event_topic_partition_list(commit)?.elems.map(({ offset }) => offset)).toEqual([1]);
  expect([k.rd_kafka_event_type(null), k.rd_kafka_event_name(null)]).toEqual([k.RD_KAFKA_EVENT_NONE, '(NONE)']);
  k.rd_kafka_event_destroy(commit);
  expect(() => k.rd_kafka_event_opaque(commit)).toThrow(expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }));
});

test('what would have gone to error_cb is an event when that is wanted', (t) => {
  const conf = aConf(t, { 'bootstrap.servers': '127.0.0.1:1' });
  k.rd_kafka_conf_set_events(conf, k.RD_KAFKA_EVENT_ERROR);
  const rk = aHandle(t, k.RD_KAFKA_CONSUMER, conf);
  const main = k.rd_kafka_queue_get_main(rk);
  start(topicOf(rk, 't'), 0, 0);

  const names: string[] = [];
  pollUntil(
    'both errors',
    () => {
      const event = k.rd_kafka_queue_poll(main, 200);
      if (event !== null) names.push(k.rd_kafka_err2name(k.rd_kafka_event_error(event)));
    },
    () => names.includes('_ALL_BROKERS_DOWN') && names.includes('_TRANSPORT'),
  );

  expect(new Set(names)).toEqual(new Set(['_TRANSPORT', '_ALL_BROKERS_DOWN']));
});
