import { describe, expect, test } from 'vitest';
import * as E from '../../../src/defs/enums.ts';
import { type CachedTopic, Metadata } from '../../../src/main/metadata.ts';
import { ZERO_UUID } from '../../../src/protocol/reader.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';
import { SETTINGS } from '../../kit/group_member.ts';

interface Part {
  readonly leader: number;
  readonly epoch?: number;
}
interface TopicAnswer {
  readonly name: string;
  readonly err?: number;
  readonly id?: string;
  readonly partitions?: readonly Part[];
}

/** A cache whose requests the test answers, and whose time it moves. */
class Bench {
  now = 0;
  readonly sent: { readonly at: number; readonly topics: readonly string[] | null; readonly request: WireRequest }[] =
    [];
  readonly changed: CachedTopic[] = [];
  readonly down: Set<number> = new Set();
  /** What somebody was told: `absent` of each topic. */
  readonly absent: number[] = [];
  /** Each list of all topics that there was. */
  readonly lists: string[][] = [];
  readonly unused: Set<string> = new Set();
  readonly rebootstraps: { readonly at: number; readonly cause: string }[] = [];
  readonly metadata: Metadata;
  private answered = 0;

  constructor(settings: Record<string, unknown> = {}) {
    this.metadata = new Metadata({
      settings: {
        ...SETTINGS,
        'topic.metadata.refresh.interval.ms': 300_000,
        'topic.metadata.refresh.fast.interval.ms': 100,
        'topic.metadata.propagation.max.ms': 30_000,
        'metadata.max.age.ms': 900_000,
        'retry.backoff.ms': 100,
        'retry.backoff.max.ms': 1000,
        'socket.timeout.ms': 60_000,
        'allow.auto.create.topics': true,
        ...settings,
      } as never,
      // A jitter of 1.
      random: () => 0.5,
      now: () => this.now,
      sendAny: (request) => {
        const topics = (request.body as { topics: { name: string }[] | null }).topics;
        this.sent.push({ at: this.now, topics: topics?.map(({ name }) => name) ?? null, request });
      },
      log: () => undefined,
      setNodes: () => undefined,
      rebootstrap: (cause) => this.rebootstraps.push({ at: this.now, cause }),
      isDown: (node) => this.down.has(node),
      topicChanged: (topic) => this.changed.push(structuredClone(topic)),
      topicAbsent: ({ absent }) => this.absent.push(absent),
      allChanged: () => this.lists.push([...(this.metadata.allTopics ?? [])]),
      inUse: (topic) => !this.unused.has(topic),
      soon: () => undefined,
    });
  }

  /** Lets time pass; each request on the way is answered at once with `answer`, or left open for null. */
  advance(ms: number, answer: (() => readonly TopicAnswer[] | number) | null = null): void {
    const end = this.now + ms;
    for (;;) {
      const wake = this.metadata.poll(this.now);
      if (answer !== null && this.answered < this.sent.length) {
        this.reply(answer());
        continue;
      }
      if (wake > end) break;
      this.now = Math.max(this.now, wake);
    }
    this.now = end;
  }

  /** Answers the oldest open request. */
  reply(answer: readonly TopicAnswer[] | number): void {
    const { request } = this.sent[this.answered++]!;
    if (typeof answer === 'number') {
      request.done(answer, null, -1, null);
      return;
    }
    const topics = answer.map(({ name, err = 0, id = ZERO_UUID, partitions = [] }) => ({
      name,
      errorCode: err,
      topicId: id,
      partitions: partitions.map(({ leader, epoch = 0 }, partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId: leader,
        leaderEpoch: epoch,
        replicaNodes: [leader],
        isrNodes: [leader],
      })),
    }));
    const brokers = [{ nodeId: 1, host: 'b1', port: 9092, rack: null }];
    request.done(0, { brokers, topics, clusterId: 'c', controllerId: 1, errorCode: 0 } as never, 13, null);
  }

  /** A topic that is known and quiet, at the time this returns. */
  settled(name: string, partitions: readonly Part[] = [{ leader: 1 }], id: string = ZERO_UUID): CachedTopic {
    const topic = this.metadata.want(name);
    this.advance(0);
    this.reply([{ name, partitions, id }]);
    this.advance(10_000);
    return topic;
  }
}

