// rdkafka_mock.h against the mock worker itself: what each call changes, as seen over a socket.
import { connect, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { conf_new, conf_set, conf_set_log_cb } from '../../src/api/conf.ts';
import { clusterid, destroy, new_, poll } from '../../src/api/handle.ts';
import * as mock from '../../src/api/mock.ts';
import * as brokers from '../../src/api/mock_brokers.ts';
import * as errors from '../../src/api/mock_errors.ts';
import * as requests from '../../src/api/mock_requests.ts';
import * as topics from '../../src/api/mock_topics.ts';
import type { Handle } from '../../src/app/handle.ts';
import { type MockCluster, openMock } from '../../src/app/mock_control.ts';
import { run } from '../../src/app/steps.ts';
import { appThread } from '../../src/app/thread.ts';
import { RD_KAFKA_PRODUCER } from '../../src/defs/enums.ts';
import { KafkaError } from '../../src/defs/kafka_error.ts';
import { RD_KAFKAP_ApiVersion, RD_KAFKAP_Metadata, RD_KAFKAP_Produce } from '../../src/defs/mock_enums.ts';
import type { rd_kafka_mock_cluster_t } from '../../src/defs/mock_types.ts';
import { out } from '../../src/defs/out.ts';
import type { rd_kafka_t } from '../../src/defs/types.ts';
import { GONE } from '../../src/rd/check.ts';
import { writeBatch } from '../../src/records/batch_writer.ts';
import { until } from '../kit/until.ts';
import { type RawClient, rawClientAt } from './cluster/kit.ts';

const MISSING_TOPIC = 3;
const NOT_LEADER = 6;
const TRANSPORT = -195;

/** A producer without a cluster, destroyed with the test; `log` gets what it logs. */
function aHandle(settings: Readonly<Record<string, string>> = {}, log: string[] = []): rd_kafka_t {
  const conf = conf_new();
  for (const [name, value] of Object.entries(settings)) conf_set(conf, name, value, null);
  conf_set_log_cb(conf, (_rk, _level, _fac, text) => void log.push(text));
  const rk = new_(RD_KAFKA_PRODUCER, conf, null) as rd_kafka_t;
  onTestFinished(() => rk[Symbol.dispose]());
  return rk;
}

function aCluster(count = 1): rd_kafka_mock_cluster_t {
  return mock.mock_cluster_new(aHandle(), count) as rd_kafka_mock_cluster_t;
}

function ports(cluster: rd_kafka_mock_cluster_t): number[] {
  return mock
    .mock_cluster_bootstraps(cluster)
    .split(',')
    .map((one) => Number(one.split(':')[1]));
}

/** A connection to the `index`-th broker. */
function client(cluster: rd_kafka_mock_cluster_t, index = 0): RawClient {
  return rawClientAt(ports(cluster)[index] as number);
}

function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** What metadata says of a topic: its error, and of each partition the leader and epoch. */
async function metadata(raw: RawClient, topic: string): Promise<{ err: number; leaders: number[]; epochs: number[] }> {
  const answer = await raw.send('Metadata', { topics: [{ name: topic }], allowAutoTopicCreation: false }, 9);
  const found = answer.topics?.[0];
  const partitions = found?.partitions ?? [];
  return {
    err: found?.errorCode ?? -1,
    leaders: partitions.map((one) => one.leaderId),
    epochs: partitions.map((one) => one.leaderEpoch),
  };
}

async function produce(raw: RawClient, topic: string, partition: number): Promise<number> {
  const partitionData = [{ index: partition, records: writeBatch([{ value: 'v', timestamp: 1 }]) }];
  const body = { acks: -1, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] };
  const answer = await raw.send('Produce', body, 9);
  return answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1;
}

