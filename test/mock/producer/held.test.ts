// Topics with a partitioner or an order of the application's: their records wait in the app thread.
import { describe, expect, test } from 'vitest';
import * as rk from '../../../src/index.ts';
import { type Producing, pollUntil } from '../../kit/producing.ts';
import { readTopic } from '../../kit/read_topic.ts';
import { until } from '../../kit/until.ts';
import { aMock } from './kit.ts';

interface Choice {
  readonly key: string | null;
  readonly count: number;
  readonly opaque: unknown;
  readonly own: unknown;
}

/** The topic `t` with such a partitioner; what it was asked is noted. */
function withPartitioner(p: Producing, choose: (choice: Choice) => number, timeoutMs = 300_000) {
  const asked: Choice[] = [];
  const conf = rk.topic_conf_new();
  rk.topic_conf_set_opaque(conf, 'topic opaque');
  rk.topic_conf_set(conf, 'message.timeout.ms', `${timeoutMs}`, null);
  rk.topic_conf_set_partitioner_cb(conf, (_rkt, keydata, count, opaque, own) => {
    const choice = { key: keydata?.toString() ?? null, count, opaque, own };
    asked.push(choice);
    return choose(choice);
  });
  return { topic: rk.topic_new(p.handle, 't', conf)!, asked };
}

function withOrder(p: Producing, settings: Record<string, string>, compare: ((a: string, b: string) => number) | null) {
  const conf = rk.topic_conf_new();
  const errstr = rk.out('');
  for (const [name, value] of Object.entries(settings)) rk.topic_conf_set(conf, name, value, errstr);
  if (compare !== null)
    rk.topic_conf_set_msg_order_cmp(conf, (a, b) => compare(a.value!.toString(), b.value!.toString()));
  return rk.topic_new(p.handle, 't', conf)!;
}

const send = (topic: rk.rd_kafka_topic_t, value: string, key: string | null = null, opaque: unknown = value): number =>
  rk.produce(topic, rk.RD_KAFKA_PARTITION_UA, rk.RD_KAFKA_MSG_F_COPY, value, key, opaque);

async function values(bootstrap: string): Promise<string[]> {
  return (await readTopic(bootstrap, 't')).records.map(({ value }) => `${value}`);
}

