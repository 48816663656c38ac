// each() on whatever cluster: run on the mock by test/mock/promise, on a real Kafka by test/real/promise. @thread app
import { expect, type TestContext } from 'vitest';
import * as k from '../../../../src/index.ts';
import type { EachContext, EachHandler } from '../../../../src/promise/each.ts';
import { aConsumer } from '../../builders.ts';
import { SeededRandom } from '../../random_message.ts';
import { until } from '../../until.ts';
import type { TopicEnv } from '../consumer.ts';
import { aSeed } from '../exactly_once.ts';
import { basicsOf, consume, fill, Gate, numberOf, numbersOf, Outsider, rejection, take, upTo } from './kit.ts';
import { assignedTo, partitionsOf } from './messages.ts';

const FAST = { 'auto.commit.interval.ms': 20 } as const;

/** A run of each() and what it has done so far; ended by the test, or by close(). */
export class Run {
  readonly rk: k.rd_kafka_t;
  /** Begun, in order. */
  readonly begun: k.Message[];
  readonly done: k.Message[];
  readonly settled: Promise<unknown>;
  ended: boolean;
  most: number;
  private atWork: number;

  constructor(rk: k.rd_kafka_t, handler: EachHandler, o: k.EachOptions = {}) {
    this.rk = rk;
    this.begun = [];
    this.done = [];
    this.ended = false;
    this.most = 0;
    this.atWork = 0;
    const noted = async (message: k.Message, context: EachContext): Promise<void> => {
      this.begun.push(message);
      this.most = Math.max(this.most, ++this.atWork);
      try {
        await handler(message, context);
        this.done.push(message);
      } finally {
        this.atWork--;
      }
    };
    this.settled = k.each(rk, noted, o).then(
      () => 'resolved',
      (error: unknown) => error,
    );
    void this.settled.then(() => {
      this.ended = true;
    });
  }

  async has(count: number): Promise<void> {
    await until(() => this.done.length >= count, { what: () => `${count} handled, there are ${this.done.length}` });
  }

  async hasBegun(count: number): Promise<void> {
    await until(() => this.begun.length >= count, { what: () => `${count} begun, there are ${this.begun.length}` });
  }

  /** Closes the handle, and waits for each(), which has to resolve. */
  async close(): Promise<void> {
    await k.close_async(this.rk);
    expect(await this.settled).toBe('resolved');
  }
}

function pause(random: SeededRandom): Promise<void> | undefined {
  const kind = random.below(4);
  if (kind === 0) return undefined;
  if (kind === 1) return Promise.resolve();
  return new Promise((resolve) => setTimeout(resolve, random.below(5)));
}

const keyOf = ({ partition, key }: k.Message): string => `${partition}/${key === null ? '' : String(key)}`;

/** What is wrong with the order within each of the groups that `by` makes. */
function disorder(messages: readonly k.Message[], by: (message: k.Message) => string): string[] {
  const last = new Map<string, number>();
  const wrong: string[] = [];
  for (const message of messages) {
    const group = by(message);
    const before = last.get(group) ?? -1;
    if (message.offset <= before) wrong.push(`${group}: ${message.offset} after ${before}`);
    last.set(group, message.offset);
  }
  return wrong;
}

/** One at a time, in order per partition, by handlers that wait and those that don't. */
export async function oneByOne(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 200);
  await fill(t, env, 1, 200);
  const outsider = new Outsider(t, env);
  const run = new Run(consume(t, env), ({ offset }) => (offset % 3 === 0 ? undefined : Promise.resolve()));

  await run.has(400);
  await run.close();

  expect(run.most).toBe(1);
  for (const partition of [0, 1])
    expect(numbersOf(run.begun.filter((message) => message.partition === partition))).toEqual(upTo(200));
  expect(await outsider.allCommitted([0, 1])).toEqual([200, 200]);
}

