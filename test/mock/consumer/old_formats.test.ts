// Logs that hold messages of the formats v0 and v1, as Kafka's Java client wrote them, read by a consumer.
import { expect, type TestContext, test } from 'vitest';
import type { PartitionLog } from '../../../src/mock/log.ts';
import * as k from '../../../src/rdkafka.ts';
import { BatchReader } from '../../../src/records/batch_reader.ts';
import { aConsumer, type Config } from '../../kit/builders.ts';
import { messagesOf, type OldRecord, oldSet, oldSets } from '../../kit/old_sets.ts';
import { aMockCluster } from '../cluster/kit.ts';

const TOPIC = 'old';
const DEADLINE_MS = 60_000;
const ALL = oldSet('every format in one log');
const QUICK: Config = { 'fetch.error.backoff.ms': 5, 'enable.auto.commit': false };

interface Log {
  readonly bytes: Uint8Array;
  /** Where the consumer begins, 0 if not said. */
  readonly from?: number;
}

/**
 * A consumer of partitions with these logs. The cluster lives in this thread: only the promise twins may be waited for.
 */
async function aConsumerOf(t: TestContext, logs: readonly Log[], config: Config = {}): Promise<k.rd_kafka_t> {
  const { cluster, bootstrap } = await aMockCluster({ topics: { [TOPIC]: logs.length } });
  const { partitions } = cluster.topics.get(TOPIC)!;
  for (const [i, { bytes }] of logs.entries()) fill(partitions[i]!.log, bytes);
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap, ...QUICK, ...config });
  const assigned = logs.map(({ from }, partition) => ({ topic: TOPIC, partition, offset: from ?? 0 }));
  await k.rd_kafka_assign_async(rk, assigned);
  return rk;
}

function fill(log: PartitionLog, messages: Uint8Array): void {
  for (const bytes of messagesOf(messages)) {
    const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs: false, maxDecompressed: 1 << 20 });
    reader.next();
    const { baseOffset, lastOffsetDelta, maxTimestamp } = reader.header!;
    log.keep({ bytes, baseOffset, lastOffset: baseOffset + lastOffsetDelta, maxTimestamp, leaderEpoch: -1 });
  }
}

/** The next message or error. */
async function next(rk: k.rd_kafka_t): Promise<k.rd_kafka_message_t> {
  const message = await k.rd_kafka_consumer_poll_async(rk, DEADLINE_MS);
  if (message === null) throw new Error('nothing came');
  return message;
}

function recordOf(message: k.rd_kafka_message_t): OldRecord {
  expect([message.err, k.rd_kafka_message_errstr(message), message.headers]).toEqual([0, null, []]);
  const { offset, key, payload } = message;
  const type = k.out<k.rd_kafka_timestamp_type_t>();
  const timestamp = k.rd_kafka_message_timestamp(message, type);
  const text = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null;
  return { offset, timestamp, type: type.value, key: text(key), value: text(payload) };
}

/** That many records in all, by partition. */
async function readSome(rk: k.rd_kafka_t, partitions: number, count: number): Promise<OldRecord[][]> {
  const records: OldRecord[][] = Array.from({ length: partitions }, () => []);
  for (let i = 0; i < count; i++) {
    const message = await next(rk);
    records[message.partition]!.push(recordOf(message));
  }
  return records;
}

test('every format in one log: keys, values, times and offsets are those that Java reads', async (t) => {
  const rk = await aConsumerOf(t, [ALL], { 'enable.partition.eof': true });

  expect(await readSome(rk, 1, ALL.records.length)).toEqual([ALL.records]);
  expect(await next(rk)).toMatchObject({ err: k.RD_KAFKA_RESP_ERR__PARTITION_EOF, offset: 60 });
});

test('every set, with log append time, gaps, or compacted, comes as Java reads it', async (t) => {
  const sets = oldSets();
  const rk = await aConsumerOf(t, sets);
  const count = sets.reduce((sum, { records }) => sum + records.length, 0);

  expect(await readSome(rk, sets.length, count)).toEqual(sets.map(({ records }) => records));
});

test('what lies before the offset at which one begins does not come, inside a wrapper, too', async (t) => {
  const logs = ALL.records.map(({ offset }) => ({ bytes: ALL.bytes, from: offset }));
  const rk = await aConsumerOf(t, logs);

  const records = await readSome(rk, logs.length, (60 * 61) / 2);

  expect(records).toEqual(logs.map(({ from }) => ALL.records.slice(from)));
});

test.for([1, 100, 333])('a fetch limit of %i bytes, which cuts messages off, makes no difference', async (limit, t) => {
  const rk = await aConsumerOf(t, [ALL], { 'fetch.message.max.bytes': limit });

  expect(await readSome(rk, 1, ALL.records.length)).toEqual([ALL.records]);
});

test('with check.crcs a damaged message is told, and those behind it come', async (t) => {
  const bytes = Buffer.from(ALL.bytes);
  // A bit of its attributes that means nothing: only the checksum tells.
  messagesOf(bytes)[6]![17]! ^= 0x80;
  const rk = await aConsumerOf(t, [{ bytes }], { 'check.crcs': true });
  const [offsets, errors]: [number[], k.rd_kafka_message_t[]] = [[], []];

  while (offsets.at(-1) !== 59) {
    const message = await next(rk);
    if (message.err === 0) offsets.push(message.offset);
    else errors.push(message);
  }

  // The seventh is a wrapper of five, and has the offset of the last.
  const others = ALL.records.map(({ offset }) => offset).filter((offset) => offset < 10 || offset > 14);
  expect(offsets).toEqual(others);
  expect(errors.map(({ err, offset }) => [err, offset])).toEqual([[k.RD_KAFKA_RESP_ERR__BAD_MSG, 14]]);
  expect(k.rd_kafka_message_errstr(errors[0]!)).toContain('message crc');
});
