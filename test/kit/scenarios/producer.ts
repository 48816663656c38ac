// What a producer does with messages, on whatever cluster: run on the mock by test/mock/producer, on a real Kafka by
// test/real/producer.test.ts. Each ends with its handles destroyed.
import { expect } from 'vitest';
import * as rk from '../../../src/index.ts';
import { crc32 } from '../../../src/rd/crc32.ts';
import type { rd_kafka_mock_cluster_t } from '../../../src/rdkafka_mock.ts';
import { openProducer, outcomes, type Producing, produceNumbers, reportFaults, type Settings } from '../producing.ts';
import { readTopic, type StoredRecord } from '../read_topic.ts';
import { until } from '../until.ts';

export interface ScenarioEnv {
  readonly bootstrap: string;
  /** An empty topic of four partitions. */
  readonly topic: string;
  readonly mock?: rd_kafka_mock_cluster_t;
}

/** Runs `use` with a producer that is destroyed behind it, whatever happens. */
async function withProducer(
  env: ScenarioEnv,
  settings: Settings,
  use: (producing: Producing) => void | Promise<void>,
): Promise<void> {
  const producing = openProducer({ 'bootstrap.servers': env.bootstrap, ...settings });
  try {
    await use(producing);
  } finally {
    rk.destroy(producing.handle);
  }
}

/** Only flush sends what fills no batch, however slowly messages are produced. */
const LINGERING: Settings = { 'linger.ms': '60000' };

const textOf = (record: StoredRecord): string => record.value?.toString() ?? '';

/** The values of each partition in log order. */
function byPartition(records: readonly StoredRecord[]): Map<number, string[]> {
  const all = new Map<number, string[]>();
  for (const record of records) {
    if (!all.has(record.partition)) all.set(record.partition, []);
    all.get(record.partition)!.push(textOf(record));
  }
  return all;
}

/** 20,000 messages: one report each, in order per partition, and the log holds them in that order, once. */
export async function everyMessageOnce(env: ScenarioEnv, settings: Settings = {}): Promise<void> {
  const count = 20_000;
  let producing: Producing | undefined;
  await withProducer(env, { 'linger.ms': '5', ...settings }, (p) => {
    producing = p;
    for (let first = 0; first < count; first += 1000) {
      produceNumbers(p, env.topic, 1000, { first, key: (i) => `k${i % 97}`, size: 40 });
      rk.poll(p.handle, 0);
    }
    expect(rk.flush(p.handle, 30_000)).toBe(0);
    expect(rk.outq_len(p.handle)).toBe(0);
  });
  const { reports } = producing!;
  expect(outcomes(reports)).toBe(`ok x ${count}`);
  expect(reportFaults(reports, count)).toBe('');
  const { records } = await readTopic(env.bootstrap, env.topic);
  expect(records.length).toBe(count);
  for (const { opaque, partition, offset } of reports) {
    if (offset < 0) continue;
    const found = records.find((record) => record.partition === partition && record.offset === offset);
    if (Number.parseInt(textOf(found!), 10) !== opaque) throw new Error(`report of ${opaque} names another record`);
    // A sample is enough: find is slow.
    if (opaque > 300) break;
  }
  for (const [partition, values] of byPartition(records)) {
    const numbers = values.map((value) => Number.parseInt(value, 10));
    expect(numbers, `log of partition ${partition}`).toEqual([...numbers].sort((a, b) => a - b));
  }
}

/** Null and empty keys and values stay what they are; headers keep order, duplicates and nulls. */
export async function shapesOfMessages(env: ScenarioEnv): Promise<void> {
  const headers: [string, string | null][] = [
    ['a', '1'],
    ['b', null],
    ['a', '2'],
    ['c', ''],
  ];
  await withProducer(env, {}, ({ handle, reports }) => {
    const send = (message: Partial<Parameters<typeof rk.producev>[1] & object>): void => {
      expect(rk.producev(handle, { topic: env.topic, partition: 0, ...message } as never)).toBe(0);
    };
    send({ key: null, value: null } as never);
    send({ key: '', value: '' } as never);
    send({ key: 'key', value: null } as never);
    send({ key: null, value: 'value' } as never);
    send({ key: Buffer.from([0, 255]), value: new Uint8Array([1, 0, 2]) } as never);
    send({ key: 'ключ', value: '値', headers } as never);
    expect(rk.flush(handle, 20_000)).toBe(0);
    expect(outcomes(reports)).toBe('ok x 6');
  });
  const { records } = await readTopic(env.bootstrap, env.topic);
  expect(records.map(({ key, value }) => [key?.toString('latin1') ?? null, value?.toString('latin1') ?? null])).toEqual(
    [
      [null, null],
      ['', ''],
      ['key', null],
      [null, 'value'],
      ['\x00\xff', '\x01\x00\x02'],
      [Buffer.from('ключ').toString('latin1'), Buffer.from('値').toString('latin1')],
    ],
  );
  expect(records[5]!.headers.map(([name, value]) => [name, value?.toString() ?? null])).toEqual(headers);
  expect(records[0]!.headers).toEqual([]);
}