/** Handlers that return nothing run in the pull itself. */
export async function synchronous(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 2000, { key: (i) => `${i % 7}` });
  const outsider = new Outsider(t, env);
  const rk = consume(t, env);
  const seen: number[] = [];

  const running = k.each(rk, (message) => void seen.push(message.offset), { concurrency: 50 });
  await until(() => seen.length === 2000, { what: () => `2000 handled, there are ${seen.length}` });
  await k.close_async(rk);
  await running;

  expect(seen).toEqual(upTo(2000));
  expect(await outsider.committed()).toBe(2000);
}

/**
 * With random handlers the order holds as `order` says, `concurrency` is reached and not gone beyond, and what is
 * committed, looked at from outside at random moments, is never above the lowest message that is not done.
 */
export async function ordered(t: TestContext, env: TopicEnv, order: 'key' | 'partition' | 'none'): Promise<void> {
  const seed = aSeed();
  const random = new SeededRandom(seed);
  for (const partition of [0, 1, 2])
    await fill(t, env, partition, 200, { key: (i) => (i % 5 === 0 ? null : `${i % 11}`) });
  const outsider = new Outsider(t, env);
  const run = new Run(consume(t, env, FAST), () => pause(random), { concurrency: 8, order });

  let looks = 0;
  while (run.done.length < 600) {
    const committed = await outsider.allCommitted([0, 1, 2]);
    // What was done by now is more than what was done when it was committed.
    for (const partition of [0, 1, 2])
      expect(committed[partition]!, `EXACTLY_ONCE_SEED=${seed}`).toBeLessThanOrEqual(lowestOpen(run, partition));
    looks++;
    await new Promise((turn) => setTimeout(turn, random.below(20)));
  }
  await run.close();

  expect(looks).toBeGreaterThan(1);
  const by = {
    key: keyOf,
    partition: ({ partition }: k.Message) => `${partition}`,
    none: ({ offset, partition }: k.Message) => `${partition}/${offset}`,
  };
  expect(disorder(run.begun, by[order]), `EXACTLY_ONCE_SEED=${seed}`).toEqual([]);
  expect(disorder(run.done, by[order]), `EXACTLY_ONCE_SEED=${seed}`).toEqual([]);
  expect(new Set(run.done.map((message) => `${message.partition}/${message.offset}`)).size).toBe(600);
  expect(run.most).toBeLessThanOrEqual(8);
  expect(run.most).toBeGreaterThan(order === 'partition' ? 2 : 4);
  expect(await outsider.allCommitted([0, 1, 2])).toEqual([200, 200, 200]);
}

function lowestOpen({ done }: Run, partition: number): number {
  const offsets = new Set(done.filter((message) => message.partition === partition).map(({ offset }) => offset));
  for (let offset = 0; ; offset++) if (!offsets.has(offset)) return offset;
}

/** A message that hangs keeps its offset from being committed, however many behind it are done. */
export async function lowestUnfinished(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 50);
  const outsider = new Outsider(t, env);
  const gate = new Gate();
  const handler = ({ offset }: k.Message): Promise<void> | undefined => (offset === 7 ? gate.opened : undefined);
  const run = new Run(consume(t, env, FAST), handler, { concurrency: 4, order: 'none' });

  await run.has(49);
  await outsider.sees(7);
  await fill(t, env, 1, 1);
  await run.has(50);
  await outsider.sees(1, 1);
  expect(await outsider.committed()).toBe(7);
  gate.open();

  await outsider.sees(50);
  await run.close();
}

