// produce_async: its reports go to the promise and to nobody else, whatever else the producer does.
import { expect, type TestContext, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { aCluster, aConf, aHandle, aProducer } from '../../kit/builders.ts';
import { kafkaError, outcome, tally } from '../../kit/clients.ts';
import { aProxy } from '../../kit/proxy.ts';
import { readTopic } from '../../kit/read_topic.ts';
import { freshTopic } from '../../kit/topics.ts';
import { until } from '../../kit/until.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const mainOf = (handle: rk.rd_kafka_t) => (handle as unknown as Handle).main!;

/** Every third by producev, with their numbers as opaques. */
function mixed(handle: rk.rd_kafka_t, topic: string, count: number): Promise<rk.Report>[] {
  const sent: Promise<rk.Report>[] = [];
  for (const i of numbers(count)) {
    const message = { topic, value: `${i}`, partition: 0, opaque: i };
    if (i % 3 === 0) expect(rk.producev(handle, message)).toBe(0);
    else sent.push(rk.produce_async(handle, message));
  }
  return sent;
}

const byProducev = (count: number): number[] => numbers(count).filter((i) => i % 3 === 0);
const byPromise = (count: number): number[] => numbers(count).filter((i) => i % 3 !== 0);

for (const known of [true, false])
  test(`in one batch with messages of producev, ${known ? 'of a topic that is known' : 'that waited for the topic'}`, async (t) => {
    const { bootstrap } = aCluster(t);
    const topic = await freshTopic(bootstrap, 1);
    const { rk: handle, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 200 });
    if (known) await rk.produce_async(handle, { topic });
    const from = known ? 1 : 0;

    const sent = await Promise.all(mixed(handle, topic, 30));
    await until(() => {
      rk.poll(handle, 0);
      return reports.all.length >= 10;
    });

    expect(sent.map(({ opaque, offset }) => [opaque, offset])).toEqual(byPromise(30).map((i) => [i, i + from]));
    expect(reports.all.map(({ opaque, offset }) => [opaque, offset])).toEqual(byProducev(30).map((i) => [i, i + from]));
    expect(rk.outq_len(handle)).toBe(0);
    expect((await readTopic(bootstrap, topic)).batches.length).toBe(1 + from);
  });

test('with a partitioner of the user’s, which is given the message’s opaque', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 4);
  const { rk: handle, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 20 });
  const asked: unknown[] = [];
  const conf = rk.topic_conf_new();
  rk.topic_conf_set_partitioner_cb(conf, (_rkt, key, count, _opaque, own) => {
    asked.push(own);
    return Number(key) % count;
  });
  rk.topic_new(handle, topic, conf);
  const opaques = numbers(8).map((number) => ({ number }));

  const send = (i: number) => rk.produce_async(handle, { topic, key: `${i}`, opaque: opaques[i] });
  const unknown = numbers(4).map(send);
  await unknown[3];
  const known = [4, 5, 6, 7].map(send);
  const settled = await Promise.all([...unknown, ...known]);
  const none = await rk.produce_async(handle, { topic, key: '1' });

  expect(settled.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  for (const [i, { opaque }] of settled.entries()) expect(opaque).toBe(opaques[i]);
  expect(asked).toEqual([...opaques, null]);
  expect(none.opaque).toBe(null);
  expect(reports.all).toEqual([]);
});

test('a partitioner that throws rejects its message, with what it threw', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 2);
  const { rk: handle } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const conf = rk.topic_conf_new();
  rk.topic_conf_set_partitioner_cb(conf, (_rkt, key) => {
    if (String(key) === 'bad') throw new Error('mine');
    return 1;
  });
  rk.topic_new(handle, topic, conf);
  await rk.produce_async(handle, { topic, key: 'good' });

  const bad = await outcome(rk.produce_async(handle, { topic, key: 'bad' }));
  const good = await rk.produce_async(handle, { topic, key: 'good' });

  expect(bad).toBe('Error: mine');
  expect(good.offset).toBe(1);
});

test('a partitioner that produces as well: both have their reports', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle } = aProducer(t, { 'bootstrap.servers': bootstrap });
  let inner: Promise<rk.Report> | null = null;
  const conf = rk.topic_conf_new();
  rk.topic_conf_set_partitioner_cb(conf, (_rkt, key) => {
    if (String(key) === 'outer') inner = rk.produce_async(handle, { topic, key: 'inner', opaque: 'inner' });
    return 0;
  });
  rk.topic_new(handle, topic, conf);

  const outer = await rk.produce_async(handle, { topic, key: 'outer', opaque: 'outer' });

  expect([outer.opaque, (await inner!).opaque]).toEqual(['outer', 'inner']);
});