/** A timestamp of the caller's is stored and reported; without one it is the time of the call. */
export async function timestamps(env: ScenarioEnv): Promise<void> {
  const own = Date.now() - 3_600_000;
  const from = Date.now();
  const reported: { timestamp: number; type: number }[] = [];
  await withProducer(env, {}, (p) => {
    p.onReport = (message) => {
      const type = rk.out<rk.rd_kafka_timestamp_type_t>(0);
      reported.push({ timestamp: rk.message_timestamp(message, type), type: type.value });
    };
    rk.producev(p.handle, { topic: env.topic, partition: 1, value: 'own', timestamp: own });
    rk.producev(p.handle, { topic: env.topic, partition: 1, value: 'now' });
    // Far from the first of its batch, in both directions.
    rk.producev(p.handle, { topic: env.topic, partition: 1, value: 'later', timestamp: own + 5 });
    rk.producev(p.handle, { topic: env.topic, partition: 1, value: 'old', timestamp: own - 40 * 86_400_000 });
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(outcomes(p.reports)).toBe('ok x 4');
  });
  const { records } = await readTopic(env.bootstrap, env.topic);
  const stamps = records.map((record) => record.timestamp);
  expect(stamps[0]).toBe(own);
  expect(stamps[1]).toBeGreaterThanOrEqual(from);
  expect(stamps[1]).toBeLessThanOrEqual(Date.now());
  expect(stamps[2]).toBe(own + 5);
  expect(stamps[3]).toBe(own - 40 * 86_400_000);
  expect(reported.map(({ timestamp }) => timestamp)).toEqual(stamps);
  expect(reported[0]!.type).toBe(rk.RD_KAFKA_TIMESTAMP_CREATE_TIME);
}

/** Keyed messages go where consistent_random puts them (CRC-32 of the key), before and after metadata is known. */
export async function keysFindTheirPartition(env: ScenarioEnv): Promise<void> {
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
  await withProducer(env, {}, ({ handle, reports }) => {
    for (let round = 0; round < 2; round++) {
      for (const key of keys) expect(rk.producev(handle, { topic: env.topic, key, value: key, opaque: key })).toBe(0);
      expect(rk.flush(handle, 20_000)).toBe(0);
    }
    expect(outcomes(reports)).toBe('ok x 400');
    for (const { opaque, partition } of reports) expect(partition).toBe((crc32(Buffer.from(opaque)) >>> 0) % 4);
  });
  const { records } = await readTopic(env.bootstrap, env.topic);
  expect(records.length).toBe(400);
  for (const { key, partition } of records) expect(partition).toBe((crc32(key!) >>> 0) % 4);
}

/** An explicit partition is obeyed; one that the topic has not is refused: by report while unknown, then at once. */
export async function explicitPartitions(env: ScenarioEnv): Promise<void> {
  await withProducer(env, {}, ({ handle, reports }) => {
    // The first of all: nobody has asked for the topic before.
    expect(rk.producev(handle, { topic: env.topic, partition: 77, value: 'v', opaque: 77 })).toBe(0);
    for (let partition = 0; partition < 4; partition++)
      rk.producev(handle, { topic: env.topic, partition, value: 'v', opaque: partition });
    expect(rk.flush(handle, 20_000)).toBe(0);
    const of77 = reports.find(({ opaque }) => opaque === 77)!;
    expect([of77.err, of77.partition, of77.status]).toEqual([
      rk.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
      77,
      rk.RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
    ]);
    for (const { opaque, partition, err } of reports) if (opaque !== 77) expect([partition, err]).toEqual([opaque, 0]);
    expect(rk.producev(handle, { topic: env.topic, partition: 77, value: 'v' })).toBe(
      rk.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
    );
    expect(rk.producev(handle, { topic: env.topic, partition: -2, value: 'v' })).toBe(
      rk.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
    );
    expect(rk.outq_len(handle)).toBe(0);
  });
}

