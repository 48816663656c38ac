import { describe, expect, it } from 'vitest';
import { Conf, TopicConf } from '../../../src/conf/conf.ts';
import { type ClientType, type Finalized, finalize } from '../../../src/conf/finalize.ts';
import { isSettable, isValue, PROPERTIES } from '../../../src/conf/properties.ts';
import { withoutEffect } from '../../../src/conf/warnings.ts';
import marked from './marked.json' with { type: 'json' };

function confWith(values: Record<string, string>): Conf {
  const conf = new Conf();
  for (const [name, value] of Object.entries(values)) expect([name, conf.set(name, value).errstr]).toEqual([name, '']);
  return conf;
}

function finished(conf: Conf, type: ClientType): Finalized {
  const result = finalize(conf, type);
  if ('errstr' in result) throw new Error(result.errstr);
  return result;
}

function warningsFor(values: Record<string, string>, type: ClientType = 'producer'): readonly string[] {
  return finished(confWith({ 'bootstrap.servers': 'a:1', ...values }), type).warnings;
}

describe('a warning', () => {
  it.each<[Record<string, string>, ClientType, string[]]>([
    [{}, 'producer', []],
    [{ acks: 'all', 'linger.ms': '5', 'compression.type': 'gzip' }, 'producer', []],
    [{ 'statistics.interval.ms': '1000' }, 'producer', ['property statistics.interval.ms has no effect yet']],
    [{ 'statistics.interval.ms': '0', 'security.protocol': 'plaintext' }, 'producer', []],
    [
      { 'message.copy.max.bytes': '1' },
      'producer',
      ['property message.copy.max.bytes has no effect: records are always copied once, straight into their batch'],
    ],
    [{ 'compression.type': 'lz4', partitioner: 'murmur2' }, 'producer', []],
    [{ 'partition.assignment.strategy': 'cooperative-sticky' }, 'consumer', []],
    [
      { 'topic.metadata.refresh.fast.cnt': '1' },
      'producer',
      [
        'property topic.metadata.refresh.fast.cnt is deprecated',
        'property topic.metadata.refresh.fast.cnt has no effect: librdkafka ignores it',
      ],
    ],
    [
      { 'api.version.request': 'false' },
      'producer',
      [
        'property api.version.request is deprecated',
        'property api.version.request has no effect: every broker that we support is asked for its versions',
      ],
    ],
    [{ 'api.version.request': 'true' }, 'consumer', ['property api.version.request is deprecated']],
    [
      { 'broker.version.fallback': '0.9.0', 'api.version.fallback.ms': '1000' },
      'consumer',
      [
        'property api.version.fallback.ms is deprecated',
        'property api.version.fallback.ms has no effect: only for brokers older than 0.10, which are not supported',
        'property broker.version.fallback is deprecated',
        'property broker.version.fallback has no effect: only for brokers older than 0.10, which are not supported',
      ],
    ],
    [{ 'queuing.strategy': 'fifo' }, 'producer', ['property queuing.strategy is deprecated and experimental']],
    [{ 'linger.ms': '5' }, 'consumer', ['property queue.buffering.max.ms is for producers: this consumer ignores it']],
    [
      { 'group.instance.id': 'g' },
      'producer',
      ['property group.instance.id is for consumers: this producer ignores it'],
    ],
    [{ 'group.id': 'g' }, 'producer', ['property group.id is for consumers: this producer ignores it']],
    [
      { 'retry.backoff.ms': '2000' },
      'producer',
      ['`retry.backoff.ms` (2000) is above `retry.backoff.max.ms` (1000), which is used'],
    ],
    [
      { 'topic.metadata.refresh.fast.interval.ms': '2000' },
      'producer',
      ['`topic.metadata.refresh.fast.interval.ms` (2000) is above `retry.backoff.max.ms` (1000), which is used'],
    ],
    [
      { 'fetch.wait.max.ms': '60000' },
      'consumer',
      ['`fetch.wait.max.ms` (60000) should be at least 1000 below `socket.timeout.ms` (60000): fetches may time out'],
    ],
  ])('for %j of a %s', (values, type, expected) => {
    expect(warningsFor(values, type)).toEqual(expected);
  });

  it('names SASL settings that nothing uses', () => {
    const text = warningsFor({ 'sasl.mechanism': 'GSSAPI', 'sasl.username': 'u' }).join('\n');

    expect(text).toContain('`security.protocol` is not SASL_SSL');
    expect(text).toContain('`sasl.username` is only used by');
  });

  it('tells what is sent instead of an unsafe software name', () => {
    expect(warningsFor({ 'client.software.name': 'a b' }).join('\n')).toContain('a-b is sent');
  });

  it('names a callback that is kept for later, but not one that was cleared', () => {
    const conf = confWith({ 'bootstrap.servers': 'a:1' });
    conf.setPointer('background_event_cb', () => {});
    conf.setPointer('stats_cb', null);

    expect(finished(conf, 'producer').warnings).toEqual(['property background_event_cb has no effect yet']);
  });

  it('tells of topic properties that a default topic conf replaced', () => {
    const conf = confWith({ 'bootstrap.servers': 'a:1', acks: '1' });
    conf.takeTopicConf(new TopicConf(), 'test');

    expect(finished(conf, 'producer').warnings.join()).toContain('set_default_topic_conf replaced them');
  });

  it('never has a secret in it', () => {
    const sensitive = PROPERTIES.global.filter((row) => row.sensitive && isSettable(row) && row.type === 'string');
    const values = Object.fromEntries(sensitive.map((row) => [row.name, 's3cret']));

    expect(sensitive.length).toBeGreaterThan(5);
    expect(warningsFor({ ...values, 'ssl.keystore.password': 's3cret' }).join('\n')).not.toContain('s3cret');
  });
});

describe('a notice', () => {
  it('says that there is no cluster to connect to', () => {
    expect(finished(new Conf(), 'producer').notices).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['bootstrap.servers', 'a'],
    ['test.mock.num.brokers', '3'],
  ])('is not given with %s', (name, value) => {
    expect(finished(confWith({ [name]: value }), 'producer').notices).toEqual([]);
  });
});

describe('the marks', () => {
  const rows = [...PROPERTIES.global, ...PROPERTIES.topic].filter(isValue);
  const key = (row: { scope: string; name: string }) => (row.scope === 'topic' ? `topic ${row.name}` : row.name);

  it('are on these properties, and the list may only shrink', () => {
    const now = rows.filter((row) => row.effect === 'not-yet').map(key);

    expect(now.filter((name) => !marked.properties.includes(name))).toEqual([]);
    expect(marked.properties.filter((name) => !now.includes(name))).toEqual([]);
  });

  it('are on these values, and the list may only shrink', () => {
    const now = rows.flatMap((row) => Object.keys(row.yet ?? {}).map((value) => `${key(row)}=${value}`));
    const features = rows.flatMap((row) => ('refused' in row ? Object.keys(row.refused ?? {}) : []));

    expect([...now, ...features.map((word) => `builtin.features=${word}`)]).toEqual(marked.values);
  });

  it('for ever are on these, each with its reason', () => {
    const now = rows.filter((row) => typeof row.effect === 'object').map(key);

    expect(now).toEqual(marked.never);
  });

  it('make each of them warn when it is set to something that does not hold anyway', () => {
    for (const row of rows.filter((row) => row.effect !== 'yes')) {
      expect(withoutEffect(row, 'something'), key(row)).toContain(`property ${row.name} has no effect`);
    }
  });
});