describe('a cluster', () => {
  test('listens with all its brokers when cluster_new returns', async () => {
    const cluster = aCluster(3);

    const answers = await Promise.all(ports(cluster).map(reachable));

    expect(mock.mock_cluster_bootstraps(cluster)).toMatch(/^127\.0\.0\.1:\d+(,127\.0\.0\.1:\d+){2}$/);
    expect(answers).toEqual([true, true, true]);
  });

  test('knows the handle that it was made with', () => {
    const rk = aHandle();

    const cluster = mock.mock_cluster_new(rk, 1) as rd_kafka_mock_cluster_t;

    expect(mock.mock_cluster_handle(cluster)).toBe(rk);
  });

  test('does not listen any more when cluster_destroy returns', async () => {
    const cluster = aCluster();
    const [port] = ports(cluster);

    mock.mock_cluster_destroy(cluster);

    expect(await reachable(port as number)).toBe(false);
  });

  test('can be destroyed once, and disposed of as often as one likes', () => {
    const cluster = aCluster();
    mock.mock_cluster_destroy(cluster);

    cluster[Symbol.dispose]();

    expect(() => mock.mock_cluster_destroy(cluster)).toThrow('mock_cluster_destroy: mcluster has been destroyed');
  });

  test('ends with its handle', async () => {
    const rk = aHandle();
    const cluster = mock.mock_cluster_new(rk, 1) as rd_kafka_mock_cluster_t;
    const [port] = ports(cluster);

    destroy(rk);

    expect(() => mock.mock_cluster_bootstraps(cluster)).toThrow('mcluster has been destroyed');
    expect(await reachable(port as number)).toBe(false);
  });

  test('shares its worker with the other clusters of the thread, and lives on when one of them ends', () => {
    const [first, second] = [aCluster(), aCluster()];
    const worker = appThread().mock;

    mock.mock_cluster_destroy(first);

    expect(appThread().mock).toBe(worker);
    expect(topics.mock_topic_create(second, 't', 1, 1)).toBe(0);
  });

  test('leaves no worker behind when it was the last', () => {
    const cluster = aCluster();

    mock.mock_cluster_destroy(cluster);

    expect(appThread().mock).toBe(null);
  });

  test('is made and destroyed by promises without blocking', async () => {
    const rk = aHandle();
    const { wait } = Atomics;
    onTestFinished(() => void Object.assign(Atomics, { wait }));
    Atomics.wait = () => {
      throw new Error('this thread must not block');
    };
    const cluster = await mock.mock_cluster_new_async(rk, 2);
    const [port] = ports(cluster);
    const open = await reachable(port as number);

    await mock.mock_cluster_destroy_async(cluster);

    expect([open, await reachable(port as number)]).toEqual([true, false]);
  });

  // An abort throws into the steps at each wait; here, so that no answer can be faster.
  test('is closed again when the wait for it is aborted', () => {
    const rk = aHandle() as Handle;
    const steps = openMock(rk, { brokers: 1 }).opened();
    steps.next(true);

    steps.throw('enough');

    expect(() => steps.throw('enough')).toThrow('enough');
    expect([appThread().mock, rk.onClosed.size]).toEqual([null, 0]);
  });

  test('closes also when the wait for that is aborted', async () => {
    const cluster = aCluster() as MockCluster;
    const [port] = ports(cluster);
    const steps = cluster.closeSteps();
    steps.next(true);

    expect(() => steps.throw('enough')).toThrow('enough');

    await until(async () => !(await reachable(port as number)), { what: 'the port to close' });
  });

  test('whose port is taken ends, and the log says why', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const log: string[] = [];
    const rk = aHandle({}, log) as Handle;
    const cluster = openMock(rk, { brokers: 1, port: (server.address() as { port: number }).port });

    expect(() => run(rk.thread, cluster.opened())).toThrow(KafkaError);

    poll(rk, 0);
    expect(log.filter((text) => text.includes('EADDRINUSE'))).toHaveLength(1);
    expect([cluster[GONE], appThread().mock]).toEqual(['has been destroyed', null]);
  });
});

describe('the cluster of test.mock.num.brokers', () => {
  test('is found by handle_mock_cluster, the same each time', () => {
    const rk = aHandle({ 'test.mock.num.brokers': '2' });

    const cluster = mock.handle_mock_cluster(rk) as rd_kafka_mock_cluster_t;

    expect(ports(cluster)).toHaveLength(2);
    expect(mock.handle_mock_cluster(rk)).toBe(cluster);
  });

  test('is where its handle connects', () => {
    const rk = aHandle({ 'test.mock.num.brokers': '1' });

    expect(clusterid(rk, 10_000)).toMatch(/^[\w-]{22}$/);
  });

  test('is null for a handle without one', () => {
    expect(mock.handle_mock_cluster(aHandle())).toBe(null);
  });

  test('is null once it was destroyed', () => {
    const rk = aHandle({ 'test.mock.num.brokers': '1' });
    mock.mock_cluster_destroy(mock.handle_mock_cluster(rk) as rd_kafka_mock_cluster_t);

    expect(mock.handle_mock_cluster(rk)).toBe(null);
  });
});