describe('a partitioner of the application’s', () => {
  test('is asked for records that were produced before the topic was known, in order, and what it says holds', () => {
    const p = aMock().producer();
    const { topic, asked } = withPartitioner(p, ({ key, count }) => Number(key) % count);
    for (let i = 0; i < 20; i++) expect(send(topic, `v${i}`, `${i}`, i)).toBe(0);
    expect(rk.outq_len(p.handle)).toBe(20);

    expect(rk.flush(p.handle, 20_000)).toBe(0);

    expect(asked.map(({ key }) => key)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    expect(asked[7]).toEqual({ key: '7', count: 4, opaque: 'topic opaque', own: 7 });
    expect(p.reports.map(({ partition, opaque }) => [opaque, partition]).sort((a, b) => a[0] - b[0])).toEqual(
      Array.from({ length: 20 }, (_, i) => [i, i % 4]),
    );
  });

  test('is asked by produce itself once the topic is known', () => {
    const p = aMock().producer();
    const { topic, asked } = withPartitioner(p, () => 2);
    send(topic, 'first', 'k');
    expect(rk.flush(p.handle, 20_000)).toBe(0);

    send(topic, 'second', 'k');

    expect(asked).toHaveLength(2);
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(p.reports.map(({ partition, err }) => [partition, err])).toEqual([
      [2, 0],
      [2, 0],
    ]);
  });

  test('needs no call of the library when the application is in its event loop', async () => {
    const env = aMock();
    const p = env.producer();
    const { topic, asked } = withPartitioner(p, () => 1);
    send(topic, 'v', 'k');

    await until(() => asked.length === 1);

    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(p.reports[0]).toMatchObject({ partition: 1, err: 0 });
  });

  test('that names no partition now is not asked again without reason, and its record ends by time or purge', () => {
    const env = aMock();
    const [p, q] = [env.producer(), env.producer()];
    const { topic, asked } = withPartitioner(p, () => rk.RD_KAFKA_PARTITION_UA);
    const late = withPartitioner(q, () => rk.RD_KAFKA_PARTITION_UA, 1000);
    send(topic, 'v', 'k');
    send(late.topic, 'v', 'k');

    pollUntil(q, () => q.reports.length === 1, 'a report');
    expect(q.reports[0]).toMatchObject({ err: rk.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, partition: -1, opaque: 'v' });

    pollUntil(p, () => asked.length > 0, 'a question');
    expect(rk.purge(p.handle, rk.RD_KAFKA_PURGE_F_QUEUE)).toBe(0);
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(p.reports[0]).toMatchObject({ err: rk.RD_KAFKA_RESP_ERR__PURGE_QUEUE });
    expect(asked).toHaveLength(1);
  });

  test('that names a partition which is not there: _UNKNOWN_PARTITION, by produce or by report', () => {
    const p = aMock().producer();
    const { topic } = withPartitioner(p, () => 4);
    expect(send(topic, 'early', 'k')).toBe(0);
    expect(rk.flush(p.handle, 20_000)).toBe(0);

    expect(send(topic, 'late', 'k')).toBe(-1);

    expect(rk.last_error()).toBe(rk.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    expect(p.reports.map(({ err, opaque }) => [opaque, err])).toEqual([
      ['early', rk.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION],
    ]);
  });

  test('that throws: produce or flush throws it, and what comes behind goes on', () => {
    const p = aMock().producer();
    const { topic } = withPartitioner(p, ({ key }) => {
      if (key === 'bad') throw new Error('no idea');
      return 0;
    });
    send(topic, 'a', 'good');
    send(topic, 'b', 'bad');
    send(topic, 'c', 'good');
    expect(() => rk.flush(p.handle, 20_000)).toThrow('no idea');
    expect(rk.flush(p.handle, 20_000)).toBe(0);

    expect(() => send(topic, 'd', 'bad')).toThrow('no idea');

    expect(rk.outq_len(p.handle)).toBe(0);
    expect(p.reports.map(({ err, opaque }) => [opaque, err]).sort()).toEqual([
      ['a', 0],
      ['b', rk.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION],
      ['c', 0],
    ]);
  });

  test('a record whose partition the caller names waits its turn, and is not asked about', () => {
    const p = aMock().producer();
    const { topic, asked } = withPartitioner(p, () => 3);
    expect(rk.produce(topic, 1, 0, 'v', 'k', 'fixed')).toBe(0);
    expect(rk.produce(topic, 9, 0, 'v', 'k', 'missing')).toBe(0);

    expect(rk.flush(p.handle, 20_000)).toBe(0);

    expect(asked).toEqual([]);
    expect(p.reports.map(({ opaque, err, partition }) => [opaque, err, partition]).sort()).toEqual([
      ['fixed', 0, 1],
      ['missing', rk.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, 9],
    ]);
  });

  test('bytes that the caller changes after produce are those of the call', async () => {
    const env = aMock();
    const p = env.producer();
    const { topic } = withPartitioner(p, () => 0);
    const bytes = Buffer.from('before');
    rk.produce(topic, rk.RD_KAFKA_PARTITION_UA, 0, bytes, bytes, null);
    bytes.fill('x');

    expect(rk.flush(p.handle, 20_000)).toBe(0);

    const { records } = await readTopic(env.bootstrap, 't');
    expect(records.map(({ key, value }) => `${key} ${value}`)).toEqual(['before before']);
  });
});

describe('destroy', () => {
  test('reports what waits as purged', () => {
    const p = aMock(1, -1).producer({ 'bootstrap.servers': '127.0.0.1:1' });
    const { topic } = withPartitioner(p, () => 0);
    for (let i = 0; i < 10; i++) send(topic, `v${i}`, 'k', i);

    rk.destroy(p.handle);

    expect(p.reports.map(({ err, opaque }) => [opaque, err])).toEqual(
      Array.from({ length: 10 }, (_, i) => [i, rk.RD_KAFKA_RESP_ERR__PURGE_QUEUE]),
    );
  });
});

describe('an order of the application’s', () => {
  test('the smaller goes first, of equals the older', async () => {
    const env = aMock(1, 1);
    const p = env.producer({ 'linger.ms': '60000' });
    const topic = withOrder(p, {}, (a, b) => Number(a[0]) - Number(b[0]));
    for (const value of ['3a', '1a', '2a', '1b', '3b', '2b', '1c']) send(topic, value);

    expect(rk.flush(p.handle, 20_000)).toBe(0);

    expect(await values(env.bootstrap)).toEqual(['1a', '1b', '1c', '2a', '2b', '3a', '3b']);
    expect(p.reports).toHaveLength(7);
  });

  test('queuing.strategy=lifo: the newest goes first', async () => {
    const env = aMock(1, 1);
    const p = env.producer({ 'linger.ms': '60000' });
    const topic = withOrder(p, { 'queuing.strategy': 'lifo' }, null);
    for (const value of ['1', '2', '3', '4']) send(topic, value);

    expect(rk.flush(p.handle, 20_000)).toBe(0);

    expect(await values(env.bootstrap)).toEqual(['4', '3', '2', '1']);
  });

  test('what comes while a batch is under way goes before what waits, and linger.ms sends without a flush', async () => {
    const env = aMock(1, 1);
    const p = env.producer({ 'linger.ms': '5', 'batch.num.messages': '2' });
    const topic = withOrder(p, {}, (a, b) => Number(a) - Number(b));
    for (let i = 100; i < 200; i++) send(topic, `${i}`);
    pollUntil(p, () => p.reports.length > 0, 'a report');
    for (let i = 0; i < 10; i++) send(topic, `${i}`);

    pollUntil(p, () => p.reports.length === 110, 'all reports');

    const stored = (await values(env.bootstrap)).map(Number);
    expect(stored.filter((value) => value < 100)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(stored.indexOf(9)).toBeLessThan(stored.indexOf(199));
    expect(new Set(stored).size).toBe(110);
  });
});