/** A partition that is max_ahead beyond its lowest that is not done waits, and the others don't. */
export async function mostAhead(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 100);
  await fill(t, env, 1, 100);
  const gate = new Gate();
  const handler = ({ partition, offset }: k.Message): Promise<void> | undefined =>
    partition === 0 && offset === 0 ? gate.opened : undefined;
  const run = new Run(consume(t, env), handler, { concurrency: 4, order: 'none', max_ahead: 10 });
  const of = (partition: number): number => run.done.filter((message) => message.partition === partition).length;

  await until(() => of(1) === 100, { what: () => `all of the other partition, there are ${of(1)}` });
  await until(() => of(0) === 9, { what: () => `nine of the one that waits, there are ${of(0)}` });
  await fill(t, env, 1, 50, { first: 100 });
  await until(() => of(1) === 150, { what: 'what has come since of the other partition' });
  expect(of(0)).toBe(9);
  gate.open();

  await run.has(250);
  for (const partition of [0, 1]) {
    const numbers = numbersOf(run.done.filter((message) => message.partition === partition));
    expect([...numbers].sort((a, b) => a - b)).toEqual(upTo(partition === 0 ? 100 : 150));
  }
  await run.close();
}

/** While a partition waits for its lowest, the app's own pause and resume of it count as ever. */
export async function mostAheadAndPaused(t: TestContext, env: TopicEnv, how: 'pause' | 'resume'): Promise<void> {
  await fill(t, env, 0, 100);
  const gate = new Gate();
  const handler = ({ partition, offset }: k.Message): Promise<void> | undefined =>
    partition === 0 && offset === 0 ? gate.opened : undefined;
  const rk = consume(t, env);
  const run = new Run(rk, handler, { concurrency: 4, order: 'none', max_ahead: 10 });
  const of = (partition: number): number => run.done.filter((message) => message.partition === partition).length;
  const paused = [{ topic: env.topic, partition: 0 }];

  await until(() => of(0) === 9, { what: () => `nine of the one that waits, there are ${of(0)}` });
  if (how === 'pause') expect(k.pause_partitions(rk, paused)).toBe(0);
  else expect(k.resume_partitions(rk, paused)).toBe(0);
  // What comes of the other partition comes by a fetch that would have brought the first one's, too.
  await fill(t, env, 1, 50);
  await until(() => of(1) === 50, { what: 'what has come of the other partition' });
  expect(of(0)).toBe(9);
  gate.open();

  if (how === 'pause') {
    await until(() => of(0) === 10, { what: 'the one that was held up' });
    await fill(t, env, 1, 50, { first: 50 });
    await until(() => of(1) === 100, { what: 'what has come since of the other partition' });
    expect(of(0)).toBe(10);
    expect(k.resume_partitions(rk, paused)).toBe(0);
  }
  await until(() => of(0) === 100, { what: () => `all of the first partition, there are ${of(0)}` });
  expect(numbersOf(run.done.filter(({ partition }) => partition === 0)).sort((a, b) => a - b)).toEqual(upTo(100));
  await run.close();
}

/** A partition whose bound is one message goes on message by message. */
export async function oneAhead(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 40);
  const run = new Run(consume(t, env), () => Promise.resolve(), { concurrency: 4, order: 'none', max_ahead: 1 });

  await run.has(40);
  await run.close();

  expect(numbersOf(run.done)).toEqual(upTo(40));
  expect(run.most).toBe(1);
}

// ---- failures

/** It stops, nothing behind the failed message of its key is begun, and what is not done comes again to the next each(). */
export async function stopsAndAgain(t: TestContext, env: TopicEnv, how: 'sync' | 'async'): Promise<void> {
  await fill(t, env, 0, 60, { key: (i) => `${i % 2}` });
  const outsider = new Outsider(t, env);
  const rk = consume(t, env, FAST);
  const failure = new Error('at 20');
  const rest = new Gate();
  let failing = true;
  const handler = ({ offset }: k.Message): Promise<void> | undefined => {
    if (!failing || offset !== 20) return Promise.resolve();
    // What comes behind it waits in its lane by then.
    return how === 'async' ? rest.opened.then(() => Promise.reject(failure)) : fails(failure);
  };
  const first = new Run(rk, handler, { concurrency: 4 });
  if (how === 'async')
    await until(() => first.done.length >= 40, { what: () => `the other key: ${first.done.length}` });
  rest.open();

  expect(await first.settled).toBe(failure);
  const even = first.begun.filter(({ offset }) => offset % 2 === 0 && offset > 20);
  expect(even).toEqual([]);
  failing = false;
  const second = new Run(rk, handler, { concurrency: 4 });
  await until(() => second.done.some(({ offset }) => offset === 59), { what: 'all to be handled' });
  await second.close();

  expect(second.begun[0]!.offset).toBe(20);
  const all = new Set([...first.done, ...second.done].map(({ offset }) => offset));
  expect([...all].sort((a, b) => a - b)).toEqual(upTo(60));
  expect(await outsider.committed()).toBe(60);
}

