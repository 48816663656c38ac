// Messages of the formats v0 and v1 in the logs of real brokers: on Kafka 4.1, which writes none but keeps and sends what
// older ones have left, and on Kafka 3.9, which writes them when it is told to.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { findJava, type KafkaCluster, startKafka } from '../../scripts/kafka.mjs';
import { mavenJars } from '../../scripts/maven_jars.mjs';
import { codecBits } from '../../src/compression/registry.ts';
import * as k from '../../src/rdkafka.ts';
import { aConsumer, aProducer, type Config } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { messagesOf, type OldRecord, oldSet } from '../kit/old_sets.ts';
import { twoPorts } from '../kit/ports.ts';
import { freshTopic } from '../kit/topics.ts';

const START_MS = 500_000;

/** Everything in partition 0 from `offset` on. */
function read(t: TestContext, bootstrap: string, topic: string, offset: number, config: Config = {}): OldRecord[] {
  const rk = aConsumer(t, {
    'bootstrap.servers': bootstrap,
    'enable.partition.eof': true,
    'check.crcs': true,
    ...config,
  });
  k.rd_kafka_assign(rk, [{ topic, partition: 0, offset }]);
  const records: OldRecord[] = [];
  let ended = false;
  const poll = (): void => {
    const message = k.rd_kafka_consumer_poll(rk, 200);
    if (message === null) return;
    if (message.err === k.RD_KAFKA_RESP_ERR__PARTITION_EOF) ended = true;
    else records.push(recordOf(message));
  };
  pollUntil('the end of the partition', poll, () => ended);
  return records;
}

function recordOf(message: k.rd_kafka_message_t): OldRecord {
  expect([message.err, k.rd_kafka_message_errstr(message)]).toEqual([0, null]);
  const type = k.out<k.rd_kafka_timestamp_type_t>();
  const timestamp = k.rd_kafka_message_timestamp(message, type);
  return {
    offset: message.offset,
    timestamp,
    type: type.value,
    key: base64(message.key),
    value: base64(message.payload),
  };
}

function base64(bytes: Buffer | string | null): string | null {
  return bytes === null ? null : Buffer.from(bytes as string).toString('base64');
}

describe('Kafka 4.1', () => {
  const all = oldSet('every format in one log');
  let kafka: KafkaCluster | null = null;
  let bootstrap = '';
  let topic = '';

  // The log is put on the disk of the broker while it is down.
  beforeAll(async () => {
    kafka = await startKafka({ heap: '400m', config: { 'log.retention.ms': -1 } });
    ({ bootstrap } = kafka);
    topic = await freshTopic(bootstrap, 1);
    const broker = kafka.brokers[0]!;
    await broker.shutdown();
    const data = join(kafka.folder, `node-${broker.id}`, 'data');
    const folder = join(data, `${topic}-0`);
    const log = readdirSync(folder).find((name) => name.endsWith('.log'))!;
    // Without its indexes, and after an end that was not clean, the broker reads the log from the beginning.
    for (const name of readdirSync(folder)) if (/\.(timeindex|index|snapshot)$/.test(name)) rmSync(join(folder, name));
    writeFileSync(join(folder, log), all.bytes);
    rmSync(join(data, '.kafka_cleanshutdown'), { force: true });
    await broker.restart();
  }, START_MS);

  afterAll(() => kafka?.stop());

  test('what older brokers left comes as Java reads it', (t) => {
    expect(read(t, bootstrap, topic, 0)).toEqual(all.records);
  });

  test('what lies before the offset at which one begins does not come', (t) => {
    for (const from of [3, 8, 22, 37]) expect(read(t, bootstrap, topic, from)).toEqual(all.records.slice(from));
  });

  test('a fetch limit that cuts messages off makes no difference', (t) => {
    expect(read(t, bootstrap, topic, 0, { 'fetch.message.max.bytes': 100 })).toEqual(all.records);
  });

  test('new messages go behind the old ones', (t) => {
    const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
    expect(k.rd_kafka_producev(rk, { topic, value: 'new', partition: 0 })).toBe(0);
    expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);

    const records = read(t, bootstrap, topic, 55);

    expect(records.slice(0, 5)).toEqual(all.records.slice(55));
    expect(records[5]).toMatchObject({ offset: 60, value: base64('new') });
  });
});

