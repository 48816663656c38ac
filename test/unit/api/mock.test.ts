import { describe, expect, test } from 'vitest';
import * as mock from '../../../src/api/mock.ts';
import * as brokers from '../../../src/api/mock_brokers.ts';
import * as errors from '../../../src/api/mock_errors.ts';
import * as requests from '../../../src/api/mock_requests.ts';
import * as topics from '../../../src/api/mock_topics.ts';
import { Handle } from '../../../src/app/handle.ts';
import { MockCluster } from '../../../src/app/mock_control.ts';
import { MockRequest } from '../../../src/app/mock_request.ts';
import type { rd_kafka_mock_cluster_t } from '../../../src/defs/mock_types.ts';
import { out } from '../../../src/defs/out.ts';
import { GONE } from '../../../src/rd/check.ts';

const FUNCTIONS: Readonly<Record<string, (...args: any[]) => unknown>> = {
  ...mock,
  ...brokers,
  ...errors,
  ...requests,
  ...topics,
};

/** A living cluster that was never opened: whatever would touch its worker fails, so only checks can pass or refuse. */
function aCluster(): rd_kafka_mock_cluster_t {
  return Object.create(MockCluster.prototype);
}

function aHandle(): Handle {
  return Object.create(Handle.prototype);
}

// What is wrong for each kind of parameter: the value, and the error that it gives.
const WRONG: Readonly<Record<string, readonly [unknown, string][]>> = {
  object: [
    [null, 'TypeError'],
    [undefined, 'TypeError'],
    [{}, 'TypeError'],
    [{ '~type': 'rd_kafka_conf_t' }, 'TypeError'],
    ['x', 'TypeError'],
  ],
  string: [
    [null, 'TypeError'],
    [7, 'TypeError'],
    ['a\0b', 'TypeError'],
  ],
  int16: [
    ['1', 'TypeError'],
    [null, 'TypeError'],
    [Number.NaN, 'RangeError'],
    [0.5, 'RangeError'],
    [32768, 'RangeError'],
  ],
  int32: [
    ['1', 'TypeError'],
    [null, 'TypeError'],
    [Number.NaN, 'RangeError'],
    [2 ** 31, 'RangeError'],
  ],
  int64: [
    [1n, 'TypeError'],
    [Number.NaN, 'RangeError'],
    [2 ** 53, 'RangeError'],
  ],
  size: [
    [null, 'TypeError'],
    [-1, 'RangeError'],
  ],
  array: [
    [null, 'TypeError'],
    [7, 'TypeError'],
  ],
  codes: [
    [[null], 'TypeError'],
    [[0, 2 ** 31], 'RangeError'],
  ],
};

const CLUSTER = ['mcluster', 'object', aCluster()] as const;
const TOPIC = ['topic', 'string', 't'] as const;
const PARTITION = ['partition', 'int32', 0] as const;
const KEY = ['ApiKey', 'int16', 0] as const;
const BROKER = ['broker_id', 'int32', 1] as const;
const REQUEST = ['mreq', 'object', new MockRequest(1, 0, 0)] as const;