describe('topics', () => {
  test('a topic that is wanted is asked for at once, and others are not asked for with it', () => {
    const bench = new Bench();
    bench.settled('a');

    bench.metadata.want('b');
    bench.advance(0);

    expect(bench.sent.map(({ topics }) => topics)).toEqual([['a'], ['b']]);
  });

  test('a topic that is wanted while an answer is awaited is asked for right behind it', () => {
    const bench = new Bench();
    bench.metadata.want('a');
    bench.advance(0);
    bench.metadata.want('b');

    bench.reply([{ name: 'a', partitions: [{ leader: 1 }] }]);
    bench.advance(0);

    expect(bench.sent.map(({ at, topics }) => [at, topics])).toEqual([
      [0, ['a']],
      [0, ['b']],
    ]);
  });

  test('all topics are asked for again after the refresh interval', () => {
    const bench = new Bench();
    bench.settled('a');
    bench.settled('b');

    bench.advance(300_000);

    expect(bench.sent.at(-1)?.topics).toEqual(['a', 'b']);
    expect(bench.sent.length).toBe(3);
  });

  for (const interval of [-1, 0]) {
    test(`with a refresh interval of ${interval} topics are asked for again at metadata.max.age.ms`, () => {
      const bench = new Bench({ 'topic.metadata.refresh.interval.ms': interval });
      bench.settled('a');
      bench.advance(800_000);
      const early = bench.sent.length;

      bench.advance(100_000);

      expect(early).toBe(1);
      expect(bench.sent.slice(1).map(({ topics }) => topics)).toEqual([['a']]);
    });
  }

  test('topics are asked for again when metadata.max.age.ms is over before the refresh interval', () => {
    const bench = new Bench({ 'metadata.max.age.ms': 50_000 });
    bench.settled('a');

    bench.advance(50_000);

    expect(bench.sent.length).toBe(2);
  });

  test('a topic that nobody uses any more is asked for no more', () => {
    const bench = new Bench();
    bench.settled('a');
    bench.settled('b');
    bench.unused.add('a');

    bench.metadata.leaderStale('a');
    bench.advance(1000);
    bench.reply([]);
    bench.advance(300_000);

    expect(bench.sent.at(-1)?.topics).toEqual(['b']);
    expect(bench.metadata.used()).toEqual(['b']);
  });

  test('what is known of it is kept until it is too old, and then forgotten', () => {
    const bench = new Bench();
    const topic = bench.settled('a');
    bench.unused.add('a');
    const nothing = (): readonly TopicAnswer[] => [];

    bench.advance(600_000, nothing);
    const kept = bench.metadata.topics.get('a');
    bench.advance(900_000, nothing);

    expect(kept).toBe(topic);
    expect(bench.metadata.topics.size).toBe(0);
  });

  test('one that is used again after a while is asked for at once', () => {
    const bench = new Bench();
    bench.settled('a');
    bench.unused.add('a');
    bench.advance(600_000, () => []);
    bench.unused.delete('a');
    const from = bench.now;

    const topic = bench.metadata.want('a');
    bench.advance(0);

    expect(topic.err).toBe(0);
    expect([bench.sent.at(-1)?.at, bench.sent.at(-1)?.topics]).toEqual([from, ['a']]);
  });

  test('a missing one that nobody waits for any more is forgotten, so that it is news when it is wanted again', () => {
    const bench = new Bench({ 'topic.metadata.propagation.max.ms': 0 });
    const gone = [{ name: 'a', err: E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART }];
    bench.metadata.want('a');
    bench.advance(3000, () => gone);
    bench.unused.add('a');
    bench.advance(3000, () => []);
    bench.unused.delete('a');

    expect(bench.metadata.want('a').err).toBe(E.RD_KAFKA_RESP_ERR__WAIT_CACHE);
  });

  test('partitions that are added are told', () => {
    const bench = new Bench();
    bench.settled('a');

    bench.advance(300_000);
    bench.reply([{ name: 'a', partitions: [{ leader: 1 }, { leader: 2 }] }]);

    expect(bench.changed.at(-1)?.partitions.map(({ leader }) => leader)).toEqual([1, 2]);
  });

  test('a topic of the same id has never fewer partitions than before', () => {
    const bench = new Bench();
    bench.settled('a', [{ leader: 1 }, { leader: 2 }], 'id1');

    bench.advance(300_000);
    bench.reply([{ name: 'a', id: 'id1', partitions: [{ leader: 3 }] }]);

    expect(bench.changed.at(-1)?.partitions.map(({ leader }) => leader)).toEqual([3, 2]);
  });

  test('a topic that was made anew begins with fewer partitions and a lower epoch', () => {
    const bench = new Bench();
    const topic = bench.settled(
      'a',
      [
        { leader: 1, epoch: 9 },
        { leader: 2, epoch: 9 },
      ],
      'id1',
    );

    bench.advance(300_000);
    bench.reply([{ name: 'a', id: 'id2', partitions: [{ leader: 3, epoch: 0 }] }]);

    expect(topic.partitions).toEqual([{ leader: 3, leaderEpoch: 0 }]);
    expect(topic.stale).toBe(false);
  });

  test('a leader of a lower epoch is not taken, and the topic is asked for again', () => {
    const bench = new Bench();
    const topic = bench.settled('a', [{ leader: 1, epoch: 9 }], 'id1');

    bench.advance(300_000);
    bench.reply([{ name: 'a', id: 'id1', partitions: [{ leader: 3, epoch: 8 }] }]);

    expect(topic.partitions).toEqual([{ leader: 1, leaderEpoch: 9 }]);
    expect(topic.stale).toBe(true);
  });
});