/** Acks as given: offsets and PERSISTED with an answer, neither without one. */
export async function acksOf(env: ScenarioEnv, acks: '0' | '1' | 'all'): Promise<void> {
  await withProducer(env, { acks }, ({ handle, reports }) => {
    for (let i = 0; i < 50; i++) rk.producev(handle, { topic: env.topic, partition: 2, value: `${i}`, opaque: i });
    expect(rk.flush(handle, 20_000)).toBe(0);
    expect(outcomes(reports)).toBe('ok x 50');
    expect(reportFaults(reports, 50)).toBe('');
    for (const { status, offset, opaque } of reports) {
      expect(status).toBe(acks === '0' ? rk.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED : rk.RD_KAFKA_MSG_STATUS_PERSISTED);
      if (acks !== '0') expect(offset).toBe(opaque);
      else expect(offset).toBeLessThan(0);
    }
  });
  await waitForRecords(env, 50);
}

/** acks=0 answers nothing: the log is looked at until it has them. */
async function waitForRecords(env: ScenarioEnv, count: number): Promise<void> {
  let found = 0;
  await until(
    async () => {
      found = (await readTopic(env.bootstrap, env.topic)).records.length;
      return found === count;
    },
    { what: () => `${count} records, not ${found}` },
  );
}

/** batch.num.messages and batch.size bound what lies in one batch. */
export async function batchLimits(env: ScenarioEnv): Promise<void> {
  await withProducer(env, { ...LINGERING, 'batch.num.messages': '100' }, (p) => {
    produceNumbers(p, env.topic, 1000, { partition: 0 });
    expect(rk.flush(p.handle, 20_000)).toBe(0);
  });
  await withProducer(env, { ...LINGERING, 'batch.size': '5000' }, (p) => {
    produceNumbers(p, env.topic, 300, { partition: 1, size: 300 });
    produceNumbers(p, env.topic, 1, { first: 300, partition: 1, size: 20_000 });
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(outcomes(p.reports)).toBe('ok x 301');
  });
  const { batches } = await readTopic(env.bootstrap, env.topic);
  const byCount = batches.filter(({ partition }) => partition === 0).map(({ count }) => count);
  expect(byCount).toEqual(Array.from({ length: 10 }, () => 100));
  const bySize = batches.filter(({ partition }) => partition === 1);
  for (const { count, bytes } of bySize) if (count > 1) expect(bytes).toBeLessThanOrEqual(5000);
  // Filled to within one record, but for the last and the one that is too large for any company.
  for (const { count, bytes } of bySize.slice(0, -2)) if (count > 1) expect(bytes).toBeGreaterThan(5000 - 2 * 320);
}