for (const order of ['lifo', 'msg_order_cmp'] as const)
  test(`with an order of the topic's own (${order}), which sees the user's opaques`, async (t) => {
    const { bootstrap } = aCluster(t);
    const topic = await freshTopic(bootstrap, 1);
    const { rk: handle, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 300 });
    const conf = rk.topic_conf_new();
    if (order === 'lifo') rk.topic_conf_set(conf, 'queuing.strategy', 'lifo', null);
    else rk.topic_conf_set_msg_order_cmp(conf, (a, b) => (b._private as number) - (a._private as number));
    rk.topic_new(handle, topic, conf);

    const sent = mixed(handle, topic, 9);
    const settled = await Promise.all(sent);
    await until(() => {
      rk.poll(handle, 0);
      return reports.all.length >= 3;
    });

    expect(settled.map(({ opaque, offset }) => [opaque, offset])).toEqual(byPromise(9).map((i) => [i, 8 - i]));
    expect(reports.all.map(({ opaque }) => opaque).sort()).toEqual(byProducev(9));
  });

test('delivery.report.only.error mutes callbacks, and no promise', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'delivery.report.only.error': true });

  const settled = await Promise.all(mixed(handle, topic, 9));
  await rk.flush_async(handle, 30_000);

  expect(settled.length).toBe(6);
  expect(reports.all).toEqual([]);
});

test('no event tells of it', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const conf = aConf(t, { 'bootstrap.servers': bootstrap });
  rk.conf_set_events(conf, rk.RD_KAFKA_EVENT_DR | rk.RD_KAFKA_EVENT_ERROR);
  const handle = aHandle(t, rk.RD_KAFKA_PRODUCER, conf);

  await rk.produce_async(handle, { topic });
  await kafkaError(rk.produce_async(handle, { topic, partition: 7 }));

  expect(rk.queue_poll(rk.queue_get_main(handle), 0)).toBe(null);
});

test('errors of brokers come with their codes', async (t) => {
  const { bootstrap, mock: cluster } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const code = rk.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  mock.rd_kafka_mock_push_request_errors(cluster, mock.RD_KAFKAP_Produce, 1, code);

  const error = await kafkaError(rk.produce_async(handle, { topic }));

  expect(error).toMatchObject({ code, type: 'TOPIC_AUTHORIZATION_FAILED', fatal: false });
  expect(error.message).toMatch(/^Broker: /);
  expect(reports.all).toEqual([]);
});

test('a topic that does not exist', async (t) => {
  const { bootstrap, mock: cluster } = aCluster(t);
  mock.rd_kafka_mock_topic_set_error(cluster, 'none', rk.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const { rk: handle, reports } = aProducer(t, {
    'bootstrap.servers': bootstrap,
    'topic.metadata.propagation.max.ms': 100,
  });

  const waited = mixed(handle, 'none', 6).map(outcome);
  const known = outcome(Promise.all(waited).then(() => rk.produce_async(handle, { topic: 'none' })));
  const illegal = await kafkaError(rk.produce_async(handle, { topic: '' }));

  expect(tally(await Promise.all(waited))).toBe('UNKNOWN_TOPIC_OR_PART x 4');
  expect(await known).toBe('_UNKNOWN_TOPIC');
  expect(illegal.code).toBe(rk.RD_KAFKA_RESP_ERR__INVALID_ARG);
  rk.poll(handle, 0);
  expect(reports.all.map(({ opaque }) => opaque)).toEqual([0, 3]);
});

test('a fatal error ends those that wait, are queued and come later', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle } = aProducer(t, {
    'bootstrap.servers': bootstrap,
    'queue.buffering.max.messages': 2,
    'linger.ms': 60_000,
  });
  const sent = numbers(5).map(() => kafkaError(rk.produce_async(handle, { topic })));
  await until(() => rk.outq_len(handle) === 5);

  rk.test_fatal_error(handle, rk.RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, 'mine');

  const errors = await Promise.all(sent);
  const late = await kafkaError(rk.produce_async(handle, { topic }));
  expect(errors.map(({ type }) => type).slice(0, 2)).toEqual(['_PURGE_QUEUE', '_PURGE_QUEUE']);
  for (const error of [...errors.slice(2), late, await kafkaError(rk.room_async(handle))])
    expect(error).toMatchObject({ type: 'UNKNOWN_PRODUCER_ID', fatal: true });
});