describe('topics', () => {
  test('have the partitions that they are created with', async () => {
    const cluster = aCluster(3);

    const err = topics.mock_topic_create(cluster, 't', 5, 2);

    expect(err).toBe(0);
    expect((await metadata(client(cluster), 't')).leaders).toHaveLength(5);
  });

  test('tell by their codes what is wrong', () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);

    expect({
      again: topics.mock_topic_create(cluster, 't', 1, 1),
      name: topics.mock_topic_create(cluster, 'a b', 1, 1),
      partitions: topics.mock_topic_create(cluster, 'u', 0, 1),
      unknown: topics.mock_topic_delete(cluster, 'nobody'),
    }).toEqual({ again: 36, name: 17, partitions: -186, unknown: MISSING_TOPIC });
  });

  test('are gone when they were deleted', async () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);

    expect(topics.mock_topic_delete(cluster, 't')).toBe(0);

    expect((await metadata(client(cluster), 't')).err).toBe(MISSING_TOPIC);
  });

  test('answer the error that was set', async () => {
    const cluster = aCluster();

    errors.mock_topic_set_error(cluster, 't', 29);

    expect((await metadata(client(cluster), 't')).err).toBe(29);
  });

  test('are made by promise, which rejects with the code', async () => {
    const cluster = aCluster();
    await topics.mock_topic_create_async(cluster, 't', 1, 1);

    const again = topics.mock_topic_create_async(cluster, 't', 1, 1);

    await expect(again).rejects.toMatchObject({
      name: 'KafkaError',
      code: 36,
      message: expect.stringMatching(/^mock_topic_create: /),
    });
  });
});

describe('partitions', () => {
  test('move to the broker that is set, and to none', async () => {
    const cluster = aCluster(3);
    topics.mock_topic_create(cluster, 't', 2, 3);

    topics.mock_partition_set_leader(cluster, 't', 0, 3);
    topics.mock_partition_set_leader(cluster, 't', 1, -1);

    expect((await metadata(client(cluster), 't')).leaders).toEqual([3, -1]);
  });

  test('give the pushed leader once', async () => {
    const cluster = aCluster(2);
    topics.mock_topic_create(cluster, 't', 1, 1);
    const raw = client(cluster);
    const before = await metadata(raw, 't');

    topics.mock_partition_push_leader_response(cluster, 't', 0, 2, 77);

    const [pushed, after] = [await metadata(raw, 't'), await metadata(raw, 't')];
    expect([pushed.leaders, pushed.epochs]).toEqual([[2], [77]]);
    expect(after).toEqual(before);
  });

  test('name the follower that is set', async () => {
    const cluster = aCluster(2);
    topics.mock_topic_create(cluster, 't', 1, 1);
    topics.mock_partition_set_leader(cluster, 't', 0, 1);

    topics.mock_partition_set_follower(cluster, 't', 0, 2);
    topics.mock_partition_set_follower_wmarks(cluster, 't', 0, 3, 7);

    const fetched = await client(cluster).send(
      'Fetch',
      {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1000,
        topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
      },
      11,
    );
    expect(fetched.responses[0]?.partitions[0]?.preferredReadReplica).toBe(2);
  });

  test('lose the records that are deleted', async () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);
    const raw = client(cluster);
    for (let i = 0; i < 3; i++) await produce(raw, 't', 0);

    expect(topics.mock_partition_delete_records(cluster, 't', 0, 2)).toBe(0);

    const body = { replicaId: -1, topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -2 }] }] };
    const listed = await raw.send('ListOffsets', body, 5);
    expect(listed.topics[0]?.partitions[0]?.offset).toBe(2);
  });

  test('tell by their codes what is wrong', () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);

    expect({
      partition: topics.mock_partition_set_leader(cluster, 't', 9, 1),
      both: topics.mock_partition_set_leader(cluster, 't', 9, 9),
      broker: topics.mock_partition_set_leader(cluster, 't', 0, 9),
      follower: topics.mock_partition_set_follower(cluster, 't', 9, 1),
      wmarks: topics.mock_partition_set_follower_wmarks(cluster, 't', 9, 0, 0),
      response: topics.mock_partition_push_leader_response(cluster, 't', 9, 1, 1),
      records: topics.mock_partition_delete_records(cluster, 't', 0, 1),
      errors: errors.mock_partition_push_request_errors(cluster, 't', 9, RD_KAFKAP_Produce, 0),
    }).toEqual({
      partition: MISSING_TOPIC,
      both: MISSING_TOPIC,
      broker: 8,
      follower: MISSING_TOPIC,
      wmarks: MISSING_TOPIC,
      response: MISSING_TOPIC,
      records: 1,
      errors: MISSING_TOPIC,
    });
  });
});