function fails(error: Error): never {
  throw error;
}

/** skip counts as done; attempts are counted, and a retry keeps its place in its lane. */
export async function skipsAndRetries(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 30, { key: () => 'one' });
  const outsider = new Outsider(t, env);
  const attempts: [number, number][] = [];
  const handler = ({ offset }: k.Message): Promise<void> | undefined => {
    if (offset === 5 || offset === 9) return Promise.reject(new Error(`at ${offset}`));
    if (offset === 12) fails(new Error('at 12'));
    return undefined;
  };
  const run = new Run(consume(t, env), handler, {
    concurrency: 3,
    on_failure: async (error, { offset }, attempt) => {
      expect((error as Error).message).toBe(`at ${offset}`);
      attempts.push([offset, attempt]);
      return attempt < 3 ? { retry_after_ms: 1 } : 'skip';
    },
  });

  await run.has(27);
  await run.close();

  expect(attempts).toEqual([5, 9, 12].flatMap((offset) => [1, 2, 3].map((attempt) => [offset, attempt])));
  expect(run.begun.map(({ offset }) => offset)).toEqual(
    upTo(30).flatMap((offset) => ([5, 9, 12].includes(offset) ? [offset, offset, offset] : [offset])),
  );
  expect(await outsider.committed()).toBe(30);
}

/** A retry that was quick goes on at once: nothing else has to happen. */
export async function retriesGoOn(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 40);
  const tried = new Set<number>();
  const rk = consume(t, env);
  const seen: number[] = [];
  const from = performance.now();
  const running = k.each(
    rk,
    ({ offset }) => {
      if (!tried.has(offset)) {
        tried.add(offset);
        throw new Error('once');
      }
      seen.push(offset);
    },
    { on_failure: () => ({ retry_after_ms: 0 }) },
  );

  await until(() => seen.length === 40, { what: () => `all of them, there are ${seen.length}` });
  const ms = performance.now() - from;
  await k.close_async(rk);
  await running;

  expect(seen).toEqual(upTo(40));
  // One look a second would take 40 s.
  expect(ms).toBeLessThan(25_000);
}

export async function badAnswers(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 1);
  const rk = consume(t, env);
  const thrown = new Error('from on_failure');
  const handler = (): never => fails(new Error('at 0'));

  const first = k.each(rk, handler, { on_failure: () => 'again' as 'skip' });
  expect(await rejection(first)).toMatchObject({ message: expect.stringContaining("'stop', 'skip'") });
  const second = k.each(rk, handler, { on_failure: () => Promise.reject(thrown) });
  expect(await rejection(second)).toBe(thrown);
  for (const o of [{ concurrency: 0 }, { max_ahead: 0 }, { revoke_timeout_ms: -1 }])
    expect(await rejection(k.each(rk, handler, o))).toBeInstanceOf(RangeError);
  expect(await rejection(k.each(rk, handler, { order: 'keys' as 'key' }))).toBeInstanceOf(TypeError);
  expect(await rejection(k.each(rk, 1 as unknown as EachHandler))).toBeInstanceOf(TypeError);
  const third = new Run(rk, () => {});
  await third.has(1);
  await third.close();
}

// ---- rebalances

export type Style = 'hooks' | 'rebalance_cb' | 'nothing';

