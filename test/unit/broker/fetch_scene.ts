// A Fetcher with a connection and a clock that the test plays: what is asked for when, and what the app is told.
import { FetchPartition } from '../../../src/broker/fetch_partition.ts';
import { Fetcher } from '../../../src/broker/fetcher.ts';
import type { Settings } from '../../../src/conf/settings_type.ts';
import { Cell, MESSAGES } from '../../../src/ops/cells.ts';
import { HELD_BYTES, newHeadPage, QUEUED_MESSAGES } from '../../../src/ops/head_page.ts';
import { blockId, MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory, PAGE_BYTES } from '../../../src/ops/memory.ts';
import type { BrokerToAppOp, FetchStartOp } from '../../../src/ops/ops.ts';
import { responseFrame } from '../../../src/protocol/frame.ts';
import { ZERO_UUID } from '../../../src/protocol/reader.ts';
import type { AbortedTransaction } from '../../../src/records/aborted.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import type { Connection } from '../../../src/wire/connection.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';

export const VERSION: number = 12;
export const TOPIC_ID: string = 'AAAAAAAAAAAAAAAAAAAABA';
export const EARLIEST: number = -2;

const SETTINGS = {
  'socket.timeout.ms': 60_000,
  'queued.min.messages': 100_000,
  'queued.max.messages.kbytes': 64,
  'fetch.wait.max.ms': 500,
  'fetch.min.bytes': 1,
  'fetch.max.bytes': 1_000_000,
  'fetch.error.backoff.ms': 500,
  'fetch.queue.backoff.ms': 1000,
  'fetch.message.max.bytes': 1000,
  'receive.message.max.bytes': 100_000_000,
  'check.crcs': true,
  'enable.partition.eof': true,
  'isolation.level': 'read_uncommitted',
  'client.rack': '',
} as unknown as Settings;

interface Asked {
  readonly offset: number;
  readonly maxBytes: number;
  readonly epoch: number;
}

interface Answered {
  readonly index: number;
  readonly err?: number;
  readonly end?: number;
  readonly stable?: number;
  readonly records?: Uint8Array | null;
  readonly aborted?: readonly AbortedTransaction[];
  readonly replica?: number;
  readonly diverging?: { epoch: number; endOffset: number };
}

export class Scene {
  readonly fetcher: Fetcher;
  readonly memory: HandleMemory;
  readonly sent: WireRequest[] = [];
  /** Watermarks that were told by themselves. */
  readonly marks: [low: number, high: number][] = [];
  readonly ops: BrokerToAppOp[] = [];
  readonly stale: string[] = [];
  readonly preferred: [partition: number, replica: number][] = [];
  readonly stalled: string[] = [];
  readonly logged: string[] = [];
  now = 0;
  wake = 0;
  /** The highest version of Fetch that the broker has. */
  most = VERSION;
  private cells = 0;

  constructor(settings: Partial<Record<string, unknown>> = {}) {
    this.memory = new HandleMemory(newHeadPage());
    this.memory.addPage(MAIN, 0, new SharedArrayBuffer(PAGE_BYTES));
    const connection = {
      state: 'UP',
      connect: () => {},
      disconnect: () => {},
      pickVersion: (_name: string, _min: number, max: number) => Math.min(max, this.most),
      send: (request: WireRequest) => void this.sent.push(request),
    };
    this.fetcher = new Fetcher({
      settings: { ...SETTINGS, ...settings } as Settings,
      head: this.memory.head,
      broker: 1,
      connection: connection as unknown as Connection,
      now: () => this.now,
      wall: () => this.wall,
      soon: () => {},
      toApp: (op) => {
        if (op.type === 'watermarks') this.marks.push([op.low, op.high]);
        else this.ops.push(op);
      },
      leaderStale: (topic, partition, err) => void this.stale.push(`${topic} ${partition} ${err}`),
      prefer: (part, replica) => void this.preferred.push([part.number, replica]),
      stalled: ({ number }, cause, err) => void this.stalled.push(`${number} ${cause} ${err}`),
      log: (_level, fac, text) => void this.logged.push(`${fac} ${text}`),
      giveBack: () => {},
    });
  }