describe('brokers', () => {
  test('that are down refuse connections until they are up again', async () => {
    const cluster = aCluster(2);
    const [first, second] = ports(cluster) as [number, number];

    expect(brokers.mock_broker_set_down(cluster, 1)).toBe(0);

    expect([await reachable(first), await reachable(second)]).toEqual([false, true]);
    expect(brokers.mock_broker_set_up(cluster, 1)).toBe(0);
    expect(await reachable(first)).toBe(true);
  });

  test('go down and come up all at once with -1, by promise', async () => {
    const cluster = aCluster(2);

    await brokers.mock_broker_set_down_async(cluster, -1);

    expect(await Promise.all(ports(cluster).map(reachable))).toEqual([false, false]);
    await brokers.mock_broker_set_up_async(cluster, -1);
    expect(await Promise.all(ports(cluster).map(reachable))).toEqual([true, true]);
  });

  test('answer later by their round-trip time', async () => {
    const cluster = aCluster();
    brokers.mock_broker_set_rtt(cluster, 1, 120);
    const from = performance.now();

    await client(cluster).send('ApiVersions', {}, 0);

    expect(performance.now() - from).toBeGreaterThanOrEqual(119);
  });

  test('are named with the rack and the address that are set', async () => {
    const cluster = aCluster();
    brokers.mock_broker_set_rack(cluster, 1, 'r1');
    brokers.mock_broker_set_host_port(cluster, 1, 'elsewhere', 1234);

    const { brokers: named } = await client(cluster).send('Metadata', { topics: [] }, 9);

    expect(named.map(({ nodeId, host, port, rack }) => [nodeId, host, port, rack])).toEqual([
      [1, 'elsewhere', 1234, 'r1'],
    ]);
  });

  test('join, leave and hide', async () => {
    const cluster = aCluster(2);
    const raw = client(cluster);
    const ids = async (): Promise<number[]> =>
      (await raw.send('Metadata', { topics: [] }, 9)).brokers.map((broker) => broker.nodeId).sort();

    const added = [brokers.mock_broker_add(cluster, 7), await ids()];
    const left = [brokers.mock_broker_decommission(cluster, 2), await ids()];
    const hidden = [brokers.mock_broker_remove_from_metadata(cluster, 7), await ids()];

    expect([added, left, hidden]).toEqual([
      [0, [1, 2, 7]],
      [0, [1, 7]],
      [0, [1]],
    ]);
  });

  test('that are all of none do what they are told', () => {
    const cluster = aCluster(2);

    expect(brokers.mock_broker_decommission(cluster, -1)).toBe(0);
    expect([brokers.mock_broker_set_down(cluster, -1), brokers.mock_broker_set_down(cluster, 1)]).toEqual([0, 8]);
  });

  test('that do not exist are told by a code, and by what the twin rejects with', async () => {
    const cluster = aCluster();

    const codes = [
      brokers.mock_broker_set_down(cluster, 9),
      brokers.mock_broker_set_up(cluster, 9),
      brokers.mock_broker_set_rtt(cluster, 9, 1),
      brokers.mock_broker_set_rack(cluster, 9, 'r'),
      brokers.mock_broker_decommission(cluster, 9),
      brokers.mock_broker_remove_from_metadata(cluster, 9),
    ];

    expect(codes).toEqual([8, 8, 8, 8, 8, 8]);
    expect(brokers.mock_broker_add(cluster, 1)).toBe(-186);
    await expect(brokers.mock_broker_set_down_async(cluster, 9)).rejects.toMatchObject({ code: 8 });
  });
});