/** A member whose rebalances are told in that way; what was told goes to `events`. */
function member(t: TestContext, env: TopicEnv, style: Style, events: string[]): k.rd_kafka_t {
  if (style === 'hooks')
    return consume(t, env, {
      ...FAST,
      on_assigned: (list) => void events.push(`+${list.length}`),
      on_revoked: (list) => void events.push(`-${list.length}`),
    });
  const rebalance_cb: k.RebalanceCb = (rk, err, list) => {
    const assigns = err === k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    events.push(`${assigns ? '+' : '-'}${list.cnt}`);
    if (k.rebalance_protocol(rk) !== 'COOPERATIVE') k.assign(rk, assigns ? list : null);
    else if (assigns) k.incremental_assign(rk, list);
    else k.incremental_unassign(rk, list);
  };
  const rk = aConsumer(t, { ...basicsOf(env), ...FAST }, style === 'nothing' ? {} : { rebalance_cb });
  expect(k.subscribe(rk, [env.topic])).toBe(0);
  return rk;
}

/** A revoke waits for the handlers at work of what goes; what they did is committed and comes to nobody again. */
export async function revokeWaits(t: TestContext, env: TopicEnv, style: Style): Promise<void> {
  for (const partition of [0, 1, 2, 3]) await fill(t, env, partition, 1);
  const outsider = new Outsider(t, env);
  const events: string[] = [];
  const gate = new Gate();
  const signals: AbortSignal[] = [];
  const first = new Run(
    member(t, env, style, events),
    (_message, { signal }) => {
      signals.push(signal);
      return gate.opened;
    },
    { concurrency: 8, revoke_timeout_ms: 60_000 },
  );
  await first.hasBegun(4);

  const second = new Run(consume(t, env, FAST), () => {});
  // The group waits for the first member: it has been asked, and hands out nothing more meanwhile.
  await until(() => rebalancing(first.rk), { what: 'the revoke to be begun' });
  await fill(t, env, 0, 1, { first: 1 });
  expect(assignedTo(first.rk)).toBe(4);
  expect(first.begun).toHaveLength(4);
  gate.open();

  await until(() => assignedTo(first.rk) === 2 && assignedTo(second.rk) === 2, { what: 'two partitions for each' });
  await until(() => first.done.length + second.done.length >= 5, { what: 'the fifth message' });
  expect([...first.done, ...second.done].map(({ partition, offset }) => `${partition}/${offset}`).sort()).toEqual([
    '0/0',
    '0/1',
    '1/0',
    '2/0',
    '3/0',
  ]);
  expect(signals.some(({ aborted }) => aborted)).toBe(false);
  await first.close();
  await second.close();
  expect(await outsider.allCommitted([0, 1, 2, 3])).toEqual([2, 1, 1, 1]);
  if (style !== 'nothing') expect(events.length).toBeGreaterThan(2);
}

/** Looked at from inside: it shows nowhere else that each() waits for its handlers. */
function rebalancing(rk: k.rd_kafka_t): boolean {
  return (rk as unknown as { consumer: { rebalances: { running: boolean } } }).consumer.rebalances.running;
}

/** Past revoke_timeout_ms the signal is aborted and the partitions go; what the late handler says then counts for nothing. */
export async function revokeTimesOut(t: TestContext, env: TopicEnv): Promise<void> {
  for (const partition of [0, 1, 2, 3]) await fill(t, env, partition, 2);
  const outsider = new Outsider(t, env);
  const gate = new Gate();
  const signals = new Map<number, AbortSignal>();
  const handler: EachHandler = ({ partition }, { signal }) => {
    signals.set(partition, signal);
    return gate.opened;
  };
  const first = new Run(consume(t, env, FAST), handler, { concurrency: 8, revoke_timeout_ms: 100 });
  await first.hasBegun(4);

  const second = new Run(consume(t, env, FAST), () => {});
  await until(() => assignedTo(first.rk) === 2 && assignedTo(second.rk) === 2, { what: 'two partitions for each' });
  const went = partitionsOf(second.rk);
  await second.has(4);

  for (const partition of went) {
    expect(signals.get(partition)!.aborted).toBe(true);
    expect(signals.get(partition)!.reason).toMatchObject({ type: '_TIMED_OUT' });
    await outsider.sees(2, partition);
  }
  gate.open();
  await until(() => lowestOpen(first, partitionsOf(first.rk)[0]!) === 2, { what: 'what stayed to be handled' });
  expect(first.ended).toBe(false);
  await first.close();
  await second.close();
  expect(await outsider.allCommitted([0, 1, 2, 3])).toEqual([2, 2, 2, 2]);
}

