// Which codec a batch is sent with: the topic's own or the handle's, its level, and none where it does not shrink.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { codecName } from '../../../src/compression/registry.ts';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { outcomes, type Producing } from '../../kit/producing.ts';
import { readTopic, type StoredBatch } from '../../kit/read_topic.ts';
import { aMock, type MockEnv } from './kit.ts';

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'];
/** Nothing goes before flush: what is produced for a partition is one batch. */
const LINGERING = { 'linger.ms': '60000' };
const TEXT = Buffer.from(Array.from({ length: 900 }, (_, i) => `{"id":${i * 7919},"user":"u-${i % 37}"}`).join('\n'));

/** A topic of the mock's, and a handle's own view of it with these properties. */
function aTopic(
  env: MockEnv,
  { handle }: Producing,
  name: string,
  properties: Record<string, string>,
): rk.rd_kafka_topic_t {
  mock.rd_kafka_mock_topic_create(env.mock, name, 4, 1);
  const conf = rk.topic_conf_new();
  const errstr = rk.out('');
  for (const [property, value] of Object.entries(properties))
    if (rk.topic_conf_set(conf, property, value, errstr) !== rk.RD_KAFKA_CONF_OK) throw new Error(errstr.value);
  return rk.topic_new(handle, name, conf)!;
}

function send(topic: rk.rd_kafka_topic_t, values: readonly Uint8Array[], partition = 0): void {
  for (const value of values) expect(rk.produce(topic, partition, rk.RD_KAFKA_MSG_F_COPY, value, null, null)).toBe(0);
}

/** Sends what lingers, and all of it is delivered. */
function flush(p: Producing): void {
  expect(rk.flush(p.handle, 45_000)).toBe(0);
  expect(outcomes(p.reports)).toBe(`ok x ${p.reports.length}`);
}

const codecOf = ({ attributes }: StoredBatch): string => codecName(attributes & 7);

/** How the batches of a topic lie in the log, and their values. */
async function stored(env: MockEnv, topic: string): Promise<{ codecs: string[]; bytes: number; values: Buffer[] }> {
  const { batches, records } = await readTopic(env.bootstrap, topic);
  return {
    codecs: batches.map(codecOf),
    bytes: batches.reduce((sum, batch) => sum + batch.bytes, 0),
    values: records.map(({ value }) => value!),
  };
}

test.each(['compression.codec', 'compression.type'])("a topic's own %s goes before the handle's", async (property) => {
  const env = aMock();
  const p = env.producer({ ...LINGERING, [property]: 'gzip' });
  const own = ['none', ...CODECS].map(
    (codec) => [codec, aTopic(env, p, `own-${codec}`, { [property]: codec })] as const,
  );
  for (const [, topic] of own) send(topic, [TEXT, TEXT]);

  flush(p);

  for (const [codec] of own) {
    const { codecs, values } = await stored(env, `own-${codec}`);
    expect([codec, codecs]).toEqual([codec, [codec]]);
    expect(values.map((value) => value.equals(TEXT))).toEqual([true, true]);
  }
});

test.each(CODECS)('`inherit`, said or by default, is the %s of the handle', async (codec) => {
  const env = aMock();
  const p = env.producer({ ...LINGERING, 'compression.type': codec });
  send(aTopic(env, p, 'said', { 'compression.codec': 'inherit' }), [TEXT]);
  send(aTopic(env, p, 'silent', {}), [TEXT]);
  send(rk.topic_new(p.handle, 't', null)!, [TEXT]);

  flush(p);

  for (const topic of ['said', 'silent', 't']) expect((await stored(env, topic)).codecs).toEqual([codec]);
});

test('the level comes from the topic, or for all topics from the handle; snappy has none', async () => {
  const env = aMock();
  let made = 0;
  const size = async (
    codec: string,
    own: Record<string, string>,
    all: Record<string, string> = {},
  ): Promise<number> => {
    const p = env.producer({ ...LINGERING, 'compression.codec': codec, ...all });
    const name = `${codec}-${++made}`;
    if (Object.keys(own).length > 0) send(aTopic(env, p, name, own), [TEXT]);
    else {
      mock.rd_kafka_mock_topic_create(env.mock, name, 4, 1);
      send(rk.topic_new(p.handle, name, null)!, [TEXT]);
    }
    flush(p);
    const { codecs, bytes, values } = await stored(env, name);
    expect([codecs, values.map((value) => value.equals(TEXT))]).toEqual([[codec], [true]]);
    return bytes;
  };

  for (const [codec, best] of Object.entries({ gzip: '9', lz4: '12', zstd: '12' })) {
    const least = await size(codec, { 'compression.level': '1' });
    const most = await size(codec, { 'compression.level': best });
    const byHandle = await size(codec, {}, { 'compression.level': best });

    expect(most, codec).toBeLessThan(least);
    expect(byHandle, codec).toBe(most);
  }
  // Beyond the best is the best; a level for a codec without levels is none.
  expect(await size('gzip', { 'compression.level': '12' })).toBe(await size('gzip', { 'compression.level': '9' }));
  expect(await size('snappy', { 'compression.level': '9' })).toBe(await size('snappy', {}));
});

test.each(CODECS)(
  '%s: a batch that does not shrink is sent plain, the one behind it compressed again',
  async (codec) => {
    const env = aMock();
    const p = env.producer({ ...LINGERING, 'compression.codec': codec });
    const topic = rk.topic_new(p.handle, 't', null)!;
    const random = randomBytes(100_000);
    for (const values of [[TEXT], [random], [TEXT, TEXT]]) {
      send(topic, values);
      flush(p);
    }
    send(topic, [Buffer.alloc(0)], 1);
    send(topic, [Buffer.from('x')], 2);
    flush(p);

    const { batches, records } = await readTopic(env.bootstrap, 't');

    expect(batches.map((batch) => [batch.partition, codecOf(batch)])).toEqual([
      [0, codec],
      [0, 'none'],
      [0, codec],
      [1, 'none'],
      [2, 'none'],
    ]);
    const values = [TEXT, random, TEXT, TEXT, Buffer.alloc(0), Buffer.from('x')];
    expect(records.map(({ value }, i) => value!.equals(values[i]!))).toEqual(values.map(() => true));
  },
);
