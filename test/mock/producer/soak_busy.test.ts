// The app thread is busy with something of its own: 15 s in `npm test`, a minute in `npm run soak`.
import { expect, test } from 'vitest';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import type { Producing } from '../../kit/producing.ts';
import { readTopic } from '../../kit/read_topic.ts';
import { arrivalsOf } from '../../kit/requests_seen.ts';
import { aMock, type MockEnv } from './kit.ts';

const BUSY_MS = (Number(process.env['SOAK_SECONDS'] ?? 0) > 0 ? 60 : 15) * 1000;
const PRODUCE = 0;
const PARTITIONS = 4;
/** One request is under way at a time, with one message of each partition: so many are more than the time is enough for. */
const RTT_MS = 200;
const MESSAGES = PARTITIONS * 2 * (BUSY_MS / RTT_MS);
/** No more than one in three may be missing of what there was time for, on a machine that has much else to do. */
const LEAST_REQUESTS = BUSY_MS / RTT_MS / 3;

function opened({ producer }: MockEnv, partitioner: string): Producing {
  return producer({
    partitioner,
    'linger.ms': '5',
    'batch.num.messages': '1',
    'max.in.flight': '1',
    'sticky.partitioning.linger.ms': '0',
  });
}

function produceAll({ handle }: Producing, topic: string): void {
  for (let i = 0; i < MESSAGES; i++)
    expect(rk.producev(handle, { topic, key: `k${i}`, value: String(i), opaque: i })).toBe(0);
}

function busy(): void {
  for (const end = performance.now() + BUSY_MS; performance.now() < end; );
}

test('messages are sent while the app thread is busy, to topics known and not known before', async () => {
  const env = aMock(1, PARTITIONS);
  const [known, unknown] = [opened(env, 'murmur2_random'), opened(env, 'consistent_random')];
  rk.producev(known.handle, { topic: 't', value: 'first' });
  expect(rk.flush(known.handle, 30_000)).toBe(0);
  mock.rd_kafka_mock_broker_set_rtt(env.mock, 1, RTT_MS);
  mock.rd_kafka_mock_start_request_tracking(env.mock);

  produceAll(known, 't');
  produceAll(unknown, 'new');
  busy();

  // Everything that is there now came while the thread was busy: requests at the broker, answers as reports.
  const requests = arrivalsOf(env.mock, PRODUCE).length;
  for (const { handle } of [known, unknown]) rk.poll(handle, 0);
  expect(requests).toBeGreaterThan(2 * LEAST_REQUESTS);
  for (const { reports } of [known, unknown]) expect(reports.length).toBeGreaterThan(PARTITIONS * LEAST_REQUESTS);
  mock.rd_kafka_mock_broker_set_rtt(env.mock, 1, 0);
  for (const { handle } of [known, unknown]) expect(rk.flush(handle, 60_000)).toBe(0);
  const { records } = await readTopic(env.bootstrap, 'new');
  expect(new Set(records.map(({ value }) => String(value))).size).toBe(MESSAGES);
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(PARTITIONS);
  expect([known, unknown].flatMap(({ reports }) => reports.filter(({ err }) => err !== 0))).toEqual([]);
});