/** What is lost is not waited for: signals are aborted at once, and each() goes on with what comes. */
export async function lost(t: TestContext, env: TopicEnv, interval: number): Promise<void> {
  await fill(t, env, 0, 2);
  const events: string[] = [];
  const rk = consume(t, env, {
    ...FAST,
    'session.timeout.ms': interval,
    'max.poll.interval.ms': interval,
    on_assigned: (list) => void events.push(`+${list.length}`),
    on_revoked: (list) => void events.push(`-${list.length}`),
    on_lost: (list) => void events.push(`lost ${list.length}`),
  });
  const errors: string[] = [];
  const reasons: unknown[] = [];
  const handler: EachHandler = (_message, { signal }) => {
    if (reasons.length > 0) return undefined;
    // Hangs until it is aborted.
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(signal.reason);
      });
    });
  };
  const run = new Run(rk, handler, { revoke_timeout_ms: 600_000, on_error: ({ type }) => void errors.push(type) });

  await run.has(2);
  await run.close();

  expect(reasons).toEqual([expect.objectContaining({ type: '_ASSIGNMENT_LOST' })]);
  expect(errors).toEqual(['_MAX_POLL_EXCEEDED']);
  expect(events).toEqual(['+4', 'lost 4', '+4', '-4']);
  expect(run.begun.map(({ offset }) => offset)).toEqual([0, 0, 1]);
}

/** A rebalance_cb that throws stops each(), the group gets its answer, and the next each() goes on. */
export async function throwingCallback(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 2);
  const failure = new Error('from rebalance_cb');
  let throws = 0;
  const rebalance_cb = (): void => {
    if (throws++ < 1) throw failure;
  };
  const rk = aConsumer(t, { ...basicsOf(env), ...FAST }, { rebalance_cb });
  expect(k.subscribe(rk, [env.topic])).toBe(0);

  expect(await new Run(rk, () => {}).settled).toBe(failure);
  const second = new Run(rk, () => {});
  await second.has(2);
  await second.close();
}

// ---- the end

/** close_async waits for what is at work, begins nothing more, and commits what was done. */
export async function closeWaits(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 10);
  const outsider = new Outsider(t, env);
  const gate = new Gate();
  const run = new Run(consume(t, env), ({ offset }) => (offset < 2 ? undefined : gate.opened));
  await run.hasBegun(3);

  const closing = run.close();
  expect(await outsider.committed()).not.toBe(3);
  expect(run.ended).toBe(false);
  gate.open();
  await closing;

  expect(run.begun).toHaveLength(3);
  expect(await outsider.committed()).toBe(3);
}

/** A handler that hangs does not keep each() from its end with the handle: its signal is aborted. */
export async function closeOfAHang(t: TestContext, env: TopicEnv, end: 'close_async' | 'destroy'): Promise<void> {
  await fill(t, env, 0, 2);
  const outsider = new Outsider(t, env);
  const signals: AbortSignal[] = [];
  const run = new Run(consume(t, env), ({ offset }, { signal }) => {
    if (offset === 0) return undefined;
    signals.push(signal);
    return new Promise(() => {});
  });
  await run.hasBegun(2);

  if (end === 'close_async') await k.close_async(run.rk, { timeout_ms: 2000 });
  else expect(() => k.destroy(run.rk)).toThrow(TypeError);

  expect(await run.settled).toBe('resolved');
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(await outsider.committed()).toBe(1);
}

