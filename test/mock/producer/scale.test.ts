// Many topics and partitions on one handle: what is sent, in how many requests, and what it takes in memory.
import { expect, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as rk from '../../../src/index.ts';
import { SLAB_BYTES } from '../../../src/ops/memory.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { heldBytes } from '../../kit/heap.ts';
import type { Producing } from '../../kit/producing.ts';
import { readTopic } from '../../kit/read_topic.ts';
import { requestsOf } from '../../kit/requests_seen.ts';
import { aMock } from './kit.ts';

const PRODUCE = 0;
const METADATA = 3;
const TOPICS = 1000;
const PARTITIONS = 10;
const ALL = TOPICS * PARTITIONS;
const MIB = 1 << 20;
const EXTENT = 4096;
/** What the app thread may keep of each partition: its target, its open batch, an opaque that waits for its report. */
const APP_BYTES = 2048;
/** Shared control memory of each partition: its block and the block of its batch. */
const CONTROL_BYTES = 1024;

const nameOf = (topic: number): string => `scale-${topic}`;

/** One message to each partition of each topic; opaque and value say which and the how many-eth. */
function sendToAll(handle: rk.rd_kafka_t, round: number): void {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let topic = 0; topic < TOPICS; topic++) {
      const value = `${topic}/${partition}/${round}`;
      const err = rk.producev(handle, { topic: nameOf(topic), partition, value, opaque: value });
      if (err !== 0) throw new Error(`${value}: ${rk.err2name(err)}`);
    }
  }
}

function flush({ handle, reports }: Producing, reported: number): void {
  expect(rk.flush(handle, 90_000)).toBe(0);
  expect(reports.length).toBe(reported);
}

/** Whether each message has one good report, and the offsets of each partition are those of its rounds. */
function reportFaults({ reports }: Producing, rounds: number): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { err, opaque, partition, offset } of reports) {
    const [, number, round] = String(opaque).split('/').map(Number);
    if (err !== 0 || number !== partition || round !== offset) faults.push(`${opaque}: ${err} ${partition} @${offset}`);
    seen.add(opaque);
  }
  if (seen.size !== ALL * rounds) faults.push(`${seen.size} messages reported`);
  return faults.slice(0, 5);
}

function controlBytes({ memory }: Handle): number {
  return memory.pages.flat().reduce((sum, page) => sum + (page?.memory.byteLength ?? 0), 0);
}

test('1,000 topics and 10,000 partitions on one handle: all delivered, in few requests and bounded memory', async () => {
  const env = aMock(3, -1);
  for (let topic = 0; topic < TOPICS; topic++) mock.rd_kafka_mock_topic_create(env.mock, nameOf(topic), PARTITIONS, 1);
  // Only flush sends.
  const p = env.producer({ 'linger.ms': '60000' });
  const handle = p.handle as unknown as Handle;
  const { extents } = handle.writer!;
  const held = heldBytes();
  const [heldBefore, rssBefore] = [held(), process.memoryUsage().rss];
  mock.rd_kafka_mock_start_request_tracking(env.mock);

  // The first of all wait for metadata, the others go straight to their partitions.
  sendToAll(p.handle, 0);
  flush(p, ALL);
  const metadata = requestsOf(env.mock, METADATA).length;
  const first = requestsOf(env.mock, PRODUCE).length;
  sendToAll(p.handle, 1);
  const open = { shared: extents.used, control: controlBytes(handle), app: held() - heldBefore - extents.total };
  flush(p, 2 * ALL);
  const second = requestsOf(env.mock, PRODUCE).length - first;
  mock.rd_kafka_mock_stop_request_tracking(env.mock);

  expect(reportFaults(p, 2)).toEqual([]);
  // Neither topics nor partitions have requests of their own.
  expect([metadata < TOPICS / 20, first < ALL / 10, second < ALL / 10]).toEqual([true, true, true]);
  expect(open.shared).toBe(ALL * EXTENT);
  expect(open.control).toBeLessThan(ALL * CONTROL_BYTES);
  expect(open.app).toBeLessThan(ALL * APP_BYTES);
  // Everything is given back, but for slabs that are kept for a while.
  expect([extents.used, extents.total <= ALL * EXTENT + SLAB_BYTES]).toEqual([0, true]);
  // With the mock cluster, which lives in this process too.
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(500 * MIB);
  for (const topic of [0, 499, TOPICS - 1]) {
    const { records } = await readTopic(env.bootstrap, nameOf(topic));
    const wanted = Array.from({ length: 2 * PARTITIONS }, (_, i) => `${topic}/${i >> 1}/${i & 1}`);
    expect(records.map(({ value }) => String(value))).toEqual(wanted);
  }
});