describe('coordinators and versions', () => {
  test('a group is coordinated by the broker that is set', async () => {
    const cluster = aCluster(3);

    expect(mock.mock_coordinator_set(cluster, 'group', 'g', 3)).toBe(0);

    const found = await client(cluster).send('FindCoordinator', { key: 'g', keyType: 0 }, 2);
    expect(found.nodeId).toBe(3);
    expect(mock.mock_coordinator_set(cluster, 'nothing', 'g', 3)).toBe(-186);
  });

  test('requests are served in the versions that are set', async () => {
    const cluster = aCluster();

    expect(mock.mock_set_apiversion(cluster, RD_KAFKAP_Metadata, 2, 4)).toBe(0);

    const { apiKeys } = await client(cluster).send('ApiVersions', {}, 0);
    const range = apiKeys.find((one) => one.apiKey === RD_KAFKAP_Metadata);
    expect([range?.minVersion, range?.maxVersion]).toEqual([2, 4]);
    expect(mock.mock_set_apiversion(cluster, -1, 0, 0)).toBe(-186);
    expect(mock.mock_set_apiversion(cluster, 80, 0, 0)).toBe(-186);
  });

  test('a group forms at once when its initial delay is 0', async () => {
    const cluster = aCluster();
    // Without the second call it would not form while this test lasts.
    mock.mock_group_initial_rebalance_delay_ms(cluster, 3_600_000);
    mock.mock_group_initial_rebalance_delay_ms(cluster, 0);
    const body = {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array() }],
    };

    const joined = await client(cluster).send('JoinGroup', body, 2);

    expect(joined.errorCode).toBe(0);
  });
});

describe('pushed errors', () => {
  test('are answered one after the other, from the next request on', async () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);
    const raw = client(cluster);

    errors.mock_push_request_errors(cluster, RD_KAFKAP_Produce, 2, 7, NOT_LEADER);
    errors.mock_push_request_errors_array(cluster, RD_KAFKAP_Produce, [19]);

    const codes: number[] = [];
    for (let i = 0; i < 4; i++) codes.push(await produce(raw, 't', 0));
    expect(codes).toEqual([7, NOT_LEADER, 19, 0]);
  });

  test('are there for a request that is sent right after the push', async () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);
    const raw = client(cluster);
    const codes: number[] = [];

    for (let i = 0; i < 300; i++) {
      errors.mock_push_request_errors(cluster, RD_KAFKAP_Produce, 1, 7);
      codes.push(await produce(raw, 't', 0));
    }

    expect(codes.filter((code) => code !== 7)).toEqual([]);
  });

  test('are forgotten when they are cleared', async () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);
    errors.mock_push_request_errors(cluster, RD_KAFKAP_Produce, 1, 7);

    errors.mock_clear_request_errors(cluster, RD_KAFKAP_Produce);

    expect(await produce(client(cluster), 't', 0)).toBe(0);
  });

  test('cut the connection when they are _TRANSPORT', async () => {
    const cluster = aCluster();

    errors.mock_push_request_errors(cluster, RD_KAFKAP_ApiVersion, 1, TRANSPORT);

    await expect(client(cluster).send('ApiVersions', {}, 0)).rejects.toThrow('connection closed');
  });

  test('of one broker are counted, delayed, and hide those of the cluster', async () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 1, 1);
    const left = out<number>();
    errors.mock_push_request_errors(cluster, RD_KAFKAP_Produce, 1, 19);
    const pushed = errors.mock_broker_push_request_error_rtts(cluster, 1, RD_KAFKAP_Produce, 2, 7, 0, NOT_LEADER, 120);
    const raw = client(cluster);

    const first = await produce(raw, 't', 0);
    errors.mock_broker_error_stack_cnt(cluster, 1, RD_KAFKAP_Produce, left);
    const from = performance.now();
    const second = await produce(raw, 't', 0);

    expect([pushed, first, left.value, second]).toEqual([0, 7, 1, NOT_LEADER]);
    expect(performance.now() - from).toBeGreaterThanOrEqual(119);
  });

  test('for a broker that does not exist are refused, and its count stays as it was', () => {
    const cluster = aCluster();
    const left = out(5);

    const codes = [
      errors.mock_broker_push_request_error_rtts(cluster, 9, RD_KAFKAP_Produce, 0),
      errors.mock_broker_error_stack_cnt(cluster, 9, RD_KAFKAP_Produce, left),
    ];

    expect([codes, left.value]).toEqual([[-146, -146], 5]);
  });

  test('of one partition leave the others alone', async () => {
    const cluster = aCluster();
    topics.mock_topic_create(cluster, 't', 2, 1);
    const raw = client(cluster);

    errors.mock_partition_push_request_errors(cluster, 't', 1, RD_KAFKAP_Produce, 1, 7);
    await errors.mock_partition_push_request_errors_async(cluster, 't', 1, RD_KAFKAP_Produce, 1, 19);

    const codes = [await produce(raw, 't', 0), await produce(raw, 't', 1), await produce(raw, 't', 1)];
    expect(codes).toEqual([0, 7, 19]);
  });
});