/** destroy with nothing in work is silent, and ends each(). */
export async function destroyed(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 2);
  const run = new Run(consume(t, env), () => {});
  await run.has(2);
  await new Promise((turn) => setImmediate(turn));

  k.destroy(run.rk);

  expect(await run.settled).toBe('resolved');
}

/** A handler that fails while the handle closes is told by each(), and its message is not committed. */
export async function failsWhileClosing(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  const outsider = new Outsider(t, env);
  const gate = new Gate();
  const failure = new Error('at 1');
  const run = new Run(consume(t, env), ({ offset }) =>
    offset === 1 ? gate.opened.then(() => Promise.reject(failure)) : undefined,
  );
  await run.hasBegun(2);

  const closing = k.close_async(run.rk);
  gate.open();
  await closing;

  expect(await run.settled).toBe(failure);
  expect(await outsider.committed()).toBe(1);
}

/** An abort aborts the signals of handlers at work, waits for them, and rejects with its reason. */
export async function aborted(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 5);
  const outsider = new Outsider(t, env);
  const controller = new AbortController();
  const reasons: unknown[] = [];
  const rk = consume(t, env);
  const handler: EachHandler = ({ offset }, { signal }) => {
    if (offset < 3) return undefined;
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(new Error('gives up'));
      });
    });
  };
  const run = new Run(rk, handler, { signal: controller.signal });
  await run.hasBegun(4);

  controller.abort('enough');

  expect(await run.settled).toBe('enough');
  expect(reasons).toEqual(['enough']);
  expect(numbersOf(await take(k.messages(rk), 2))).toEqual([3, 4]);
  await k.close_async(rk);
  expect(await outsider.committed()).toBe(4);
}

/** With enable.auto.commit=false what is done is stored, for commit_async to commit. */
export async function manualCommit(t: TestContext, env: TopicEnv, store: boolean): Promise<void> {
  await fill(t, env, 0, 6);
  const outsider = new Outsider(t, env);
  const gate = new Gate();
  const rk = consume(t, env, { 'enable.auto.commit': false, 'enable.auto.offset.store': store });
  const run = new Run(rk, ({ offset }) => (offset === 4 ? gate.opened : undefined));
  await run.hasBegun(5);

  await k.commit_async(rk, null);
  expect(await outsider.committed()).toBe(4);
  gate.open();
  await run.has(6);
  const { uncommitted } = await k.close_async(rk);

  expect(await run.settled).toBe('resolved');
  expect(uncommitted.map(({ partition, offset }) => [partition, offset])).toEqual([[0, 6]]);
  expect(await outsider.committed()).toBe(4);
}

/** A lane of quick handlers behind a slow one is a loop, however long it is. */
export async function longLane(t: TestContext, env: TopicEnv): Promise<void> {
  const COUNT = 20_000;
  await fill(t, env, 0, COUNT, { key: () => 'hot' });
  const rk = consume(t, env);
  const gate = new Gate();
  const seen: number[] = [];
  const running = k.each(
    rk,
    (message) => {
      seen.push(numberOf(message));
      return seen.length === 1 ? gate.opened : undefined;
    },
    { concurrency: 2000, max_ahead: COUNT + 1 },
  );
  await until(() => seen.length === 1, { what: 'the first' });
  await until(() => positionOf(rk, env.topic) === COUNT, { what: 'all to wait behind it' });
  gate.open();

  await until(() => seen.length === COUNT, { what: () => `all, there are ${seen.length}` });
  await k.close_async(rk);
  await running;
  expect(seen).toEqual(upTo(COUNT));
}

function positionOf(rk: k.rd_kafka_t, topic: string): number {
  const list = [{ topic, partition: 0, offset: 0 }];
  k.position(rk, list);
  return list[0]!.offset;
}