/** Gzip goes over the wire compressed and comes back whole. */
export async function gzip(env: ScenarioEnv): Promise<void> {
  await withProducer(env, { ...LINGERING, 'compression.codec': 'gzip' }, (p) => {
    produceNumbers(p, env.topic, 5000, { partition: 3, size: 100 });
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(outcomes(p.reports)).toBe('ok x 5000');
    expect(reportFaults(p.reports, 5000)).toBe('');
  });
  const { records, batches } = await readTopic(env.bootstrap, env.topic);
  expect(records.map((record) => Number.parseInt(textOf(record), 10))).toEqual(
    Array.from({ length: 5000 }, (_, i) => i),
  );
  expect(batches.every(({ attributes }) => (attributes & 7) === 1)).toBe(true);
  expect(batches.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(250_000);
}

/** message.max.bytes counts key, value, headers and 36 more: that much is accepted and delivered, a byte more is not. */
export async function largestMessages(env: ScenarioEnv): Promise<void> {
  await withProducer(env, { 'message.max.bytes': '900000' }, ({ handle, reports }) => {
    const fits = Buffer.alloc(900_000 - 36, 1);
    for (let i = 0; i < 3; i++)
      expect(rk.producev(handle, { topic: env.topic, partition: 0, value: fits, opaque: i })).toBe(0);
    expect(rk.producev(handle, { topic: env.topic, partition: 0, value: Buffer.alloc(fits.length + 1) })).toBe(
      rk.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
    );
    expect(rk.producev(handle, { topic: env.topic, partition: 0, value: fits, key: 'k' })).toBe(
      rk.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
    );
    expect(rk.flush(handle, 20_000)).toBe(0);
    expect(outcomes(reports)).toBe('ok x 3');
  });
  const { records } = await readTopic(env.bootstrap, env.topic);
  expect(records.map(({ value }) => value!.length)).toEqual([899_964, 899_964, 899_964]);
}

/** With room for 100 messages the next one is _QUEUE_FULL, F_BLOCK waits for room, and reports make room. */
export async function fullQueue(env: ScenarioEnv): Promise<void> {
  await withProducer(env, { 'queue.buffering.max.messages': '100', 'linger.ms': '20' }, (p) => {
    produceNumbers(p, env.topic, 100, { partition: 0 });
    expect(rk.producev(p.handle, { topic: env.topic, partition: 0, value: 'x' })).toBe(
      rk.RD_KAFKA_RESP_ERR__QUEUE_FULL,
    );
    const topic = rk.topic_new(p.handle, env.topic, null)!;
    expect(rk.produce(topic, 0, 0, 'x', null, null)).toBe(-1);
    expect(rk.last_error()).toBe(rk.RD_KAFKA_RESP_ERR__QUEUE_FULL);
    for (let i = 100; i < 1000; i++) expect(rk.produce(topic, 0, rk.RD_KAFKA_MSG_F_BLOCK, `${i}`, null, i)).toBe(0);
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(outcomes(p.reports)).toBe('ok x 1000');
    expect(reportFaults(p.reports, 1000)).toBe('');
    rk.topic_destroy(topic);
  });
}

/** queue.buffering.max.kbytes counts values only; a value beyond it never waits. */
export async function fullBytes(env: ScenarioEnv): Promise<void> {
  await withProducer(env, { 'queue.buffering.max.kbytes': '64', 'linger.ms': '50' }, (p) => {
    const value = Buffer.alloc(1024);
    for (let i = 0; i < 64; i++)
      expect(rk.producev(p.handle, { topic: env.topic, partition: 0, key: Buffer.alloc(512), value, opaque: i })).toBe(
        0,
      );
    expect(rk.producev(p.handle, { topic: env.topic, partition: 0, value: 'x' })).toBe(
      rk.RD_KAFKA_RESP_ERR__QUEUE_FULL,
    );
    expect(
      rk.producev(
        p.handle,
        rk.RD_KAFKA_V_TOPIC(env.topic),
        rk.RD_KAFKA_V_VALUE(Buffer.alloc(65 * 1024)),
        rk.RD_KAFKA_V_MSGFLAGS(rk.RD_KAFKA_MSG_F_BLOCK),
      ),
    ).toBe(rk.RD_KAFKA_RESP_ERR__QUEUE_FULL);
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(outcomes(p.reports)).toBe('ok x 64');
    expect(rk.producev(p.handle, { topic: env.topic, partition: 0, value, opaque: 64 })).toBe(0);
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(reportFaults(p.reports, 65)).toBe('');
  });
}

/** Messages for a topic nobody has asked for yet: more than one batch each, in order, sent once metadata is there. */
export async function waitForMetadata(env: ScenarioEnv): Promise<void> {
  const count = 30_000;
  await withProducer(env, { 'linger.ms': '0' }, (p) => {
    // Most on one partition, which makes several batches of main's for it.
    produceNumbers(p, env.topic, count, { key: (i) => (i % 10 === 0 ? `k${i % 13}` : 'hot'), size: 60 });
    expect(rk.flush(p.handle, 30_000)).toBe(0);
    expect(outcomes(p.reports)).toBe(`ok x ${count}`);
    expect(reportFaults(p.reports, count)).toBe('');
  });
  const { records } = await readTopic(env.bootstrap, env.topic);
  expect(records.length).toBe(count);
}

/** flush gives up when its time is over, messages stay queued, and a later flush delivers them. */
export async function flushTimesOut(env: ScenarioEnv): Promise<void> {
  await withProducer(env, { 'linger.ms': '60000' }, (p) => {
    produceNumbers(p, env.topic, 10, { partition: 0 });
    expect(rk.flush(p.handle, 0)).toBe(rk.RD_KAFKA_RESP_ERR__TIMED_OUT);
    expect(rk.outq_len(p.handle)).toBe(10);
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(outcomes(p.reports)).toBe('ok x 10');
  });
}

/** destroy with messages that linger: each is reported once, as purged, inside destroy. */
export async function destroyReports(env: ScenarioEnv): Promise<void> {
  const producing = openProducer({ 'bootstrap.servers': env.bootstrap, ...LINGERING });
  // Its threads run: destroy waits no longer than a moment for them to tell what was sent and what was not.
  produceNumbers(producing, env.topic, 1);
  expect(rk.flush(producing.handle, 20_000)).toBe(0);
  produceNumbers(producing, env.topic, 500, { first: 1, key: (i) => `${i}` });
  rk.destroy(producing.handle);
  expect(outcomes(producing.reports)).toBe('_PURGE_QUEUE x 500, ok x 1');
  expect(reportFaults(producing.reports, 501)).toBe('');
}