describe('requests', () => {
  test('are kept while tracking is on', async () => {
    const cluster = aCluster(2);
    const raw = client(cluster, 1);
    await raw.send('ApiVersions', {}, 0);
    requests.mock_start_request_tracking(cluster);
    await raw.send('ApiVersions', {}, 0);
    await raw.send('Metadata', { topics: [] }, 9);

    const seen = requests.mock_get_requests(cluster);

    expect(seen.map((one) => [requests.mock_request_id(one), requests.mock_request_api_key(one)])).toEqual([
      [2, RD_KAFKAP_ApiVersion],
      [2, RD_KAFKAP_Metadata],
    ]);
    const [first, second] = seen.map(requests.mock_request_timestamp) as [number, number];
    expect(second).toBeGreaterThanOrEqual(first);
    requests.mock_request_destroy_array(seen);
  });

  test.each([
    ['cleared', requests.mock_clear_requests],
    ['stopped', requests.mock_stop_request_tracking],
  ])('are gone when tracking is %s', async (_what, forget) => {
    const cluster = aCluster();
    requests.mock_start_request_tracking(cluster);
    await client(cluster).send('ApiVersions', {}, 0);

    forget(cluster);

    expect(requests.mock_get_requests(cluster)).toEqual([]);
  });
});

describe('when the worker has died', () => {
  /** A cluster whose worker was killed, and the handle's log. */
  async function anOrphan(): Promise<{ cluster: rd_kafka_mock_cluster_t; rk: rd_kafka_t; log: string[] }> {
    const log: string[] = [];
    const rk = aHandle({}, log);
    const cluster = mock.mock_cluster_new(rk, 1) as rd_kafka_mock_cluster_t;
    const { worker } = appThread().mock as { worker: { terminate(): Promise<number> } };
    await worker.terminate();
    await until(() => appThread().mock === null, { what: 'its death to be seen' });
    return { cluster, rk, log };
  }

  test('commands end at once, with a code or an error', async () => {
    const { cluster } = await anOrphan();

    expect(topics.mock_topic_create(cluster, 't', 1, 1)).toBe(-197);
    expect(() => errors.mock_topic_set_error(cluster, 't', 1)).toThrow(KafkaError);
    await expect(topics.mock_topic_create_async(cluster, 't', 1, 1)).rejects.toMatchObject({ code: -197 });
  });

  test('the handle logs it', async () => {
    const { rk, log } = await anOrphan();

    poll(rk, 0);

    expect(log.filter((text) => text.includes('mock worker died'))).toHaveLength(1);
  });

  test('the cluster can be destroyed, and another one made', async () => {
    const { cluster, rk } = await anOrphan();

    mock.mock_cluster_destroy(cluster);

    const next = mock.mock_cluster_new(rk, 1) as rd_kafka_mock_cluster_t;
    expect(topics.mock_topic_create(next, 't', 1, 1)).toBe(0);
  });

  test('a command that waits then is rejected', async () => {
    const cluster = aCluster() as MockCluster;
    const { worker } = appThread().mock as { worker: { terminate(): Promise<number> } };
    const waiting = cluster.commandAsync(undefined, 'mock_cluster_bootstraps');
    const dies = worker.terminate();

    // Answered before it died, or rejected: never left alone.
    const ended = await waiting.then(
      () => 'answered',
      (error: KafkaError) => error.code,
    );
    await dies;
    expect(['answered', -197]).toContain(ended);
  });
});

test('a command that fails when nobody waits for it any more is logged', () => {
  const log: string[] = [];
  const rk = aHandle({}, log);
  const cluster = mock.mock_cluster_new(rk, 1) as MockCluster;
  const waiting = cluster.answered(cluster.send('no_such_command', []));
  waiting.next(true);

  waiting.return(undefined);

  // Answered after it, so that its failure has come.
  requests.mock_get_requests(cluster);
  poll(rk, 0);
  expect(log.filter((text) => text.includes('no command no_such_command'))).toHaveLength(1);
});
