// The awaited hooks of consumer_new, under every protocol of groups.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, type TestContext } from 'vitest';
import {
  assignment_lost,
  close_async,
  commit_async,
  consumer_poll,
  consumer_poll_async,
  destroy,
  position,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  type rd_kafka_message_t,
  type rd_kafka_t,
  type rd_kafka_topic_partition_t,
} from '../../../../src/index.ts';
import { aNewConsumer, assignedTo, kafkaError, namesOf, put } from '../../clients.ts';
import { freshTopic } from '../../topics.ts';
import { until } from '../../until.ts';
import type { Env } from '../env.ts';
import { ofProtocol, type Protocol, pullUntil } from './clients.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

/** The next message; fails after 45 s. */
export async function next(rk: rd_kafka_t): Promise<rd_kafka_message_t> {
  const deadline = performance.now() + 45_000;
  while (performance.now() < deadline) {
    const message = await consumer_poll_async(rk, 1000);
    if (message?.err === 0) return message;
  }
  throw new Error('no message within 45 s');
}

/** A promise that a test settles. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void;
  fail: (error: unknown) => void;

  constructor() {
    this.open = () => {};
    this.fail = () => {};
    this.opened = new Promise((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
  }
}

async function withValues(env: Env, partitions: number, count: number): Promise<string> {
  const topic = await freshTopic(env.bootstrap, partitions);
  for (let p = 0; p < partitions; p++) await put(env.bootstrap, topic, numbers(count), p);
  return topic;
}

export async function assignedIsAwaited(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 2, 10);
  const told: string[] = [];
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    ...ofProtocol(protocol),
    topics: [topic],
    on_assigned: async (partitions) => {
      told.push(...namesOf(partitions));
      await pause(50);
      expect(assignedTo(rk)).toEqual([]);
      for (const each of partitions) each.offset = 7;
    },
  });

  const got: string[] = [];
  for (let i = 0; i < 6; i++) {
    const { partition, value } = await next(rk);
    got.push(`${partition}/${value}`);
  }

  expect(got.sort()).toEqual(['0/7', '0/8', '0/9', '1/7', '1/8', '1/9']);
  expect(told.sort()).toEqual([`${topic} [0]`, `${topic} [1]`]);
}

export async function badOffset(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 1, 3);
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    ...ofProtocol(protocol),
    topics: [topic],
    on_assigned: async (partitions) => {
      await pause(1);
      partitions[0]!.offset = -77;
    },
  });

  const error = await kafkaError(next(rk));
  const message = await next(rk);

  expect(error.code).toBe(RD_KAFKA_RESP_ERR__INVALID_ARG);
  expect(error.message).toBe(`on_assigned: ${topic} [0] can't be consumed from offset -77`);
  expect(String(message.value)).toBe('0');
}

/** A hook that throws or rejects, each of the two. */
export async function failingHooks(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 1, 3);
  for (const late of [false, true]) {
    const fail = (what: string) => async (): Promise<void> => {
      if (late) await pause(1);
      throw new Error(what);
    };
    const { rk } = aNewConsumer(t, {
      'bootstrap.servers': env.bootstrap,
      ...ofProtocol(protocol),
      topics: [topic],
      on_assigned: late
        ? fail('assigned')
        : () => {
            throw new Error('assigned');
          },
    });

    const thrown = await next(rk).catch((error: unknown) => error);
    const message = await next(rk);

    expect(thrown).toEqual(new Error('assigned'));
    expect(String(message.value)).toBe('0');
    await close_async(rk);
  }
}

/** Positions of what goes, committed before it goes. */
async function commitPositions(rk: rd_kafka_t, partitions: rd_kafka_topic_partition_t[]): Promise<void> {
  const at = partitions.map(({ topic, partition }) => ({ topic, partition, offset: -1001 }));
  position(rk, at);
  // A while, in which the group waits.
  await pause(100);
  const handed = at.filter(({ offset }) => offset >= 0);
  if (handed.length > 0) await commit_async(rk, handed);
}

