// Members of one group that share out partitions, come, go, hang and die, on whatever cluster: run on the mock by
// test/mock/consumer, on a real Kafka by test/real/consumer.test.ts.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  rd_kafka_assignment_lost,
  rd_kafka_commit,
  rd_kafka_consumer_close,
  rd_kafka_consumer_closed,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_memberid,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import { aProducer, type Config, consumerProtocol } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aMember, Member, pollAll, settle } from '../member.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import type { TopicEnv } from './consumer.ts';

const PARTITIONS = 4;

export function groupOf(env: TopicEnv, config: Config = {}): Config {
  const all: Config = {
    'bootstrap.servers': env.bootstrap,
    'group.id': `g-${env.topic}`,
    // Nobody is taken for dead because the machine is slow; tests about that set it.
    'session.timeout.ms': 30_000,
    'heartbeat.interval.ms': 200,
    'fetch.wait.max.ms': 50,
    ...config,
  };
  return env.protocol === 'consumer' ? consumerProtocol(all) : all;
}

/** Blocks this thread: nothing of the library runs in it. */
export function busy(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** range gives neighbours to one member, roundrobin deals them out; each partition has one owner. */
export function shared(t: TestContext, env: TopicEnv, strategy: string): void {
  const config = groupOf(env, { 'partition.assignment.strategy': strategy });
  const members = [new Member(t, config), new Member(t, config)].map((member) => member.subscribe(env.topic));

  settle(members, PARTITIONS);

  const sets = members.map(({ assigned }) => assigned.map((name) => Number(/\[(\d)\]/.exec(name)![1]))).sort();
  expect(sets).toEqual(
    strategy === 'range'
      ? [
          [0, 1],
          [2, 3],
        ]
      : [
          [0, 2],
          [1, 3],
        ],
  );
  expect(new Set(members.map(({ rk }) => rd_kafka_memberid(rk))).size).toBe(2);
}

/** While members come and go each message is handed out exactly once, in order, by automatic commits alone. */
export function comingAndGoing(t: TestContext, env: TopicEnv, withCallback: boolean): void {
  const config = groupOf(env, { 'partition.assignment.strategy': 'roundrobin' });
  const make = (): Member => (withCallback ? aMember(t, config) : new Member(t, config)).subscribe(env.topic);
  exactlyOnce(t, env, [make, make, make, 'remove', make, 'remove', 'remove']);
}

/** With each step a member is made, or the oldest is closed. */
export function exactlyOnce(t: TestContext, env: TopicEnv, steps: readonly ((() => Member) | 'remove')[]): void {
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap, 'linger.ms': 5 });
  const all: Member[] = [];
  const live: Member[] = [];
  let sent = 0;
  const id = produceMessages(p, env.topic, 0, 0, 0);
  const send = (): void => {
    for (let partition = 0; partition < PARTITIONS; partition++)
      queueMessages(p, env.topic, partition, sent, 50, { id });
    sent += 50;
  };
  const add = (member: Member): void => {
    all.push(member);
    live.push(member);
  };
  for (const step of steps) {
    send();
    if (step === 'remove') expect(rd_kafka_consumer_close(live.shift()!.rk)).toBe(0);
    else add(step());
    settle(live, PARTITIONS);
    send();
  }
  const ver = new MsgVer(id);
  for (let partition = 0; partition < PARTITIONS; partition++) ver.expect(partition, 0, sent);
  const count = (): number => all.reduce((sum, { got }) => sum + got.length, 0);
  pollAll(live, 'all messages', () => count() >= sent * PARTITIONS);
  pollAll(live, 'nothing more', settled(40));

  // Members do not overlap in time on a partition, so their order by time is that of offsets.
  const got = all.flatMap((member) => member.got);
  for (const message of [...got].sort((a, b) => a.partition - b.partition || a.offset - b.offset)) ver.add(message);
  ver.verify('over all rebalances');
  for (const member of all) inOrder(member);
  expect(all.flatMap(({ errors }) => errors)).toEqual([]);
}

/** True at the `rounds`-th question. */
function settled(rounds: number): () => boolean {
  let left = rounds;
  return () => --left < 0;
}

function inOrder(member: Member): void {
  const last = new Map<number, number>();
  for (const { partition, offset } of member.got) {
    expect(offset).toBeGreaterThan(last.get(partition) ?? -1);
    last.set(partition, offset);
  }
}

/** Manual commits in the revoke callback leave nothing for the next owner. */
export function commitOnRevoke(t: TestContext, env: TopicEnv): void {
  const id = produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), env.topic, -1, 0, 400);
  const config = groupOf(env, { 'enable.auto.commit': false });
  const results: number[] = [];
  const make = (): Member =>
    aMember(t, config, (member, err) => {
      if (err !== RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && member.got.length > 0)
        results.push(rd_kafka_commit(member.rk, null, false));
    }).subscribe(env.topic);
  const first = make();
  pollAll([first], 'some messages', () => first.got.length >= 100);

  const second = make();
  settle([first, second], PARTITIONS);
  pollAll([first, second], 'all messages', () => first.got.length + second.got.length >= 400);

  const ver = new MsgVer(id).expect(-1, 0, 400);
  for (const message of [...first.got, ...second.got]) ver.add(message);
  expect(ver.problems().filter((problem) => problem.includes('twice') || problem.includes('missing'))).toEqual([]);
  expect(results).toContain(0);
  expect(first.rebalances).toEqual(env.protocol === 'consumer' ? ['+4', '-2', '+0'] : ['+4', '-4', '+2']);
}

