// What the functions of rdkafka-ts/testing are given wrongly: TypeError or RangeError that names function and parameter, and
// nothing has happened (api.md, rule 6).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rd_kafka_headers_destroy, rd_kafka_headers_new } from '../../../src/rdkafka.ts';
import { type MockCluster, mock_cluster, open_handles, suite_cluster } from '../../../src/testing.ts';
import { nothingLeft } from '../../kit/nothing_left.ts';
import { rejected } from './kit.ts';

type Loose = Record<string, (...args: unknown[]) => Promise<unknown>>;

let c: MockCluster;

beforeAll(async () => {
  c = await mock_cluster({ topics: { orders: 1 } });
});

afterAll(async () => {
  await c.close();
  await nothingLeft();
});

const SIGNAL = { aborted: false };
const headers = rd_kafka_headers_new(1);
rd_kafka_headers_destroy(headers);

/** Function, arguments, kind of error, what its text begins with. */
const WRONG: readonly [string, readonly unknown[], 'TypeError' | 'RangeError', string][] = [
  ['topic', ['2'], 'TypeError', 'topic: partitions must be a number, not a string'],
  ['topic', [0], 'RangeError', 'topic: partitions must be within 1 and 10000, not 0'],
  ['topic', [10_001], 'RangeError', 'topic: partitions must be within'],
  ['topic', [1.5], 'RangeError', 'topic: partitions must be an integer, not 1.5'],
  ['topic', [Number.NaN], 'RangeError', 'topic: partitions must be an integer, not NaN'],
  ['put', [], 'TypeError', 'put: topic must be a string, not undefined'],
  ['put', ['a\0b', 'x'], 'TypeError', 'put: topic must be a string without a NUL character'],
  ['put', ['orders', 'x', 7], 'TypeError', 'put: m[1] must be a string or an object'],
  ['put', ['orders', null], 'TypeError', 'put: m[0] must be a string or an object'],
  ['put', ['orders', { valeu: 'x' }], 'TypeError', 'put: m[0] must be an object { value, key'],
  ['put', ['orders', { value: 7 }], 'TypeError', 'put: m[0].value must be a Uint8Array, a string or null'],
  ['put', ['orders', { key: {} }], 'TypeError', 'put: m[0].key must be'],
  ['put', ['orders', { partition: 'x' }], 'TypeError', 'put: m[0].partition must be a number'],
  ['put', ['orders', { partition: -2 }], 'RangeError', 'put: m[0].partition must be within 0'],
  ['put', ['orders', { timestamp: 0.5 }], 'RangeError', 'put: m[0].timestamp must be an integer'],
  ['put', ['orders', { headers: 7 }], 'TypeError', 'put: m[0].headers must be pairs'],
  ['put', ['orders', { headers: { a: 7 } }], 'TypeError', 'put: m[0].headers.a must be'],
  ['put', ['orders', { headers }], 'TypeError', 'put: m[0].headers has been destroyed'],
  ['records', [null], 'TypeError', 'records: topic must be a string, not null'],
  ['received', [undefined, 1], 'TypeError', 'received: topic must be a string'],
  ['received', ['orders'], 'TypeError', 'received: count must be a number'],
  ['received', ['orders', -1], 'RangeError', 'received: count must be within 0'],
  ['received', ['orders', 2 ** 53], 'RangeError', 'received: count must be within 0'],
  [
    'received',
    ['orders', 1, 1000],
    'TypeError',
    'received: w must be an object { timeout_ms, signal }, not the number',
  ],
  [
    'received',
    ['orders', 1, { timeout: 1 }],
    'TypeError',
    'received: w must be an object { timeout_ms, signal }, without',
  ],
  ['received', ['orders', 1, { timeout_ms: '1' }], 'TypeError', 'received: w.timeout_ms must be a number'],
  ['received', ['orders', 1, { timeout_ms: Number.POSITIVE_INFINITY }], 'RangeError', 'received: w.timeout_ms must be'],
  ['received', ['orders', 1, { signal: SIGNAL }], 'TypeError', 'received: w.signal must be an AbortSignal'],
  ['committed', [1, 'orders', 0, 1], 'TypeError', 'committed: group must be a string'],
  ['committed', ['g', 'orders', -1, 1], 'RangeError', 'committed: partition must be within 0'],
  ['committed', ['g', 'orders', 0, -1], 'RangeError', 'committed: offset must be within 0'],
  ['committed', ['g', 'orders', 0], 'TypeError', 'committed: offset must be a number'],
  ['stable', [undefined, 1], 'TypeError', 'stable: group must be a string'],
  ['stable', ['g', '1'], 'TypeError', 'stable: members must be a number'],
  ['stable', ['g', 1, null], 'TypeError', 'stable: w must be an object'],
  ['fail', [0, 'INVALID_MSG'], 'TypeError', 'fail: api must be a string, not the number 0'],
  ['fail', ['Produce', -1], 'TypeError', 'fail: error must be a string'],
  ['fail', ['Produce', 'NO_SUCH'], 'TypeError', 'fail: error must be librdkafka\'s name of an error, and "NO_SUCH"'],
  ['fail', ['Produce', '_TIMED_OUT'], 'TypeError', 'fail: error must be one that brokers answer, and _TIMED_OUT'],
  ['fail', ['Produce', 'NO_ERROR'], 'TypeError', 'fail: error must be one that brokers answer, and NO_ERROR is none'],
  ['fail', ['Produce', 'INVALID_MSG', 2], 'TypeError', 'fail: w must be an object { broker, topic, partition, times }'],
  ['fail', ['Produce', 'INVALID_MSG', { time: 2 }], 'TypeError', 'fail: w must be an object'],
  ['fail', ['Produce', 'INVALID_MSG', { times: 0 }], 'RangeError', 'fail: w.times must be within 1'],
  ['fail', ['Produce', 'INVALID_MSG', { times: -1 }], 'RangeError', 'fail: w.times must be within 1'],
  ['fail', ['Produce', 'INVALID_MSG', { broker: '1' }], 'TypeError', 'fail: w.broker must be a number'],
  ['fail', ['Produce', 'INVALID_MSG', { topic: 1 }], 'TypeError', 'fail: w.topic must be a string'],
  ['fail', ['Produce', 'INVALID_MSG', { partition: 1 }], 'TypeError', 'fail: w.partition is one of w.topic'],
  [
    'fail',
    ['Produce', 'INVALID_MSG', { topic: 't', partition: -1 }],
    'RangeError',
    'fail: w.partition must be within 0',
  ],
  ['delay', [undefined, 1], 'TypeError', 'delay: api must be a string'],
  ['delay', ['Produce'], 'TypeError', 'delay: ms must be a number'],
  ['delay', ['Produce', -1], 'RangeError', 'delay: ms must be within 0'],
  ['delay', ['Produce', Number.POSITIVE_INFINITY], 'RangeError', 'delay: ms must be an integer'],
  ['lose_answer', [null], 'TypeError', 'lose_answer: api must be a string'],
  ['refuse', [{}], 'TypeError', 'refuse: api must be a string'],
  ['down', ['1'], 'TypeError', 'down: broker must be a number'],
  ['down', [-1], 'RangeError', 'down: broker must be within 0'],
  ['up', [undefined], 'TypeError', 'up: broker must be a number'],
  ['move_leader', [1, 0, 1], 'TypeError', 'move_leader: topic must be a string'],
  ['move_leader', ['orders', '0', 1], 'TypeError', 'move_leader: partition must be a number'],
  ['move_leader', ['orders', 0, -1], 'RangeError', 'move_leader: broker must be within 0'],
  ['rebalance', [undefined], 'TypeError', 'rebalance: group must be a string'],
  ['requests', [0], 'TypeError', 'requests: api must be a string, not the number 0'],
];

