// The consumer as a part of a program: twins, poll_set_consumer, poll_start, limits of what it holds, and its end.
import { beforeAll, expect, type TestContext, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import { registry } from '../../../src/app/registry.ts';
import { HELD_BYTES, QUEUED_BYTES, QUEUED_MESSAGES } from '../../../src/ops/head_page.ts';
import { poll_start } from '../../../src/promise/poll_start.ts';
import {
  RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE,
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  rd_kafka_assign,
  rd_kafka_commit,
  rd_kafka_commit_async,
  rd_kafka_committed_async,
  rd_kafka_consumer_close_async,
  rd_kafka_consumer_poll,
  rd_kafka_consumer_poll_async,
  rd_kafka_destroy,
  rd_kafka_destroy_flags,
  rd_kafka_poll_set_consumer,
  rd_kafka_position,
  rd_kafka_subscribe,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_LeaveGroup,
  rd_kafka_mock_push_request_errors_array,
  rd_kafka_mock_start_request_tracking,
} from '../../../src/rdkafka_mock.ts';
import { aCluster, aConsumer, aProducer, type TestCluster } from '../../kit/builders.ts';
import { childRunner, type RunChild } from '../../kit/child.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { aMember, Member, pollAll, settle } from '../../kit/member.ts';
import { produceMessages } from '../../kit/reports.ts';
import { requestsOf } from '../../kit/requests_seen.ts';
import { busy, groupOf } from '../../kit/scenarios/consumer_group.ts';
import { freshTopic } from '../../kit/topics.ts';
import { until } from '../../kit/until.ts';

let runChild: RunChild;

beforeAll(async () => {
  runChild = await childRunner();
});

interface Scene extends TestCluster {
  readonly topic: string;
  send(partition: number, first: number, count: number, size?: number): void;
}

async function aScene(t: TestContext, brokers = 1): Promise<Scene> {
  const cluster = aCluster(t, brokers);
  const topic = await freshTopic(cluster.bootstrap, 4);
  const p = aProducer(t, { 'bootstrap.servers': cluster.bootstrap, 'batch.size': 10_000 });
  const send = (partition: number, first: number, count: number, size = 0): void =>
    void produceMessages(p, topic, partition, first, count, { size });
  return { ...cluster, topic, send };
}

function headOf(rk: rd_kafka_t): Int32Array {
  return [...(registry().handles as Set<Handle>)].find((handle) => (handle as unknown) === rk)!.memory.head;
}

test('a fetcher holds little more than queued.max.messages.kbytes, and everything comes in the end', async (t) => {
  const scene = await aScene(t, 3);
  for (let partition = 0; partition < 4; partition++) scene.send(partition, 0, 400, 1000);
  const c = new Member(t, {
    ...groupOf(scene),
    'queued.max.messages.kbytes': 100,
    'fetch.max.bytes': 20_000,
    'message.max.bytes': 20_000,
    'max.partition.fetch.bytes': 20_000,
    'fetch.queue.backoff.ms': 20,
  });
  const list = [0, 1, 2, 3].map((partition) => ({ topic: scene.topic, partition, offset: 0 }));
  rd_kafka_assign(c.rk, list);
  const held = (): number => Atomics.load(headOf(c.rk), HELD_BYTES);
  pollUntil(
    'the queue to fill',
    () => busy(5),
    () => held() >= 100_000,
  );
  busy(300);

  // Beyond the limit each broker may have had one answer under way.
  expect(held()).toBeLessThan(100_000 + 3 * 40_000);
  pollAll([c], 'all of it', () => c.got.length === 1600);
  expect([QUEUED_BYTES, QUEUED_MESSAGES].map((word) => Atomics.load(headOf(c.rk), word))).toEqual([0, 0]);
  // The workers take off what is given back to them.
  pollUntil(
    'nothing to be held',
    () => busy(5),
    () => held() === 0,
  );
});

test('what assign drops is off the count of what waits', async (t) => {
  const scene = await aScene(t);
  for (let partition = 0; partition < 4; partition++) scene.send(partition, 0, 100, 100);
  const c = new Member(t, groupOf(scene));
  const list = [0, 1, 2, 3].map((partition) => ({ topic: scene.topic, partition, offset: 0 }));
  for (let round = 0; round < 5; round++) {
    rd_kafka_assign(c.rk, list);
    pollUntil(
      'some',
      () => c.poll(50),
      () => c.got.length > round * 10,
    );
  }
  rd_kafka_assign(c.rk, null);
  // Answers that were under way come and are dropped.
  pollUntil(
    'the last',
    () => c.poll(50),
    () => Atomics.load(headOf(c.rk), QUEUED_MESSAGES) === 0,
  );

  expect(Atomics.load(headOf(c.rk), QUEUED_BYTES)).toBe(0);
});

test('after poll_set_consumer consumer_poll serves commit results', async (t) => {
  const scene = await aScene(t);
  const results: number[] = [];
  const callbacks = { offset_commit_cb: (_rk: rd_kafka_t, err: number) => void results.push(err) };
  const c = aConsumer(t, { ...groupOf(scene), 'enable.auto.commit': false }, callbacks);
  expect(rd_kafka_poll_set_consumer(c)).toBe(0);
  expect(rd_kafka_commit(c, [{ topic: scene.topic, partition: 0, offset: 1 }], true)).toBe(0);

  pollUntil(
    'the result',
    () => rd_kafka_consumer_poll(c, 100),
    () => results.length > 0,
  );

  expect(results).toEqual([0]);
});

test('under poll_start commit results come by themselves; messages wait to be polled', async (t) => {
  const scene = await aScene(t);
  scene.send(0, 0, 3);
  const results: number[] = [];
  const callbacks = { offset_commit_cb: (_rk: rd_kafka_t, err: number) => void results.push(err) };
  const c = aConsumer(t, { ...groupOf(scene), 'enable.auto.commit': false }, callbacks);
  using _serving = poll_start(c);
  rd_kafka_assign(c, [{ topic: scene.topic, partition: 0, offset: 0 }]);
  expect(rd_kafka_commit(c, [{ topic: scene.topic, partition: 0, offset: 1 }], true)).toBe(0);

  await until(() => results.length > 0);

  expect(results).toEqual([0]);
  expect((await rd_kafka_consumer_poll_async(c, 30_000))!.offset).toBe(0);
});

test('the twins of poll, commit, committed and close do what the blocking ones do', async (t) => {
  const scene = await aScene(t);
  scene.send(0, 0, 3);
  const member = aMember(t, groupOf(scene, { 'enable.auto.commit': false })).subscribe(scene.topic);
  const got = [];
  while (got.length < 3) {
    const message = await rd_kafka_consumer_poll_async(member.rk, 30_000);
    if (message !== null) got.push(message.offset);
  }
  await rd_kafka_commit_async(member.rk, null);
  const list = [{ topic: scene.topic, partition: 0, offset: 0 }];

  expect(await rd_kafka_committed_async(member.rk, list)).toBe(list);
  expect(list[0]!.offset).toBe(3);
  expect(await rd_kafka_consumer_poll_async(member.rk, 50)).toBeNull();
  await rd_kafka_consumer_close_async(member.rk);
  expect(member.rebalances).toEqual(['+4', '-4']);
  await expect(rd_kafka_consumer_close_async(member.rk)).rejects.toMatchObject({ code: RD_KAFKA_RESP_ERR__DESTROY });
});

test("an aborted poll takes nothing: the message is the next poll's", async (t) => {
  const scene = await aScene(t);
  const c = aConsumer(t, groupOf(scene));
  rd_kafka_assign(c, [{ topic: scene.topic, partition: 0, offset: 0 }]);
  const abort = new AbortController();
  const pending = rd_kafka_consumer_poll_async(c, -1, { signal: abort.signal });
  const other = rd_kafka_consumer_poll_async(c, -1);
  abort.abort(new Error('enough'));

  await expect(pending).rejects.toThrow('enough');
  scene.send(0, 0, 2);
  expect((await other)!.offset).toBe(0);
  expect((await rd_kafka_consumer_poll_async(c, 30_000))!.offset).toBe(1);
});

test('a poll that is pending when its handle is destroyed settles', async (t) => {
  const scene = await aScene(t);
  const c = aConsumer(t, groupOf(scene));
  rd_kafka_subscribe(c, [scene.topic]);
  const pending = rd_kafka_consumer_poll_async(c, -1).then(
    (message) => message,
    (error: { code: number }) => error.code,
  );

  rd_kafka_destroy(c);

  expect([null, RD_KAFKA_RESP_ERR__DESTROY]).toContain(await pending);
});

const JOIN_STATES: [state: string, key: number][] = [
  ['the coordinator is looked for', 10],
  ['the group is joined', 11],
  ['the assignment is waited for', 14],
  ['offsets are asked for', 9],
];

for (const [state, key] of JOIN_STATES) {
  test(`destroy while ${state} ends within its bound`, async (t) => {
    const scene = await aScene(t);
    // Coordinator loading, again and again: the state lasts.
    rd_kafka_mock_push_request_errors_array(scene.mock, key, new Array(500).fill(14));
    rd_kafka_mock_start_request_tracking(scene.mock);
    const c = new Member(t, groupOf(scene)).subscribe(scene.topic);
    pollUntil(
      'the state',
      () => c.poll(20),
      () => requestsOf(scene.mock, key).length > 0,
    );
    const from = performance.now();

    rd_kafka_destroy(c.rk);

    // A second, and whatever a busy machine adds: without a bound it would be minutes.
    expect(performance.now() - from).toBeLessThan(30_000);
  });
}

const DESTROYS: [how: string, flags: number, leaves: number][] = [
  ['destroy leaves the group', 0, 1],
  ['destroy with NO_CONSUMER_CLOSE does not leave the group', RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE, 0],
];

for (const [how, flags, leaves] of DESTROYS) {
  test(how, async (t) => {
    const scene = await aScene(t);
    const member = aMember(t, groupOf(scene)).subscribe(scene.topic);
    settle([member], 4);
    rd_kafka_mock_start_request_tracking(scene.mock);

    rd_kafka_destroy_flags(member.rk, flags);

    expect(requestsOf(scene.mock, RD_KAFKAP_LeaveGroup).length).toBe(leaves);
  });
}

test('destroy while the application has not answered a rebalance ends, and serves the revoke', async (t) => {
  const scene = await aScene(t);
  const member = aMember(t, groupOf(scene)).subscribe(scene.topic);
  settle([member], 4);
  const other = aMember(t, groupOf(scene)).subscribe(scene.topic);
  // The revoke is there, and nobody polls.
  pollAll([other], 'a while', settledAfter(30));

  rd_kafka_destroy(member.rk);

  expect(member.rebalances).toEqual(['+4', '-4']);
  pollAll([other], 'all partitions', () => other.assigned.length === 4);
});

function settledAfter(rounds: number): () => boolean {
  let left = rounds;
  return () => --left < 0;
}

test('a member that never polls after a rebalance holds up the others no longer than max.poll.interval.ms', async (t) => {
  const scene = await aScene(t);
  const limits = { 'session.timeout.ms': 3000, 'max.poll.interval.ms': 3000 };
  const stuck = aMember(t, groupOf(scene, limits)).subscribe(scene.topic);
  settle([stuck], 4);
  const other = aMember(t, groupOf(scene, limits)).subscribe(scene.topic);

  pollAll([other], 'all partitions', () => other.assigned.length === 4);

  expect(stuck.rebalances).toEqual(['+4']);
});

test('position follows the twins, too, and the end of a partition comes through them', async (t) => {
  const scene = await aScene(t);
  scene.send(0, 0, 1);
  const c = aConsumer(t, { ...groupOf(scene), 'enable.partition.eof': true });
  rd_kafka_assign(c, [{ topic: scene.topic, partition: 0, offset: 0 }]);

  expect((await rd_kafka_consumer_poll_async(c))!.offset).toBe(0);
  expect((await rd_kafka_consumer_poll_async(c))!.err).toBe(RD_KAFKA_RESP_ERR__PARTITION_EOF);

  const list = [{ topic: scene.topic, partition: 0, offset: -1 }];
  rd_kafka_position(c, list);
  expect(list[0]!.offset).toBe(1);
});

const ENDS: [how: string, script: string][] = [
  ['consumer_close and destroy', 'k.rd_kafka_consumer_close(rk); k.rd_kafka_destroy(rk);'],
  ['destroy alone', 'k.rd_kafka_destroy(rk);'],
  ['the twins', 'await k.rd_kafka_consumer_close_async(rk); await k.rd_kafka_destroy_async(rk);'],
];

for (const [how, script] of ENDS) {
  test(`a process ends by itself after ${how}`, async (t) => {
    const scene = await aScene(t);
    scene.send(0, 0, 1);
    const child = runChild(`
      const conf = k.rd_kafka_conf_new();
      const config = ${JSON.stringify(groupOf(scene, { 'auto.offset.reset': 'earliest' }))};
      for (const [name, value] of Object.entries(config)) k.rd_kafka_conf_set(conf, name, String(value), null);
      const rk = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
      k.rd_kafka_subscribe(rk, [${JSON.stringify(scene.topic)}]);
      while (k.rd_kafka_consumer_poll(rk, 1000) === null);
      ${script}
      console.log('done');
    `);

    expect(await child.ended).toBe(0);
    expect(child.out()).toBe('done\n');
    expect(child.err()).toBe('');
  });
}

test('destroy inside rebalance_cb ends a consumer_poll that waits for ever', async () => {
  const child = runChild(`
    const { bootstrap, end } = cluster();
    const conf = k.rd_kafka_conf_new();
    for (const [name, value] of [['bootstrap.servers', bootstrap], ['group.id', 'g'], ['allow.auto.create.topics', 'true']])
      k.rd_kafka_conf_set(conf, name, value, null);
    k.rd_kafka_conf_set_rebalance_cb(conf, (rk, err, list) => {
      k.rd_kafka_assign(rk, err === k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? list : null);
      if (err === k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) k.rd_kafka_destroy(rk);
    });
    const rk = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf, null);
    k.rd_kafka_subscribe(rk, ['t']);
    const message = k.rd_kafka_consumer_poll(rk, -1);
    let gone = '';
    try { k.rd_kafka_name(rk); } catch (error) { gone = error.code; }
    console.log('came back with', message, gone);
    end();
  `);

  await until(() => child.out().includes('came back') || child.err().includes('Error'), {
    deadline_ms: 60_000,
    what: 'consumer_poll to return',
  });

  expect(child.out()).toContain('came back with null ERR_RDKAFKA_DESTROYED');
});