/** Two members; what the first lets go is committed in its hook, and nothing comes twice. */
export async function commitsBeforeItMoves(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const COUNT = 200;
  const topic = await withValues(env, 2, COUNT);
  const got: string[] = [];
  const revoked: string[][] = [];
  const member = (name: string): rd_kafka_t => {
    const { rk } = aNewConsumer(t, {
      'bootstrap.servers': env.bootstrap,
      'group.id': topic,
      'enable.auto.commit': false,
      ...ofProtocol(protocol),
      topics: [topic],
      on_revoked: async (partitions) => {
        if (name === 'first') revoked.push(namesOf(partitions));
        await commitPositions(rk, partitions);
      },
    });
    return rk;
  };
  const pull = async (rk: rd_kafka_t, ms: number): Promise<void> => {
    const message = await consumer_poll_async(rk, ms);
    if (message?.err === 0) got.push(`${message.partition}/${message.value}`);
  };

  const first = member('first');
  while (got.length < 20) await pull(first, 1000);
  const second = member('second');
  // Slowly, so that something is left for the other.
  await until(
    async () => {
      await Promise.all([pull(first, 20), pull(second, 20)]);
      await pause(5);
      return assignedTo(first).length === 1 && assignedTo(second).length === 1;
    },
    { deadline_ms: 60_000, what: () => `each to have one: ${assignedTo(first)}, ${assignedTo(second)}` },
  );
  const atTheMove = got.length;
  await until(
    async () => {
      await Promise.all([pull(first, 20), pull(second, 20)]);
      return got.length >= 2 * COUNT;
    },
    { deadline_ms: 60_000, what: () => `${2 * COUNT} messages; there are ${got.length}` },
  );
  await Promise.all([close_async(first), close_async(second)]);

  expect(new Set(got).size).toBe(2 * COUNT);
  expect(got.length).toBe(2 * COUNT);
  expect(atTheMove).toBeLessThan(2 * COUNT);
  expect(revoked[0]!.length).toBe(protocol === 'range' ? 2 : 1);
}

/** While a hook runs, nothing of any partition comes, and it comes afterwards. */
export async function nothingMeanwhile(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 2, 1);
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': topic, ...ofProtocol(protocol), topics: [topic] };
  const gate = new Gate();
  let running = false;
  const { rk } = aNewConsumer(t, {
    ...config,
    on_revoked: async () => {
      running = true;
      await gate.opened;
      running = false;
    },
  });
  for (let i = 0; i < 2; i++) await next(rk);
  const { rk: other } = aNewConsumer(t, config);
  const meanwhile: unknown[] = [];
  const after: string[] = [];
  const pull = async (from: rd_kafka_t, name: string): Promise<void> => {
    const message = await consumer_poll_async(from, 20);
    if (message?.err === 0) after.push(`${name} ${message.value}`);
  };

  await until(() => Promise.all([pull(rk, 'mine'), pull(other, 'its')]).then(() => running), { deadline_ms: 60_000 });
  for (let p = 0; p < 2; p++) await put(env.bootstrap, topic, ['more'], p);
  for (let i = 0; i < 5; i++) meanwhile.push(await consumer_poll_async(rk, 50));
  // It does not hold up whoever does not pull: time goes on.
  expect(running).toBe(true);
  gate.open();
  await until(() => Promise.all([pull(rk, 'mine'), pull(other, 'its')]).then(() => after.length >= 2), {
    deadline_ms: 60_000,
    what: () => `both to go on, but there are ${after}`,
  });
  await close_async(rk);

  expect(meanwhile).toEqual(Array(5).fill(null));
  expect(after.sort()).toEqual(['its more', 'mine more']);
}

/** A hook that takes its time in a call that blocks: it says so, and the group goes on. */
export async function promiseInBlockingCall(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 1, 3);
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    ...ofProtocol(protocol),
    topics: [topic],
    on_assigned: () => pause(10),
  });

  const thrown: unknown[] = [];
  const got: string[] = [];
  const deadline = performance.now() + 45_000;
  while (got.length < 3 && performance.now() < deadline) {
    try {
      const message = consumer_poll(rk, 1000);
      if (message?.err === 0) got.push(String(message.value));
    } catch (error) {
      thrown.push(error);
    }
  }

  expect(got).toEqual(['0', '1', '2']);
  expect(thrown.length).toBe(1);
  expect(thrown[0]).toBeInstanceOf(TypeError);
  expect((thrown[0] as Error).message).toContain('a hook of consumer_new');
}