describe('missing topics', () => {
  const missing = (): readonly TopicAnswer[] => [{ name: 'a', err: E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART }];

  test('a new one is given the propagation time, then told once', () => {
    const bench = new Bench();
    bench.metadata.want('a');

    bench.advance(29_000, missing);
    const early = bench.changed.length;
    bench.advance(60_000, missing);

    expect(early).toBe(0);
    expect(bench.changed.map(({ err }) => err)).toEqual([E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART]);
  });

  test('that one is not there is known at once to whoever need not be sure', () => {
    const bench = new Bench();
    const topic = bench.metadata.want('a');

    bench.advance(29_000, missing);
    const doubted = topic.absent;
    bench.advance(2000, () => [{ name: 'a', partitions: [{ leader: 1 }] }]);

    expect([doubted, bench.absent]).toEqual([
      E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
      [E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART],
    ]);
    expect([topic.err, topic.absent]).toEqual([0, 0]);
  });

  test('an error that says nothing of the topic itself is not believed, and it is asked for again', () => {
    const bench = new Bench();
    const topic = bench.metadata.want('a');

    bench.advance(5000, () => [{ name: 'a', err: E.RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR }]);
    const asked = bench.sent.length;
    bench.advance(2000, () => [{ name: 'a', partitions: [{ leader: 1 }] }]);

    expect(asked).toBeGreaterThan(3);
    expect(bench.changed.map(({ err }) => err)).toEqual([0]);
    expect(topic.err).toBe(0);
  });

  test('it is asked for once a second, as long as it takes, and found', () => {
    const bench = new Bench({ 'topic.metadata.propagation.max.ms': 0 });
    bench.metadata.want('a');
    bench.advance(0, missing);

    bench.advance(10_000, missing);
    const asked = bench.sent.length;
    bench.advance(1500, () => [{ name: 'a', partitions: [{ leader: 1 }] }]);

    expect(asked).toBeGreaterThanOrEqual(9);
    expect(asked).toBeLessThanOrEqual(12);
    expect(bench.changed.map(({ err }) => err)).toEqual([E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 0]);
  });

  test('one that was known for longer than the propagation time is gone at once', () => {
    const bench = new Bench();
    const topic = bench.settled('a');

    bench.advance(300_000, missing);

    expect(topic.err).toBe(E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  });

  test('a list of all topics says nothing of those that it leaves out', () => {
    const bench = new Bench({ 'topic.metadata.propagation.max.ms': 0 });
    const topic = bench.settled('hidden');

    bench.metadata.ask({ topics: null, done: () => {} }, 1000, false);
    bench.reply([{ name: 'other', partitions: [{ leader: 1 }] }]);

    expect([topic.err, topic.stale]).toEqual([0, false]);
  });

  test('all topics are asked for when somebody watches them, and again with each refresh', () => {
    const bench = new Bench({ 'topic.metadata.refresh.interval.ms': 10_000 });
    bench.settled('t');
    const names = [['a', 't'], ['t']];
    const answer = (): TopicAnswer[] =>
      names[bench.lists.length]!.map((name) => ({ name, partitions: [{ leader: 1 }] }));

    bench.metadata.watchAll(true);
    bench.advance(5000, answer);
    expect(bench.lists).toEqual([['a', 't']]);
    bench.advance(6000, answer);

    expect(bench.lists).toEqual([['a', 't'], ['t']]);
    expect(bench.sent.filter(({ topics }) => topics === null)).toHaveLength(2);
  });

  test('a topic that the list of all does not name any more is asked for by its name', () => {
    const bench = new Bench({ 'topic.metadata.propagation.max.ms': 0 });
    const topic = bench.settled('t');
    bench.metadata.watchAll(true);
    bench.advance(1);

    bench.reply([{ name: 'other', partitions: [{ leader: 1 }] }]);
    bench.advance(5000);

    expect([topic.stale, bench.sent.at(-1)!.topics]).toEqual([true, ['t']]);
  });

  test('nobody who watches all topics: no list of them', () => {
    const bench = new Bench();
    bench.metadata.watchAll(true);
    bench.advance(1);
    bench.reply([{ name: 'other', partitions: [{ leader: 1 }] }]);

    bench.metadata.watchAll(false);

    expect(bench.metadata.allTopics).toBeNull();
  });

  test('a name that can be no topic is refused at once', () => {
    const bench = new Bench();
    const topic = bench.metadata.want('a');

    bench.advance(0, () => [{ name: 'a', err: E.RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION }]);

    expect(topic.err).toBe(E.RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
  });
});

describe('stale leaders', () => {
  test('the first is asked about at once, and those behind it ever more slowly', () => {
    const bench = new Bench();
    bench.settled('a');
    const from = bench.now;
    const seen = bench.sent.length;

    for (let ms = 0; ms < 5000; ms++) {
      bench.metadata.leaderStale('a');
      bench.advance(1, () => [{ name: 'a', partitions: [{ leader: 1 }] }]);
    }

    const asked = bench.sent.slice(seen).map(({ at }) => at - from);
    expect(asked[0]).toBe(0);
    expect(asked.length).toBeLessThanOrEqual(9);
  });

  test('after a quiet time the next is asked about at once again', () => {
    const bench = new Bench();
    bench.settled('a');
    bench.metadata.leaderStale('a');
    bench.advance(20_000, () => [{ name: 'a', partitions: [{ leader: 1 }] }]);
    const from = bench.now;

    bench.metadata.leaderStale('a');
    bench.advance(1);

    expect(bench.sent.at(-1)?.at).toBe(from);
  });

  test('after a quiet time the waits begin small again', () => {
    const bench = new Bench();
    bench.settled('a');
    const known = (): readonly TopicAnswer[] => [{ name: 'a', partitions: [{ leader: 1 }] }];
    for (let ms = 0; ms < 5000; ms++) {
      bench.metadata.leaderStale('a');
      bench.advance(1, known);
    }
    bench.advance(20_000, known);
    const from = bench.now;

    bench.metadata.leaderStale('a');
    bench.advance(1, known);
    bench.metadata.leaderStale('a');
    bench.advance(1000, known);

    expect(bench.sent.slice(-2).map(({ at }) => at - from)).toEqual([0, 100]);
  });

  test('a leader that turns out wrong while an answer is awaited is asked about again, whatever that says', () => {
    const bench = new Bench();
    bench.settled('a');
    bench.metadata.leaderStale('a');
    bench.advance(0);
    bench.metadata.leaderStale('a');

    bench.reply([{ name: 'a', partitions: [{ leader: 1 }] }]);
    bench.advance(1000);

    expect(bench.sent.slice(-2).map(({ topics }) => topics)).toEqual([['a'], ['a']]);
    expect(bench.sent.length).toBe(3);
  });

  test('a broker that went down has what it leads asked about until another leads it', () => {
    const bench = new Bench();
    const topic = bench.settled('a', [{ leader: 1 }, { leader: 2 }]);
    bench.settled('other', [{ leader: 2 }]);
    const seen = bench.sent.length;
    bench.down.add(1);

    bench.metadata.brokerDown(1);
    bench.advance(3000, () => [{ name: 'a', partitions: [{ leader: 1 }, { leader: 2 }] }]);
    const early = bench.sent.slice(seen);
    bench.advance(3000, () => [{ name: 'a', partitions: [{ leader: 2 }, { leader: 2 }] }]);

    expect(early.length).toBeGreaterThan(2);
    expect(new Set(early.flatMap(({ topics }) => topics))).toEqual(new Set(['a']));
    expect(topic.stale).toBe(false);
    expect(bench.sent.length - seen - early.length).toBe(1);
  });
});

describe('failures', () => {
  test('a request that fails is made again, more slowly each time', () => {
    const bench = new Bench();
    bench.metadata.want('a');

    bench.advance(2000, () => E.RD_KAFKA_RESP_ERR__TRANSPORT);

    expect(bench.sent.map(({ at }) => at)).toEqual([0, 100, 300, 700, 1500]);
  });

  test('a call of the user is made again while there is time, and then told', () => {
    const bench = new Bench();
    const told: number[] = [];
    bench.metadata.ask({ topics: null, done: (err) => told.push(err) }, 1000, false);

    bench.advance(5000, () => E.RD_KAFKA_RESP_ERR__TRANSPORT);

    expect(bench.sent.map(({ at }) => at)).toEqual([0, 100, 300, 700]);
    expect(told).toEqual([E.RD_KAFKA_RESP_ERR__TRANSPORT]);
  });

  test('an answer without any broker counts as none', () => {
    const bench = new Bench();
    bench.metadata.want('a');
    bench.advance(0);

    bench.sent[0]!.request.done(
      0,
      { brokers: [], topics: [], clusterId: null, controllerId: -1, errorCode: 0 } as never,
      9,
      null,
    );
    bench.advance(100);

    expect(bench.metadata.known).toBe(false);
    expect(bench.sent.length).toBe(2);
  });
});

describe('starting over from the bootstrap servers', () => {
  const RECOVERY = {
    'metadata.recovery.strategy': 'rebootstrap',
    'metadata.recovery.rebootstrap.trigger.ms': 5000,
    'topic.metadata.refresh.interval.ms': 60_000,
  };
  const silent = () => E.RD_KAFKA_RESP_ERR__TIMED_OUT;

  test('is asked for when no metadata came for the trigger time, once, and again when asked in vain as long', () => {
    const bench = new Bench(RECOVERY);
    bench.metadata.want('a');

    bench.advance(4999, silent);
    const early = [...bench.rebootstraps];
    bench.advance(6500, silent);

    expect(early).toEqual([]);
    expect(bench.rebootstraps.map(({ cause }) => cause)).toEqual(['silent', 'silent']);
    expect(bench.rebootstraps[0]!.at).toBe(5000);
  });

  test('is asked for though the request is still on its way', () => {
    const bench = new Bench(RECOVERY);
    bench.metadata.want('a');

    bench.advance(5000);

    expect(bench.sent.length).toBe(1);
    expect(bench.rebootstraps).toEqual([{ at: 5000, cause: 'silent' }]);
  });

  test('is not asked for while answers come, however much time is between them', () => {
    const bench = new Bench(RECOVERY);
    bench.metadata.want('a');

    bench.advance(600_000, () => [{ name: 'a', partitions: [{ leader: 1 }] }]);

    expect(bench.sent.length).toBeGreaterThan(5);
    expect(bench.rebootstraps).toEqual([]);
  });

  test('is never asked for by the clock with metadata.recovery.strategy=none', () => {
    const bench = new Bench({ ...RECOVERY, 'metadata.recovery.strategy': 'none' });
    bench.metadata.want('a');

    bench.advance(60_000, silent);

    expect(bench.rebootstraps).toEqual([]);
  });

  test('is asked for when a broker requires it, and what else its answer says is not believed', () => {
    const bench = new Bench(RECOVERY);
    bench.metadata.want('a');
    bench.advance(0);

    const errorCode = E.RD_KAFKA_RESP_ERR_REBOOTSTRAP_REQUIRED;
    const brokers = [{ nodeId: 1, host: 'b1', port: 9092, rack: null }];
    bench.sent[0]!.request.done(
      0,
      { brokers, topics: [], clusterId: 'c', controllerId: 1, errorCode } as never,
      13,
      null,
    );

    expect(bench.rebootstraps).toEqual([{ at: 0, cause: 'required' }]);
    expect(bench.metadata.known).toBe(false);
  });
});

describe('topic.blacklist', () => {
  const LIST = { 'topic.blacklist': '^secret,b{2,,3}' };

  test('makes topics missing, whatever the cluster says of them, when the propagation time is over', () => {
    const bench = new Bench(LIST);
    bench.metadata.want('secrets');
    bench.metadata.want('open');

    bench.advance(31_000, () => ['secrets', 'open'].map((name) => ({ name, partitions: [{ leader: 1 }] })));

    expect(bench.metadata.topics.get('open')?.err).toBe(0);
    expect(bench.metadata.topics.get('secrets')?.err).toBe(E.RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
  });

  test('is a list of regular expressions that may match anywhere; two commas are one of an expression', () => {
    const { metadata } = new Bench(LIST);

    const hit = ['secret', 'secrets', 'abb', 'bbbb', 'open', 'a secret', 'ab'].filter((name) => metadata.ignores(name));

    expect(hit).toEqual(['secret', 'secrets', 'abb', 'bbbb']);
  });

  test('that is not set ignores nothing', () => {
    expect(new Bench().metadata.ignores('')).toBe(false);
  });
});
