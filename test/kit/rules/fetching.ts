// Rules of Fetch, its sessions, ListOffsets and OffsetForLeaderEpoch.
import type { Body } from '../../../src/protocol/compile.ts';
import type { FetchRequest } from '../../../src/protocol/messages.ts';
import { BatchReader } from '../../../src/records/batch_reader.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { createTopic, deleteTopic } from '../topics.ts';
import { PATIENCE_MS, type Peer, type Rule, topicIdOf } from './peer.ts';

interface Ask {
  readonly partition?: number;
  readonly fetchOffset?: number;
  readonly topicId?: string;
  readonly lastFetchedEpoch?: number;
}

/** Fetches by topic id; gives [error, begun or gone on with or none, partitions] and keeps the session's id. */
function fetcher(p: Peer, client = p.client) {
  const state = { id: 0 };
  const ask = async (epoch: number, asks: readonly Ask[], more: Body<FetchRequest> = {}, version = 17) => {
    const topics = asks.map(({ topicId = p.topicId, partition = 0, fetchOffset = 4, lastFetchedEpoch = -1 }) => ({
      ...(version >= 13 ? { topicId } : { topic: p.topic }),
      partitions: [{ partition, fetchOffset, ...(version >= 12 && { lastFetchedEpoch }), partitionMaxBytes: 100_000 }],
    }));
    const body = { maxWaitMs: 0, sessionId: state.id, sessionEpoch: epoch, topics, ...more };
    const answer = await client.send('Fetch', body, version);
    const given = answer.sessionId;
    const session = given === 0 ? 'none' : given === state.id ? 'same' : 'new';
    if (epoch === 0) state.id = given;
    const rows = answer.responses.flatMap((topic) =>
      topic.partitions.map((each) => [
        ...[topic.topicId === p.topicId || version < 13 ? 'it' : 'other', each.partitionIndex, each.errorCode],
        ...[each.highWatermark, each.lastStableOffset, each.logStartOffset, (each.records ?? []).length],
        ...(each.divergingEpoch.endOffset === -1 ? [] : [each.divergingEpoch]),
      ]),
    );
    return [answer.errorCode, session, rows];
  };
  return { state, ask };
}

async function produce(p: Peer, index: number): Promise<void> {
  const records = writeBatch([{ value: 'v', timestamp: 1 }]);
  const topicData = [{ name: p.topic, partitionData: [{ index, records }] }];
  await p.client.send('Produce', { acks: -1, timeoutMs: PATIENCE_MS, topicData }, 9);
}

const sessions: Rule = async (p) => {
  const f = fetcher(p);
  const forget = (...partitions: number[]) => ({ forgottenTopicsData: [{ topicId: p.topicId, partitions }] });
  const steps: unknown[] = [await f.ask(0, [{}, { partition: 1, fetchOffset: 0 }, { partition: 2, fetchOffset: 0 }])];
  steps.push(await f.ask(1, []));
  await produce(p, 1);
  steps.push(await f.ask(2, []));
  // What was told is not told again, but that it is still not fetched is.
  steps.push(await f.ask(3, []), await f.ask(4, [{ partition: 1, fetchOffset: 1 }]), await f.ask(5, []));
  steps.push(await f.ask(6, [{ partition: 3, fetchOffset: 0 }], forget(0, 2)));
  await produce(p, 0);
  await produce(p, 3);
  steps.push(await f.ask(7, []), await f.ask(7, []), await f.ask(9, []));
  steps.push(await f.ask(8, [{ partition: 3, fetchOffset: 7 }]), await f.ask(9, []));
  steps.push(await f.ask(10, [{ partition: 3, fetchOffset: 1 }, { partition: 9 }]), await f.ask(11, [], forget(9)));
  steps.push(await f.ask(12, []), await f.ask(13, [], forget(1, 3)), await f.ask(14, []));
  return steps;
};

const fullRequests: Rule = async (p) => {
  const f = fetcher(p);
  const steps: unknown[] = [await f.ask(0, [{}])];
  const first = f.state.id;
  // A full request that names a session ends it and begins another.
  steps.push(await f.ask(0, [{ partition: 1, fetchOffset: 0 }]), await f.ask(1, []));
  steps.push([f.state.id !== first, await f.ask(1, [], { sessionId: first })]);
  steps.push(await f.ask(-1, [{}]), await f.ask(2, []));
  const none = fetcher(p);
  steps.push(await none.ask(0, []), await none.ask(-1, []), await none.ask(-1, [{}]), await none.ask(5, [{}]));
  steps.push(await none.ask(1, [{}], { sessionId: 0 }));
  return steps;
};