test('main killed with promises in every state: each settles once', async (t) => {
  const { bootstrap } = aCluster(t, 3);
  const topic = await freshTopic(bootstrap, 6);
  const proxy = await aProxy(t, bootstrap);
  const { rk: handle, reports } = aProducer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'queue.buffering.max.messages': 100,
  });
  await Promise.all(numbers(60).map((i) => rk.produce_async(handle, { topic, partition: i % 6 })));
  proxy.hold('down');
  const before = proxy.count('up', mock.RD_KAFKAP_Produce).passed;
  const settled: string[] = [];
  const send = (i: number): Promise<unknown> => {
    const message = { topic: i % 5 === 0 ? 'another' : topic, key: `${i}`, opaque: i };
    if (i % 3 === 0 && i < 90) expect(rk.producev(handle, message)).toBe(0);
    else
      return outcome(rk.produce_async(handle, message)).then((each) => {
        settled.push(each);
      });
    return Promise.resolve();
  };
  const sent = numbers(150).map(send);
  await until(() => proxy.count('up', mock.RD_KAFKAP_Produce).passed > before);

  await mainOf(handle).worker.terminate();
  await Promise.all(sent);
  rk.flush(handle, 10_000);

  expect(settled.length).toBe(120);
  expect(tally(settled)).toMatch(/^_CRIT_SYS_RESOURCE x 50, _FATAL x 70$/);
  reports.verify(
    numbers(90).filter((i) => i % 3 === 0),
    rk.RD_KAFKA_RESP_ERR__FATAL,
  );
  expect(rk.outq_len(handle)).toBe(0);
});

test('messages of producev without a report callback make room for those that wait', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const handle = aHandle(
    t,
    rk.RD_KAFKA_PRODUCER,
    aConf(t, { 'bootstrap.servers': bootstrap, 'queue.buffering.max.messages': 3 }),
  );
  for (const i of numbers(3)) expect(rk.producev(handle, { topic, value: `${i}` })).toBe(0);

  const sent = await Promise.all(numbers(6).map((i) => rk.produce_async(handle, { topic, value: `p${i}` })));

  expect(sent.map(({ offset }) => offset)).toEqual([3, 4, 5, 6, 7, 8]);
});

test('reports of producev that nobody polls for are served while a promise waits for room', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'queue.buffering.max.messages': 3 });
  for (const i of numbers(3)) expect(rk.producev(handle, { topic, value: `${i}`, opaque: i })).toBe(0);

  const sent = await rk.produce_async(handle, { topic, value: 'p' });

  expect(sent.offset).toBe(3);
  reports.verify([0, 1, 2]);
});

function inCallback(t: TestContext, bootstrap: string, topic: string) {
  const inside: Promise<string>[] = [];
  const conf = aConf(t, { 'bootstrap.servers': bootstrap });
  rk.conf_set_dr_msg_cb(conf, (handle, message) => {
    inside.push(outcome(rk.produce_async(handle, { topic, value: `after ${message._private}` })));
  });
  return { handle: aHandle(t, rk.RD_KAFKA_PRODUCER, conf), inside };
}

test('a callback may call it', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { handle, inside } = inCallback(t, bootstrap, topic);

  for (const opaque of ['a', 'b']) rk.producev(handle, { topic, value: opaque, opaque });
  await rk.flush_async(handle, 30_000);

  expect(await Promise.all(inside)).toEqual(['ok', 'ok']);
  const stored = (await readTopic(bootstrap, topic)).records.map(({ value }) => `${value}`);
  expect(stored).toEqual(['a', 'b', 'after a', 'after b']);
});

test('flush and outq_len count those that wait for room', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle } = aProducer(t, {
    'bootstrap.servers': bootstrap,
    'queue.buffering.max.messages': 2,
    'linger.ms': 60_000,
  });

  const sent = numbers(5).map(() => outcome(rk.produce_async(handle, { topic })));
  const before = rk.outq_len(handle);
  const flushed = rk.flush(handle, 30_000);

  expect(before).toBe(5);
  expect(flushed).toBe(0);
  expect(rk.outq_len(handle)).toBe(0);
  expect(tally(await Promise.all(sent))).toBe('ok x 5');
});

