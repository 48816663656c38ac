// What clients of a test's cluster are configured with.
import { expect, test } from 'vitest';
import { Conf } from '../../../src/conf/conf.ts';
import { finalize } from '../../../src/conf/finalize.ts';
import type { Properties } from '../../../src/conf/settings.ts';
import { setProperties } from '../../../src/conf/typed.ts';
import { configFor } from '../../../src/testing/config.ts';

const configOf = (extra?: Properties): Properties => configFor('config', '127.0.0.1:1', extra);

/** What a handle would say: its error, or its warnings. */
function judged(properties: Properties, type: 'producer' | 'consumer'): string | readonly string[] {
  const conf = new Conf();
  const { errstr } = setProperties(conf, properties);
  if (errstr !== '') return errstr;
  const finished = finalize(conf, type);
  return 'errstr' in finished ? finished.errstr : finished.warnings;
}

test('the cluster, from the beginning, and short times', () => {
  expect(configOf()).toEqual({
    'bootstrap.servers': '127.0.0.1:1',
    'auto.offset.reset': 'earliest',
    'session.timeout.ms': 6000,
    'heartbeat.interval.ms': 100,
    'auto.commit.interval.ms': 100,
    'reconnect.backoff.ms': 20,
    'reconnect.backoff.max.ms': 100,
    'retry.backoff.ms': 20,
    'retry.backoff.max.ms': 100,
    'fetch.error.backoff.ms': 20,
  });
});

test('what is given besides goes before', () => {
  expect(configOf({ 'session.timeout.ms': 9000, 'group.id': 'g' })).toMatchObject({
    'session.timeout.ms': 9000,
    'group.id': 'g',
    'heartbeat.interval.ms': 100,
  });
});

test.each<[string, Properties]>([
  ['a group', { 'group.id': 'g' }],
  ['no group', {}],
  ['a group of group.protocol=consumer', { 'group.id': 'g', 'group.protocol': 'consumer' }],
  ['a short max.poll.interval.ms', { 'group.id': 'g', 'max.poll.interval.ms': 500 }],
])('a consumer with %s takes it without a word', (_what, extra) => {
  expect(judged(configOf(extra), 'consumer')).toEqual([]);
});

test.each<Properties>([{ 'linger.ms': 0 }, { 'enable.idempotence': true }, { acks: 'all' }])(
  'with %j, which is for producers, a producer takes it without a word',
  (extra) => {
    expect(judged(configOf(extra), 'producer')).toEqual([]);
  },
);

test('a producer of which nothing is known warns of what is for consumers, and goes on', () => {
  const warnings = judged(configOf(), 'producer') as readonly string[];

  expect(warnings.length).toBeGreaterThan(0);
  expect(warnings.every((text) => text.endsWith('is for consumers: this producer ignores it'))).toBe(true);
});