/** Function -> its parameters: C's name, kind, a good value. */
const PARAMS: Readonly<Record<string, readonly (readonly [string, string, unknown])[]>> = {
  mock_cluster_new: [
    ['rk', 'object', aHandle()],
    ['broker_cnt', 'int32', 1],
  ],
  mock_cluster_destroy: [CLUSTER],
  mock_cluster_handle: [CLUSTER],
  handle_mock_cluster: [['rk', 'object', aHandle()]],
  mock_cluster_bootstraps: [CLUSTER],
  mock_coordinator_set: [CLUSTER, ['key_type', 'string', 'group'], ['key', 'string', 'g'], BROKER],
  mock_set_apiversion: [CLUSTER, KEY, ['MinVersion', 'int16', 0], ['MaxVersion', 'int16', 0]],
  mock_group_initial_rebalance_delay_ms: [CLUSTER, ['delay_ms', 'int32', 0]],
  mock_broker_set_down: [CLUSTER, BROKER],
  mock_broker_set_up: [CLUSTER, BROKER],
  mock_broker_set_host_port: [CLUSTER, BROKER, ['host', 'string', 'h'], ['port', 'int32', 1]],
  mock_broker_set_rtt: [CLUSTER, BROKER, ['rtt_ms', 'int32', 1]],
  mock_broker_set_rack: [CLUSTER, BROKER, ['rack', 'string', 'r']],
  mock_broker_decommission: [['cluster', 'object', aCluster()], BROKER],
  mock_broker_remove_from_metadata: [CLUSTER, BROKER],
  mock_broker_add: [CLUSTER, BROKER],
  mock_push_request_errors: [CLUSTER, KEY, ['cnt', 'size', 1], ['errors[0]', 'int32', 7]],
  mock_push_request_errors_array: [CLUSTER, KEY, ['errors', 'array', [7]]],
  mock_clear_request_errors: [CLUSTER, KEY],
  mock_broker_push_request_error_rtts: [
    CLUSTER,
    BROKER,
    KEY,
    ['cnt', 'size', 1],
    ['error_rtts[0]', 'int32', 7],
    ['error_rtts[1]', 'int32', 100],
  ],
  mock_broker_error_stack_cnt: [CLUSTER, BROKER, KEY, ['cntp', 'array', out<number>()]],
  mock_partition_push_request_errors: [CLUSTER, TOPIC, PARTITION, KEY, ['cnt', 'size', 1], ['errors[0]', 'int32', 7]],
  mock_topic_set_error: [CLUSTER, TOPIC, ['err', 'int32', 3]],
  mock_start_request_tracking: [CLUSTER],
  mock_stop_request_tracking: [CLUSTER],
  mock_clear_requests: [CLUSTER],
  mock_get_requests: [CLUSTER],
  mock_request_destroy: [REQUEST],
  mock_request_destroy_array: [['mreqs', 'array', []]],
  mock_request_id: [REQUEST],
  mock_request_api_key: [REQUEST],
  mock_request_timestamp: [REQUEST],
  mock_topic_create: [CLUSTER, TOPIC, ['partition_cnt', 'int32', 1], ['replication_factor', 'int32', 1]],
  mock_topic_delete: [CLUSTER, TOPIC],
  mock_partition_delete_records: [CLUSTER, TOPIC, PARTITION, ['before_offset', 'int64', 0]],
  mock_partition_set_leader: [CLUSTER, TOPIC, PARTITION, BROKER],
  mock_partition_set_follower: [CLUSTER, TOPIC, PARTITION, BROKER],
  mock_partition_set_follower_wmarks: [CLUSTER, TOPIC, PARTITION, ['lo', 'int64', 0], ['hi', 'int64', 0]],
  mock_partition_push_leader_response: [
    CLUSTER,
    TOPIC,
    PARTITION,
    ['leader_id', 'int32', 1],
    ['leader_epoch', 'int32', 0],
  ],
};

/** Every wrong value of every parameter, with the arguments of its call. */
function misuses(fn: string): { what: string; args: unknown[]; param: string; error: string }[] {
  const params = PARAMS[fn] ?? [];
  return params.flatMap(([param, kind], at) =>
    (WRONG[kind] ?? [])
      .filter(([value]) => param !== 'cntp' || typeof value === 'number')
      .map(([value, error]) => {
        const args = params.map(([, , good], i) => (i === at ? value : good));
        return { what: `${param} = ${typeof value} ${JSON.stringify(value, plain)}`, args, param, error };
      }),
  );
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' || Number.isNaN(value) ? String(value) : value;
}

function thrownBy(call: () => unknown): { name: string; message: string; code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return { name: 'nothing', message: '' };
}

test('every function of these chapters is in the table of this test', () => {
  expect(
    Object.keys(FUNCTIONS)
      .filter((name) => !name.endsWith('_async'))
      .sort(),
  ).toEqual(Object.keys(PARAMS).sort());
});

describe.each(Object.keys(PARAMS))('%s', (fn) => {
  test.each(misuses(fn))('refuses $what', ({ args, param, error }) => {
    const thrown = thrownBy(() => FUNCTIONS[fn]?.(...args));

    expect(thrown.name).toBe(error);
    expect(thrown.message).toMatch(new RegExp(`^${fn}: ${param.replace(/[[\]]/g, '\\$&')} `));
  });
});