test('memory of settled messages is given back though nobody polls', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  // Far less than all that is sent in the end.
  const { rk: handle } = aProducer(t, { 'bootstrap.servers': bootstrap, 'queue.buffering.max.kbytes': 1024 });
  const value = Buffer.alloc(100_000);
  const { writer, reports } = handle as unknown as Handle;

  for (const _ of numbers(40))
    await rk.produce_async(
      handle,
      numbers(50).map(() => ({ topic, value })),
    );

  expect(writer).not.toBe(null);
  expect(reports!.pending).toBe(0);
  expect(reports!.live.size).toBeLessThanOrEqual(1);
});

/** In which turn of the event loop each settles: how many at most in one. */
async function mostInOneTurn(sent: readonly Promise<unknown>[]): Promise<number> {
  let open = true;
  let turn = 0;
  const next = (): void => {
    turn++;
    if (open) setImmediate(next);
  };
  next();
  const turns = await Promise.all(sent.map((promise) => promise.then(() => turn)));
  open = false;
  const counts = new Map<number, number>();
  for (const at of turns) counts.set(at, (counts.get(at) ?? 0) + 1);
  return Math.max(...counts.values());
}

test('the reports of a large batch leave the event loop its turns', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 60_000 });

  const sent = numbers(5000).map((i) => rk.produce_async(handle, { topic, value: `${i}`, opaque: i }));
  const most = mostInOneTurn(sent);
  await rk.flush_async(handle, 30_000);

  expect(rk.outq_len(handle)).toBe(0);
  expect(await most).toBeLessThan(1000);
  expect((await Promise.all(sent)).map(({ opaque }) => opaque)).toEqual(numbers(5000));
  expect((await readTopic(bootstrap, topic)).batches.length).toBe(1);
});

test('a flush that blocks settles all of them', async (t) => {
  const { bootstrap } = aCluster(t);
  const { rk: handle } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 60_000 });
  const settled: number[] = [];
  for (const i of numbers(2000)) void rk.produce_async(handle, { topic: 't' }).then(() => settled.push(i));

  expect(rk.flush(handle, 30_000)).toBe(0);
  await Promise.resolve();

  expect(settled).toEqual(numbers(2000));
});

test('a loop of poll(0) that gives the event loop no turn hears of the messages behind them', async (t) => {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const { rk: handle, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  await rk.produce_async(handle, { topic });
  const sent = mixed(handle, topic, 30);

  for (const end = performance.now() + 30_000; reports.all.length < 10 && performance.now() < end; ) rk.poll(handle, 0);

  expect(reports.all.map(({ opaque }) => opaque)).toEqual(byProducev(30));
  expect((await Promise.all(sent)).length).toBe(20);
});

test('a loop of outq_len that gives the event loop no turn comes to its end', async (t) => {
  const { bootstrap } = aCluster(t);
  const handle = aHandle(t, rk.RD_KAFKA_PRODUCER, aConf(t, { 'bootstrap.servers': bootstrap }));
  await rk.produce_async(handle, { topic: 't' });
  const sent = mixed(handle, 't', 30);

  for (const end = performance.now() + 30_000; rk.outq_len(handle) > 0 && performance.now() < end; );

  expect(rk.outq_len(handle)).toBe(0);
  expect((await Promise.all(sent)).length).toBe(20);
});

test('a plain call of misuse rejects, and does not throw', async (t) => {
  const { bootstrap } = aCluster(t);
  const { rk: handle } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const consumer = aHandle(t, rk.RD_KAFKA_CONSUMER, aConf(t, { 'group.id': 'g' }));
  const misuse = (call: () => Promise<unknown>): Promise<unknown> => call().catch((error: unknown) => error);

  for (const call of [
    () => rk.produce_async(consumer, { topic: 't' }),
    () => rk.produce_async(null as never, { topic: 't' }),
    () => rk.produce_async(handle, null as never),
    () => rk.produce_async(handle, { topic: 't' }, { signal: 5 as never }),
    () => rk.produce_async(handle, { topic: 't' }, { timeout_ms: 5 } as never),
    () => rk.room_async(consumer),
  ])
    expect(await misuse(call)).toBeInstanceOf(TypeError);
});
