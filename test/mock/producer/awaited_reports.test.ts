// What produce_async tells of messages that share their batches with others, and what is counted when they are settled.
import { expect, test } from 'vitest';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { pollUntil } from '../../kit/producing.ts';
import { aMock } from './kit.ts';

const PRODUCE = 0;

test('a report tells all of one message, and nothing more', async () => {
  const env = aMock();
  const { handle } = env.producer({ 'linger.ms': '0' });
  const before = Date.now();
  const report = await rk.produce_async(handle, { topic: 't', partition: 2, value: 'v', opaque: 'mine' });
  expect(report).toEqual({
    topic: 't',
    partition: 2,
    offset: 0,
    timestamp: expect.any(Number),
    status: rk.RD_KAFKA_MSG_STATUS_PERSISTED,
    broker_id: 1,
    latency_us: expect.any(Number),
    opaque: 'mine',
  });
  expect(report.timestamp).toBeGreaterThanOrEqual(before);
  expect(report.timestamp).toBeLessThanOrEqual(Date.now());
  expect(report.latency_us).toBeGreaterThan(0);
  const own = await rk.produce_async(handle, { topic: 't', partition: 2, value: 'v', timestamp: 1234 });
  expect([own.timestamp, own.offset]).toEqual([1234, 1]);
});

test('in a batch of both, promises and callbacks each get their own reports, once, and the queue is empty after them', async () => {
  const env = aMock();
  const producing = env.producer({ 'linger.ms': '200' });
  const { handle, reports } = producing;
  // The topic is known: these all go into one batch of their partition.
  await rk.produce_async(handle, { topic: 't', partition: 0, value: 'first' });
  const promises: Promise<rk.Report>[] = [];
  for (let i = 0; i < 300; i++) {
    const message = { topic: 't', partition: 0, value: `${i}`, opaque: i };
    if (i % 3 === 0) expect(rk.producev(handle, message)).toBe(0);
    else promises.push(rk.produce_async(handle, message));
  }
  const told = await Promise.all(promises);
  pollUntil(producing, () => reports.length === 100, 'the reports of producev');
  const all = [...told.map(({ opaque, offset }) => [opaque, offset]), ...reports.map((r) => [r.opaque, r.offset])];
  expect(all.sort(([a], [b]) => (a as number) - (b as number))).toEqual(
    Array.from({ length: 300 }, (_, i) => [i, i + 1]),
  );
  expect(rk.outq_len(handle)).toBe(0);
});

for (const idempotent of ['false', 'true'])
  test(`promises alone make room again when they are settled, and keep the order of calls, enable.idempotence=${idempotent}`, async () => {
    const env = aMock();
    const settings = { 'queue.buffering.max.messages': '50', 'linger.ms': '0', 'enable.idempotence': idempotent };
    const { handle, reports } = env.producer(settings);
    // The first ones wait for their topic, the later ones for room.
    const offsets = new Map<number, number[]>();
    const send = async (i: number) => {
      const { partition, offset } = await rk.produce_async(handle, { topic: 't', partition: i % 4, value: `${i}` });
      offsets.set(partition, [...(offsets.get(partition) ?? []), offset!]);
    };
    await Promise.all(Array.from({ length: 2000 }, (_, i) => send(i)));
    expect(rk.outq_len(handle)).toBe(0);
    expect(reports).toEqual([]);
    const inOrder = Array.from({ length: 500 }, (_, i) => i);
    expect([0, 1, 2, 3].map((partition) => offsets.get(partition))).toEqual([inOrder, inOrder, inOrder, inOrder]);
  });

test('a batch that failed rejects each of its promises with the code, and makes room', async () => {
  const env = aMock();
  const { handle } = env.producer({ 'linger.ms': '100' });
  await rk.produce_async(handle, { topic: 't', partition: 0, value: 'first' });
  mock.rd_kafka_mock_push_request_errors(env.mock, PRODUCE, 1, rk.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const sends = Array.from({ length: 10 }, () => rk.produce_async(handle, { topic: 't', partition: 0, value: 'x' }));
  const results = await Promise.allSettled(sends);
  const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 0));
  expect(codes).toEqual(Array(10).fill(rk.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
  expect(rk.outq_len(handle)).toBe(0);
});

test('a flood of promises leaves the event loop a turn for each window of them', async () => {
  const WINDOW = 1000;
  const env = aMock();
  const { handle } = env.producer({ 'linger.ms': '0' });
  let sinceTurn = 0;
  let most = 0;
  let flooding = true;
  const turn = () => {
    most = Math.max(most, sinceTurn);
    sinceTurn = 0;
    if (flooding) setImmediate(turn);
  };
  const ring: Promise<unknown>[] = [];
  await rk.produce_async(handle, { topic: 't', value: 'first' });
  turn();
  for (let i = 0; i < 100_000; i++) {
    if (i >= WINDOW) await ring[i % WINDOW];
    ring[i % WINDOW] = rk.produce_async(handle, { topic: 't', value: `${i}` });
    sinceTurn++;
  }
  flooding = false;
  await Promise.all(ring);
  // What is settled in one turn sends as many again before the next; 1006 were seen, and 2900 and more without the turns.
  expect(most).toBeLessThanOrEqual(2 * WINDOW);
});