/** A rebalance_cb that throws before it has assigned: consumer_poll throws it, and the group goes on. */
export function throwingCallback(t: TestContext, env: TopicEnv): void {
  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), env.topic, 0, 0, 3);
  const member: Member = aMember(t, groupOf(env), () => {
    throw new Error('from rebalance_cb');
  }).subscribe(env.topic);
  const thrown: string[] = [];
  const poll = (): void => {
    try {
      member.poll();
    } catch (error) {
      thrown.push((error as Error).message);
    }
  };

  pollUntil('messages', poll, () => member.got.length === 3);
  expect(thrown).toEqual(['from rebalance_cb']);
  expect(() => rd_kafka_consumer_close(member.rk)).toThrow('from rebalance_cb');

  expect(rd_kafka_consumer_closed(member.rk)).toBe(1);
  expect(member.rebalances).toEqual(['+4', '-4']);
}

/** An application that is busy for longer than session.timeout.ms stays a member. */
export function busyApplication(t: TestContext, env: TopicEnv): void {
  const member = aMember(t, groupOf(env, { 'session.timeout.ms': 6000 })).subscribe(env.topic);
  settle([member], PARTITIONS);
  const id = rd_kafka_memberid(member.rk);

  busy(8000);

  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), env.topic, 0, 0, 3);
  pollAll([member], 'messages', () => member.got.length === 3);
  expect(member.rebalances).toEqual(['+4']);
  expect(rd_kafka_memberid(member.rk)).toBe(id);
}

/** Past max.poll.interval.ms the member leaves, is told so, and joins again at its next poll. */
export function pollIntervalExceeded(t: TestContext, env: TopicEnv): void {
  const limits = { 'session.timeout.ms': 6000, 'max.poll.interval.ms': 6000 };
  const lost: number[] = [];
  const slow = aMember(t, groupOf(env, limits), (member) => lost.push(rd_kafka_assignment_lost(member.rk)));
  slow.subscribe(env.topic);
  settle([slow], PARTITIONS);
  const other = aMember(t, groupOf(env)).subscribe(env.topic);
  settle([slow, other], PARTITIONS);
  const before = slow.rebalances.length;

  pollAll([other], 'the other to take over', () => other.assigned.length === PARTITIONS);
  expect(slow.errors).toEqual([]);
  settle([slow, other], PARTITIONS);

  expect(slow.errors).toEqual(['_MAX_POLL_EXCEEDED']);
  expect(slow.rebalances.slice(before, before + 2)).toEqual(['-2', '+2']);
  expect(lost[before]).toBe(1);
}

/** A topic that is not there is told once; the others are consumed. */
export function unknownTopic(t: TestContext, env: TopicEnv): void {
  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), env.topic, 0, 0, 3);
  const member = new Member(t, groupOf(env, { 'topic.metadata.propagation.max.ms': 200 }));
  member.subscribe('there-is-no-such-topic', env.topic);
  const errors: [string | null, number][] = [];
  pollUntil(
    'the error and the messages',
    () => {
      const message = member.poll();
      if (message !== null && message.err !== 0) errors.push([message.topic, message.partition]);
    },
    () => errors.length > 0 && member.got.length === 3,
  );

  expect(member.errors).toEqual(['UNKNOWN_TOPIC_OR_PART']);
  expect(errors).toEqual([['there-is-no-such-topic', -1]]);
}

/** unsubscribe gives the partitions to the others; a new subscription takes part again. */
export function unsubscribed(t: TestContext, env: TopicEnv): void {
  const members = [aMember(t, groupOf(env)), aMember(t, groupOf(env))].map((each) => each.subscribe(env.topic));
  settle(members, PARTITIONS);

  expect(rd_kafka_unsubscribe(members[0]!.rk)).toBe(0);
  pollAll(members, 'the other to have all', () => members[1]!.assigned.length === PARTITIONS);
  expect(members[0]!.assigned).toEqual([]);
  members[0]!.subscribe(env.topic);
  settle(members, PARTITIONS);
  expect(members[0]!.rebalances).toEqual(expect.arrayContaining(['-2', '+2']));
}

/** destroy without consumer_close leaves the group: the other has everything long before a session would end. */
export function destroyLeaves(t: TestContext, env: TopicEnv): void {
  const config = groupOf(env, { 'session.timeout.ms': 120_000 });
  const members = [new Member(t, config), new Member(t, config)].map((each) => each.subscribe(env.topic));
  settle(members, PARTITIONS);

  rd_kafka_destroy(members[0]!.rk);
  // With the consumer protocol the broker's session may be as short as 30 s.
  const patience = env.protocol === 'consumer' ? 25_000 : 60_000;

  pollAll([members[1]!], 'the other to have all', () => members[1]!.assigned.length === PARTITIONS, patience);
}

/** After consumer_close nothing comes, and nothing hangs. */
export function closedConsumer(t: TestContext, env: TopicEnv): void {
  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), env.topic, 0, 0, 30);
  const member = new Member(t, groupOf(env)).subscribe(env.topic);
  pollAll([member], 'a message', () => member.got.length > 0);

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);

  expect(rd_kafka_consumer_closed(member.rk)).toBe(1);
  expect(rd_kafka_consumer_poll(member.rk, -1)).toBeNull();
  expect(member.assigned).toEqual([]);
  expect(rd_kafka_consumer_close(member.rk)).not.toBe(0);
}