const TWINS = Object.keys(FUNCTIONS).filter((name) => name.endsWith('_async'));

test.each(TWINS)('%s rejects with what its function throws', async (twin) => {
  const fn = twin.replace('_async', '');
  const [first] = PARAMS[fn] ?? [];

  await expect(FUNCTIONS[twin]?.(null)).rejects.toThrow(`${fn}: ${first?.[0]} must be a`);
});

test.each(TWINS.filter((name) => name !== 'mock_partition_push_request_errors_async'))(
  '%s does nothing when it was aborted before',
  async (twin) => {
    const args = (PARAMS[twin.replace('_async', '')] ?? []).map(([, , good]) => good);

    await expect(FUNCTIONS[twin]?.(...args, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  },
);

test('a cluster that has been destroyed is refused', () => {
  const cluster = Object.assign(aCluster(), { [GONE]: 'has been destroyed' });

  const thrown = thrownBy(() => topics.mock_topic_create(cluster, 't', 1, 1));

  expect([thrown.name, thrown.code, thrown.message]).toEqual([
    'TypeError',
    'ERR_RDKAFKA_DESTROYED',
    'mock_topic_create: mcluster has been destroyed',
  ]);
});

describe('the count before variable arguments', () => {
  test('has to be the number of errors', () => {
    expect(() => errors.mock_push_request_errors(aCluster(), 0, 2, 7)).toThrow(
      new RangeError('mock_push_request_errors: cnt is 2, so 2 arguments must follow it, not 1'),
    );
  });

  test('has to be the number of pairs', () => {
    expect(() => errors.mock_broker_push_request_error_rtts(aCluster(), 1, 0, 2, 7, 100)).toThrow(
      new RangeError('mock_broker_push_request_error_rtts: cnt is 2, so 4 arguments must follow it, not 2'),
    );
  });

  test('has to be the number of errors of a partition, in the twin too', async () => {
    await expect(errors.mock_partition_push_request_errors_async(aCluster(), 't', 0, 0, 1)).rejects.toThrow(
      new RangeError('mock_partition_push_request_errors: cnt is 1, so 1 arguments must follow it, not 0'),
    );
  });
});

test('an element that is no error code is named', () => {
  expect(() => errors.mock_push_request_errors_array(aCluster(), 0, [0, null as unknown as number])).toThrow(
    'mock_push_request_errors_array: errors[1] must be a number, not null',
  );
});

test.each([0, -1, 10_001])('a cluster of %i brokers is refused', (count) => {
  expect(() => mock.mock_cluster_new(aHandle(), count)).toThrow(
    `mock_cluster_new: broker_cnt must be within 1 and 10000, not ${count}`,
  );
});

test('without a place for the count, error_stack_cnt answers _INVALID_ARG as in C', () => {
  expect(errors.mock_broker_error_stack_cnt(aCluster(), 1, 0, null)).toBe(-186);
});

describe('a tracked request', () => {
  test('gives broker, key and whole microseconds', () => {
    const request = new MockRequest(2, 3, 17.9);

    expect([
      requests.mock_request_id(request),
      requests.mock_request_api_key(request),
      requests.mock_request_timestamp(request),
    ]).toEqual([2, 3, 17]);
  });

  test('is refused once it is destroyed', () => {
    const request = new MockRequest(2, 3, 0);
    requests.mock_request_destroy(request);

    expect(() => requests.mock_request_id(request)).toThrow('mock_request_id: mreq has been destroyed');
  });

  test('stays as it was when another one of the array is refused', () => {
    const [request, gone] = [new MockRequest(1, 0, 0), new MockRequest(1, 0, 0)];
    requests.mock_request_destroy(gone);

    expect(() => requests.mock_request_destroy_array([request, gone])).toThrow(
      'mock_request_destroy_array: mreqs[1] has been destroyed',
    );
    expect(requests.mock_request_id(request)).toBe(1);
  });
});