test.each(WRONG)('%s %j', async (name, args, kind, text) => {
  const before = await c.requests();

  const error = await rejected((c as unknown as Loose)[name]!(...args));

  expect([error.name, error.message]).toEqual([kind, expect.stringContaining(text)]);
  expect(error.message.startsWith(text)).toBe(true);
  expect([await c.requests(), await c.records('orders')]).toEqual([before, []]);
});

test('config takes an object of properties', () => {
  for (const wrong of [null, 'x', [['a', 1]]])
    expect(() => c.config(wrong as never)).toThrow(
      /^config: extra must be an object of configuration properties, not /,
    );
});

describe.each<[string, (o: unknown) => Promise<unknown> | unknown]>([
  ['mock_cluster', (o) => mock_cluster(o as never)],
  ['suite_cluster', (o) => suite_cluster(o as never, { beforeAll: never, afterEach: never, afterAll: never })],
])('%s', (name, make) => {
  test.each<[unknown, string, string]>([
    [null, 'TypeError', 'o must be an object { brokers, topics, tls, users }, not null'],
    [3, 'TypeError', 'o must be an object'],
    [{ broker: 3 }, 'TypeError', 'o must be an object { brokers, topics, tls, users }, without broker'],
    [{ brokers: '3' }, 'TypeError', 'o.brokers must be a number'],
    [{ brokers: 0 }, 'RangeError', 'o.brokers must be within 1 and 10000, not 0'],
    [{ topics: ['orders'] }, 'TypeError', 'o.topics must be an object { name: partitions }'],
    [{ topics: { orders: '3' } }, 'TypeError', 'o.topics.orders must be a number'],
    [{ topics: { orders: 0 } }, 'RangeError', 'o.topics.orders must be within 1 and 10000'],
    [{ topics: { 'no topic': 1 } }, 'TypeError', 'o.topics must have names of topics, and "no topic" is none'],
    [{ tls: true }, 'Error', 'o.tls: the mock cluster has no TLS listeners yet'],
    [{ users: { alice: 'secret' } }, 'Error', 'o.users: the mock cluster has no SASL listeners yet'],
  ])('%j', async (o, kind, text) => {
    const error = await rejected((async () => make(o))());

    expect([error.name, error.message]).toEqual([kind, expect.stringContaining(`${name}: ${text}`)]);
    expect(open_handles()).toHaveLength(1);
  });
});

test('mock_cluster says what a test context is', async () => {
  const error = await rejected(mock_cluster({} as never, {}));

  expect(error.message).toBe(
    "mock_cluster: t must be a test's context with onTestFinished (vitest) or after (node:test), not an object",
  );
});

test('suite_cluster says which hook is none', () => {
  const hooks = { beforeAll: never, afterEach: 1, afterAll: never } as never;

  expect(() => suite_cluster({}, hooks)).toThrow('suite_cluster: hooks.afterEach must be a function, not the number 1');
});

function never(): void {
  throw new Error('called');
}