const sessionKinds: Rule = async (p) => {
  const names = fetcher(p);
  const ids = fetcher(p);
  return [
    [await names.ask(0, [{}], {}, 12), await names.ask(1, [], {}, 12), await names.ask(2, [], {}, 17)],
    [await ids.ask(0, [{}], {}, 13), await ids.ask(1, [], {}, 12), await ids.ask(1, [], {}, 17)],
    [await fetcher(p).ask(0, [{}], {}, 7), await fetcher(p).ask(-1, [{}], {}, 7)],
  ];
};

const goneTopics: Rule = async (p) => {
  const f = fetcher(p);
  const gone = p.fresh();
  await createTopic(p.bootstrap, gone, 1);
  const topicId = await topicIdOf(p.client, gone);
  const nobody = 'AAAAAAAAAAAAAAAAAAAABQ';
  const steps: unknown[] = [await f.ask(0, [{}, { topicId, fetchOffset: 0 }, { topicId: nobody }])];
  steps.push(await f.ask(1, []));
  await deleteTopic(p.bootstrap, gone);
  // Those that are wrong come in no order of their own.
  const [error, session, rows] = await f.ask(2, []);
  return [...steps, error, session, (rows as unknown[]).map(String).sort()];
};

/** A session's fetch waits for news of any of its partitions. */
const waiting: Rule = async (p) => {
  const f = fetcher(p, p.another());
  await f.ask(0, [{}, { partition: 1, fetchOffset: 0 }]);
  const answer = f.ask(1, [], { maxWaitMs: PATIENCE_MS, minBytes: 1 });
  await produce(p, 1);
  const got = await answer;
  return [got, await f.ask(2, [{ partition: 1, fetchOffset: 1 }], { maxWaitMs: 1, minBytes: 1 })];
};

const diverging: Rule = async (p) => {
  const f = fetcher(p);
  const rows: unknown[] = [];
  for (const [lastFetchedEpoch, fetchOffset] of [
    [0, 0],
    [0, 4],
    [0, 5],
    [1, 4],
    [-1, 5],
  ] as const) {
    rows.push(await f.ask(-1, [{ lastFetchedEpoch, fetchOffset }]));
  }
  return rows;
};

const times: Rule = async (p) => {
  const list = async (timestamp: number, version = 10, partition = 0, isolationLevel = 0) => {
    const partitions = [{ partitionIndex: partition, timestamp }];
    const body = {
      replicaId: -1,
      isolationLevel: version >= 2 ? isolationLevel : 0,
      topics: [{ name: p.topic, partitions }],
    };
    const found = (await p.client.send('ListOffsets', body, version)).topics[0]!.partitions[0]!;
    return [found.errorCode, found.offset, found.timestamp, found.leaderEpoch];
  };
  const rows: unknown[] = [];
  for (const timestamp of [0, 99, 100, 101, 200, 201, 300, 301, 400, 401, -1, -2, -3, -4, -5, -6, -7]) {
    rows.push([timestamp, await list(timestamp), await list(timestamp, 10, 0, 1)]);
  }
  const empty = [await list(0, 10, 1), await list(-1, 10, 1), await list(-2, 10, 1), await list(-3, 10, 1)];
  const old = [await list(-3, 6), await list(-4, 7), await list(-5, 8), await list(-1, 3), await list(100, 1)];
  return [rows, empty, old];
};

/**
 * Fetches partition 2 as both kinds of readers: [high watermark, last stable offset, batches, aborted]; producers stand
 * as numbers in the order of their first records, which `ids` remembers.
 */
async function bothReaders(p: Peer, ids: number[], fetchOffset: number): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const isolationLevel of [0, 1]) {
    const partitions = [{ partition: 2, fetchOffset, partitionMaxBytes: 100_000 }];
    const body = { maxWaitMs: 0, isolationLevel, topics: [{ topic: p.topic, partitions }] };
    const { highWatermark, lastStableOffset, records, abortedTransactions } = (await p.client.send('Fetch', body, 11))
      .responses[0]!.partitions[0]!;
    const reader = new BatchReader(records!, 0, records!.length, { checkCrcs: true, maxDecompressed: 1e6 });
    const batches: unknown[] = [];
    while (reader.next()) {
      const { baseOffset, attributes, count, baseSequence, producerId } = reader.header!;
      if (!ids.includes(producerId)) ids.push(producerId);
      batches.push([baseOffset, attributes, count, baseSequence]);
    }
    const aborted = abortedTransactions?.map((each) => [ids.indexOf(each.producerId), each.firstOffset]) ?? null;
    rows.push([highWatermark, lastStableOffset, batches, aborted]);
  }
  return rows;
}