describe('Kafka 3.9', () => {
  const COUNT = 300;
  const SOME = 123;
  const NOW = 1_600_000_000_000;
  let kafka: ChildProcess | null = null;
  let folder = '';
  let bootstrap = '';

  beforeAll(async () => {
    const jars = await mavenJars([
      'org.apache.kafka:kafka_2.13:3.9.0',
      'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3',
    ]);
    folder = mkdtempSync(join(tmpdir(), 'rdkafka-ts-old-kafka-'));
    const port = await twoPorts();
    bootstrap = `127.0.0.1:${port + 1}`;
    const program = fileURLToPath(new URL('./OldKafka.java', import.meta.url));
    const args = ['-Xmx400m', '-cp', jars.join(':'), program, folder, String(port), String(port + 1)];
    kafka = spawn(findJava(), args, { stdio: ['pipe', 'ignore', 'inherit'] });
    // It serves when a topic can be made, for which there is more time here than in freshTopic.
    for (const deadline = performance.now() + START_MS / 2; ; ) {
      const failed: unknown = await freshTopic(bootstrap, 1).then(
        () => null,
        (error) => error,
      );
      if (failed === null) break;
      if (performance.now() > deadline || kafka.exitCode !== null) throw failed;
    }
  }, START_MS);

  afterAll(async () => {
    if (kafka?.exitCode === null) {
      const ended = new Promise((done) => kafka!.once('exit', done));
      kafka.stdin!.end();
      await ended;
    }
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  function produce(t: TestContext, topic: string, codec: string): void {
    const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap, 'compression.codec': codec, 'linger.ms': 10_000 });
    for (let i = 0; i < COUNT; i++) {
      const message = { topic, partition: 0, key: keyOf(i), value: textOf(i), timestamp: NOW + i };
      expect(k.rd_kafka_producev(rk, message)).toBe(0);
    }
    expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);
  }

  const keyOf = (i: number): string | null => (i % 5 === 0 ? null : `key-${i}`);
  const textOf = (i: number): string | null => (i % 7 === 0 ? null : `value ${i} `.repeat(i % 20));

  /** Magic and attributes of all that lies in the broker's log, each once. */
  function stored(topic: string): string[] {
    const log = join(folder, 'data', `${topic}-0`);
    const bytes = readFileSync(join(log, readdirSync(log).find((name) => name.endsWith('.log'))!));
    return [...new Set(messagesOf(bytes).map((message) => `${message[16]} ${message[17]}`))];
  }

  const cases = ['none', 'gzip', 'snappy', 'lz4'].flatMap((codec) => [
    { codec, format: '0.9.0', magic: 0, time: 'CreateTime', bits: 0, type: 0 },
    { codec, format: '0.10.0', magic: 1, time: 'CreateTime', bits: 0, type: 1 },
    { codec, format: '0.10.0', magic: 1, time: 'LogAppendTime', bits: 8, type: 2 },
  ]);

  test.for(cases)('message.format.version=$format, $codec, $time: what is produced is consumed', async (each, t) => {
    const { codec, format, magic, time, bits, type } = each;
    const configs = { 'message.format.version': format, 'message.timestamp.type': time };
    const topic = await freshTopic(bootstrap, 1, { configs });
    produce(t, topic, codec);

    const [whole, rest] = [read(t, bootstrap, topic, 0), read(t, bootstrap, topic, SOME)];

    expect(stored(topic)).toEqual([`${magic} ${codecBits(codec) | bits}`]);
    const expected = Array.from({ length: COUNT }, (_, i) => {
      const timestamp = type === 0 ? -1 : type === 1 ? NOW + i : expect.toSatisfy((ms: number) => ms > NOW + COUNT);
      return { offset: i, timestamp, type, key: base64(keyOf(i)), value: base64(textOf(i)) };
    });
    expect(whole).toEqual(expected);
    expect(rest).toEqual(expected.slice(SOME));
  });
});