/** The same when it began before: in the first look of the call, or in one that did not block. */
export async function promiseBeforeBlockingCall(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 1, 1);
  let running = false;
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    ...ofProtocol(protocol),
    topics: [topic],
    on_assigned: async () => {
      running = true;
      await new Gate().opened;
    },
  });
  await until(
    () => {
      consumer_poll(rk, 0);
      return running;
    },
    { what: 'the hook to run' },
  );

  expect(() => consumer_poll(rk, 1000)).toThrow('a hook of consumer_new');
  const message = await next(rk);

  expect(String(message.value)).toBe('0');
}

/** A hook without a promise works in calls that block as well. */
export async function plainHooksInBlockingCalls(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 1, 3);
  const told: string[] = [];
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    ...ofProtocol(protocol),
    topics: [topic],
    on_assigned: (partitions) => {
      told.push(`+${partitions.length}`);
      partitions[0]!.offset = 2;
    },
    on_revoked: (partitions) => {
      told.push(`-${partitions.length}`);
    },
    on_lost: () => {
      told.push('lost');
    },
  });

  let message: rd_kafka_message_t | null = null;
  const deadline = performance.now() + 45_000;
  while (message === null && performance.now() < deadline) message = consumer_poll(rk, 1000);
  destroy(rk);

  expect(String(message?.value)).toBe('2');
  expect(told).toEqual(['+1', '-1']);
}

/** The handle ends while a hook runs that never comes to its end. */
export async function endsAmidHook(t: TestContext, env: Env, protocol: Protocol, how: 'destroy' | 'close_async') {
  const topic = await withValues(env, 1, 3);
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    ...ofProtocol(protocol),
    topics: [topic],
    on_assigned: async () => {
      running = true;
      await new Gate().opened;
    },
  });
  let running = false;
  await pullUntil(rk, () => running, 'the hook to run');
  const from = performance.now();

  if (how === 'destroy') destroy(rk);
  else expect(await close_async(rk, { timeout_ms: 2000 })).toEqual({ undelivered: 0, uncommitted: [] });

  return performance.now() - from;
}

/** The end of the handle runs the hook of what goes, and waits for it. */
export async function closeRunsHooks(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await withValues(env, 1, 3);
  const told: string[] = [];
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    'enable.auto.commit': false,
    ...ofProtocol(protocol),
    topics: [topic],
    on_revoked: async (partitions) => {
      told.push(`begins ${assignment_lost(rk)} ${partitions.length}`);
      await commitPositions(rk, partitions);
      told.push('committed');
    },
  });
  await next(rk);

  const closed = await close_async(rk);

  expect(told).toEqual(['begins 0 1', 'committed']);
  expect(closed).toEqual({ undelivered: 0, uncommitted: [] });
}

/** By what each promises; under each protocol. */
export const HOOKS: Readonly<Record<string, (t: TestContext, env: Env, protocol: Protocol) => Promise<void>>> = {
  'on_assigned is awaited before anything is assigned, and its offsets hold': assignedIsAwaited,
  'an offset that is none is an error of the pull, and the partitions are assigned all the same': badOffset,
  'what a hook throws or rejects with is thrown by the pull, and the group goes on': failingHooks,
  'what on_revoked commits arrives before another member has the partitions': commitsBeforeItMoves,
  'nothing is handed out while a hook runs': nothingMeanwhile,
  'a hook that gives a promise in a blocking call is an error, and the group goes on': promiseInBlockingCall,
  'a hook that is not done when a call blocks is an error of that call, and the group goes on':
    promiseBeforeBlockingCall,
  'hooks that give no promise run in blocking calls, and in destroy': plainHooksInBlockingCalls,
  'close_async runs on_revoked, and what it commits is committed': closeRunsHooks,
  'close_async ends amid a hook that never ends': async (t, env, protocol) => {
    expect(await endsAmidHook(t, env, protocol, 'close_async')).toBeLessThan(3000);
  },
  'destroy ends amid a hook that never ends': async (t, env, protocol) => {
    expect(await endsAmidHook(t, env, protocol, 'destroy')).toBeLessThan(4000);
  },
};