  part(
    partition: number,
    offset: number,
    reset: number | null = EARLIEST,
    more: Partial<FetchStartOp> = {},
  ): FetchPartition {
    const id = blockId(MAIN, 0, this.cells++);
    new Cell(id, this.memory.page(id)).init(-1001);
    const part = new FetchPartition(
      {
        type: 'fetch_start',
        broker: 1,
        topic: 't',
        partition,
        cell: id,
        home: 1,
        offset,
        offsetEpoch: -1,
        leaderEpoch: 3,
        topicId: ZERO_UUID,
        leader: true,
        reset,
        paused: false,
        ...more,
      },
      this.memory,
      1000,
    );
    this.fetcher.start(part);
    return part;
  }

  get wall(): number {
    return 1_700_000_000_000 + this.now;
  }

  serve(): WireRequest | null {
    const before = this.sent.length;
    this.wake = this.fetcher.serve(this.now);
    return this.sent.length > before ? this.sent.at(-1)! : null;
  }

  /** What the fetch on its way asks for, by partition. */
  get asked(): Record<number, Asked> {
    const { topics } = this.sent.at(-1)!.body as any;
    return Object.fromEntries(
      topics[0].partitions.map((each: any) => [
        each.partition,
        { offset: each.fetchOffset, maxBytes: each.partitionMaxBytes, epoch: each.currentLeaderEpoch },
      ]),
    );
  }

  /** Answers the last fetch. */
  answer(...partitions: Answered[]): void {
    this.answerIn(0, ...partitions);
  }

  /** Answers the last fetch, in a session of that id. */
  answerIn(sessionId: number, ...partitions: Answered[]): void {
    this.answerAs({ sessionId }, ...partitions);
  }

  answerAs(head: { sessionId?: number; errorCode?: number; version?: number }, ...partitions: Answered[]): void {
    const { version = VERSION, ...rest } = head;
    const frame = responseFrame('Fetch', version, 1, {
      throttleTimeMs: 0,
      errorCode: 0,
      sessionId: 0,
      ...rest,
      responses: [
        {
          topic: 't',
          topicId: TOPIC_ID,
          partitions: partitions.map(({ index, err = 0, end = 100, records = null, ...more }) => ({
            partitionIndex: index,
            errorCode: err,
            highWatermark: end,
            lastStableOffset: more.stable ?? end,
            logStartOffset: 0,
            abortedTransactions: more.aborted ?? null,
            preferredReadReplica: more.replica ?? -1,
            ...(more.diverging !== undefined && { divergingEpoch: more.diverging }),
            records,
          })),
        },
      ],
    } as never);
    const whole = frame.slice(4);
    this.sent.at(-1)!.done(0, null, version, whole);
  }

  /** As the app does with all that it was given: it takes the messages and gives the blocks back. */
  consumed(part: FetchPartition): void {
    const { head } = this.memory;
    for (const op of this.ops) {
      if (op.type !== 'fetched') continue;
      for (const { batches, bytes } of op.entries) {
        const count = batches.reduce((sum, batch) => sum + batch.count, 0);
        Atomics.add(part.cell.words, part.cell.base + MESSAGES, count);
        Atomics.sub(head, QUEUED_MESSAGES, count);
        Atomics.sub(head, HELD_BYTES, bytes);
      }
    }
    this.ops.length = 0;
  }

  get held(): number {
    return Atomics.load(this.memory.head, HELD_BYTES);
  }

  get told(): string[] {
    return this.ops.map((op) => {
      if (op.type === 'fetched') return `records ${op.entries.map((entry) => `${entry.batches.length}/${entry.eof}`)}`;
      return op.type === 'fetch_error' ? `error ${op.err}` : op.type;
    });
  }
}

export function records(baseOffset: number, count: number, size = 10, partitionLeaderEpoch = -1): Uint8Array {
  const value = 'x'.repeat(size);
  return writeBatch(
    Array.from({ length: count }, () => ({ timestamp: 1, key: null, value })),
    { baseOffset, partitionLeaderEpoch },
  );
}