const transactions: Rule = async (p) => {
  const [one, two] = [await p.transactional(), await p.transactional()];
  const ids: number[] = [];
  const steps: unknown[] = [];
  const list = async (timestamp: number, isolationLevel: number) => {
    const topics = [{ name: p.topic, partitions: [{ partitionIndex: 2, timestamp }] }];
    return (await p.client.send('ListOffsets', { replicaId: -1, isolationLevel, topics })).topics[0]!.partitions[0]!
      .offset;
  };
  const look = async () => {
    steps.push(await bothReaders(p, ids, 0), await bothReaders(p, ids, 1));
    steps.push([await list(-1, 0), await list(-1, 1), await list(0, 0), await list(0, 1), await list(-2, 1)]);
  };
  await one.send(2);
  await look();
  await two.send(2);
  await one.end(false);
  await look();
  await two.end(true);
  await look();
  await one.send(2);
  await one.end(false);
  steps.push(
    await bothReaders(p, ids, 0),
    await bothReaders(p, ids, 3),
    await bothReaders(p, ids, 5),
    await bothReaders(p, ids, 6),
  );
  return steps;
};

const epochs: Rule = async (p) => {
  const ask = async (partition: number, leaderEpoch: number) => {
    const topics = [{ topic: p.topic, partitions: [{ partition, leaderEpoch, currentLeaderEpoch: -1 }] }];
    const { topics: found } = await p.client.send('OffsetForLeaderEpoch', { replicaId: -2, topics });
    const { errorCode, leaderEpoch: epoch, endOffset } = found[0]!.partitions[0]!;
    return [errorCode, epoch, endOffset];
  };
  return [await ask(0, 0), await ask(0, 1), await ask(0, -1), await ask(1, 0), await ask(1, 3)];
};

const appendTime: Rule = async (p) => {
  const topic = p.fresh();
  await createTopic(p.bootstrap, topic, 1, { configs: { 'message.timestamp.type': 'LogAppendTime' } });
  const before = Date.now();
  const records = writeBatch([
    { value: 'a', timestamp: 1 },
    { value: 'b', timestamp: 2 },
  ]);
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const produced = await p.client.send('Produce', { acks: -1, timeoutMs: PATIENCE_MS, topicData }, 9);
  const { errorCode, baseOffset, logAppendTimeMs } = produced.responses[0]!.partitionResponses[0]!;
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100_000 }];
  const { responses } = await p.client.send('Fetch', { maxWaitMs: 0, topics: [{ topic, partitions }] }, 11);
  const bytes = responses[0]!.partitions[0]!.records!;
  const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs: true, maxDecompressed: 1e6 });
  reader.next();
  const { attributes, baseTimestamp, maxTimestamp } = reader.header!;
  // Both clocks are this machine's.
  const stamped = logAppendTimeMs >= before - 1000 && logAppendTimeMs <= Date.now() + 1000;
  const list = async (timestamp: number) => {
    const asked = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }];
    const found = (await p.client.send('ListOffsets', { replicaId: -1, topics: asked }, 8)).topics[0]!.partitions[0]!;
    return [found.errorCode, found.offset, found.timestamp === logAppendTimeMs];
  };
  return [
    [errorCode, baseOffset, stamped, attributes, baseTimestamp, maxTimestamp === logAppendTimeMs],
    [await list(2), await list(logAppendTimeMs), await list(logAppendTimeMs + 1), await list(-3)],
  ];
};

export const FETCHING_RULES: Readonly<Record<string, Rule>> = {
  'a fetch session from beginning to end': sessions,
  'full requests and sessions': fullRequests,
  'sessions by name and by id': sessionKinds,
  'a fetch session of topics that are not there': goneTopics,
  'a fetch of a session waits for news': waiting,
  'a client whose last epoch is another': diverging,
  'offsets by time': times,
  'transactions as readers see them': transactions,
  'ends of leader epochs': epochs,
  'a topic that stamps the time of appending': appendTime,
};
