// Broken batches in a log, with each codec: told as errors, and what lies behind them is read.
import { expect, type TestContext, test } from 'vitest';
import { codecBits } from '../../../src/compression/registry.ts';
import * as k from '../../../src/rdkafka.ts';
import { HEADER_SIZE } from '../../../src/records/batch_header.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { aConsumer, type Config } from '../../kit/builders.ts';
import { aMockCluster } from '../cluster/kit.ts';

const TOPIC = 'corrupt';
const PER_BATCH = 5;
const DEADLINE_MS = 60_000;
/** The next look at a broken batch comes soon. */
const QUICK: Config = { 'fetch.error.backoff.ms': 5, 'fetch.wait.max.ms': 100, 'enable.auto.commit': false };
const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'];

/** Batch number `index` of a log whose batches are compressed with `codec`. */
function aBatch(codec: string, index: number): Uint8Array {
  const records = Array.from({ length: PER_BATCH }, (_, i) => ({
    timestamp: 1_760_000_000_000,
    key: `key-${index}`,
    value: `${'the same again and again '.repeat(20)}${index * PER_BATCH + i}`,
  }));
  return writeBatch(records, { attributes: codecBits(codec) });
}

function flipped(batch: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(batch);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/**
 * A consumer of a log of these batches, which no broker would have taken. The cluster lives in this thread: only the
 * promise twins may be waited for.
 */
async function aConsumerOf(t: TestContext, batches: readonly Uint8Array[], config: Config): Promise<k.rd_kafka_t> {
  const { cluster, bootstrap } = await aMockCluster({ topics: { [TOPIC]: 1 } });
  const partition = cluster.topics.get(TOPIC)!.partitions[0]!;
  for (const batch of batches) partition.log.append(batch, PER_BATCH - 1, 0, partition.leaderEpoch);
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap, ...QUICK, ...config });
  await k.rd_kafka_assign_async(rk, [{ topic: TOPIC, partition: 0, offset: 0 }]);
  return rk;
}

/** The next message or error. */
async function next(rk: k.rd_kafka_t): Promise<k.rd_kafka_message_t> {
  const message = await k.rd_kafka_consumer_poll_async(rk, DEADLINE_MS);
  if (message === null) throw new Error('nothing came');
  return message;
}

/** Polls until the record of `offset` came; the offsets of all records, and the errors in the order they came. */
async function readUpTo(
  rk: k.rd_kafka_t,
  offset: number,
): Promise<{ offsets: number[]; errors: k.rd_kafka_message_t[] }> {
  const offsets: number[] = [];
  const errors: k.rd_kafka_message_t[] = [];
  while (offsets.at(-1) !== offset) {
    const message = await next(rk);
    if (message.err !== 0) errors.push(message);
    else {
      expect(String(message.payload)).toMatch(new RegExp(` ${message.offset}$`));
      offsets.push(message.offset);
    }
  }
  return { offsets, errors };
}

const offsetsOf = (...batches: number[]): number[] =>
  batches.flatMap((index) => Array.from({ length: PER_BATCH }, (_, i) => index * PER_BATCH + i));

for (const codec of CODECS) {
  test(`${codec}: each batch whose checksum is wrong is told once, and reading goes on behind it`, async (t) => {
    const good = [0, 1, 2, 3, 4, 5, 6].map((index) => aBatch(codec, index));
    const broken = new Map([
      [1, (HEADER_SIZE + 20) * 8 + 3],
      // Attributes: says that it is of another codec.
      [3, 22 * 8],
      // Last offset.
      [5, 23 * 8 + 1],
    ]);
    const log = good.map((batch, index) => (broken.has(index) ? flipped(batch, broken.get(index)!) : batch));
    const rk = await aConsumerOf(t, log, { 'check.crcs': true });

    const { offsets, errors } = await readUpTo(rk, 7 * PER_BATCH - 1);

    expect(offsets).toEqual(offsetsOf(0, 2, 4, 6));
    expect(errors.map(({ err, offset, partition }) => [k.rd_kafka_err2name(err), offset, partition])).toEqual([
      ['_BAD_MSG', PER_BATCH, 0],
      ['_BAD_MSG', 3 * PER_BATCH, 0],
      ['_BAD_MSG', 5 * PER_BATCH, 0],
    ]);
    expect(k.rd_kafka_message_errstr(errors[0]!)).toMatch(/corrupt \[0\] at offset 5: crc: 0x/);
  });

  test(`${codec}: without checksums a batch that can't be decompressed is told, and read past by who seeks`, async (t) => {
    const good = [0, 1, 2].map((index) => aBatch(codec, index));
    // A stream that is nonsense but for its first bytes.
    const broken = Uint8Array.from(good[1]!).fill(0xff, HEADER_SIZE + 4);
    const rk = await aConsumerOf(t, [good[0]!, broken, good[2]!], { 'check.crcs': false });

    const before = await readUpTo(rk, PER_BATCH - 1);
    const error = await next(rk);
    await k.rd_kafka_assign_async(rk, [{ topic: TOPIC, partition: 0, offset: 2 * PER_BATCH }]);
    const behind = await readUpTo(rk, 3 * PER_BATCH - 1);

    expect([before, behind]).toEqual([
      { offsets: offsetsOf(0), errors: [] },
      { offsets: offsetsOf(2), errors: [] },
    ]);
    expect([k.rd_kafka_err2name(error.err), error.offset]).toEqual(['_BAD_COMPRESSION', PER_BATCH]);
    expect(k.rd_kafka_message_errstr(error)).toContain(`corrupt [0] at offset 5: records: ${codec}: `);
  });
}

test('without checksums a record that is broken ends its batch with an error, and the next batch is read', async (t) => {
  const good = [0, 1, 2].map((index) => aBatch('none', index));
  const broken = Uint8Array.from(good[1]!);
  // The length of the third of five records of one size, made larger than what is left.
  const third = HEADER_SIZE + ((good[1]!.length - HEADER_SIZE) / PER_BATCH) * 2;
  broken.set([0xfe, 0xff, 0x7f], third);
  const rk = await aConsumerOf(t, [good[0]!, broken, good[2]!], { 'check.crcs': false });

  const { offsets, errors } = await readUpTo(rk, 3 * PER_BATCH - 1);

  expect(offsets).toEqual([...offsetsOf(0), 5, 6, ...offsetsOf(2)]);
  expect(errors.map(({ err, partition }) => [k.rd_kafka_err2name(err), partition])).toEqual([['_BAD_MSG', 0]]);
});
