// A producer of a broker worker without its worker: real memory and batches, a connection that only notes what is sent,
// and time that the test moves. The app's side is played by `append` and `reports`.

import { Partition } from '../../../src/broker/partition.ts';
import type { Outgoing } from '../../../src/broker/produce_request.ts';
import { Producer } from '../../../src/broker/producer.ts';
import { Conf } from '../../../src/conf/conf.ts';
import { finalize, finalizeTopic } from '../../../src/conf/finalize.ts';
import type { Settings, TopicSettings } from '../../../src/conf/settings_type.ts';
import { takeReports } from '../../../src/ops/batch_reader.ts';
import { BatchPool, BatchWriter, type OpenBatch } from '../../../src/ops/batch_writer.ts';
import { BASE_OFFSET, BATCH_WORDS, COUNT_MASK, ERROR, LINK, SEALED, STATUS, TAIL } from '../../../src/ops/batches.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { ExtentPool } from '../../../src/ops/extents.ts';
import { FLUSHING, newHeadPage } from '../../../src/ops/head_page.ts';
import { indexOf } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import type { BrokerToAppOp, ProducerId } from '../../../src/ops/ops.ts';
import { HEAD, initPartition } from '../../../src/ops/partitions.ts';
import { push } from '../../../src/ops/stacks.ts';
import type { BatchRecord } from '../../../src/records/batch_writer.ts';
import { exactSize, writeRecord } from '../../../src/records/record_writer.ts';
import type { Connection } from '../../../src/wire/connection.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';

const WORKER = 1;
export const START: number = 1_700_000_000_000;

export function settingsOf(values: Readonly<Record<string, string>>): { settings: Settings; topic: TopicSettings } {
  const conf = new Conf();
  for (const [name, value] of Object.entries(values)) {
    const { errstr } = conf.set(name, value);
    if (errstr) throw new Error(errstr);
  }
  const finished = finalize(conf, 'producer');
  if ('errstr' in finished) throw new Error(finished.errstr);
  const topic = finalizeTopic(finished.conf, 'producer', null);
  if ('errstr' in topic) throw new Error(topic.errstr);
  return { settings: finished.settings, topic: topic.topic };
}

/** A report as the app would find it. */
export interface Reported {
  readonly count: number;
  readonly error: number;
  readonly status: number;
  readonly baseOffset: number;
}

/** Requests are "written" when sent; the test answers them. */
export class FakeConnection {
  state = 'UP';
  queuedCount = 0;
  writingCount = 0;
  connects = 0;
  readonly open: WireRequest[] = [];
  readonly sent: Buffer[] = [];

  get inflightCount(): number {
    return this.open.length;
  }

  connect(): void {
    this.connects++;
  }

  send(request: WireRequest): void {
    this.sent.push(Buffer.concat(request.frame!(9, this.sent.length)));
    this.open.push(request);
  }

  /** The oldest request that is open ends so. */
  end(error: number, response: unknown = null): void {
    this.open.shift()!.done(error, response, 9, null);
  }
}

export class World {
  readonly memory: HandleMemory = new HandleMemory(newHeadPage());
  readonly settings: Settings;
  readonly topic: TopicSettings;
  readonly connection: FakeConnection = new FakeConnection();
  readonly producer: Producer;
  readonly stale: string[] = [];
  readonly left: Partition[] = [];
  readonly toApp: BrokerToAppOp[] = [];
  readonly logs: string[] = [];
  readonly raised: ProducerId[] = [];
  readonly fatals: string[] = [];
  identity: ProducerId | null = null;
  rings = 0;
  now = 1000;
  private readonly writer: BatchWriter;
  private readonly blocks: BlockPool;
  private readonly opened: Map<Partition, OpenBatch> = new Map();

  constructor(values: Readonly<Record<string, string>> = {}) {
    ({ settings: this.settings, topic: this.topic } = settingsOf(values));
    const numbers = new PageNumbers();
    this.blocks = new BlockPool(this.memory, 1, numbers, () => {});
    const pool = new BatchPool(this.memory, 1, numbers, () => {});
    this.writer = new BatchWriter(this.memory, pool, new ExtentPool(this.memory, 1, 64 << 20, () => {}), 1);
    this.producer = new Producer({
      memory: this.memory,
      settings: this.settings,
      worker: WORKER,
      brokerId: 7,
      clientId: Buffer.from('unit'),
      connection: this.connection as unknown as Connection,
      random: () => 0.5,
      now: () => this.now,
      soon: () => {},
      ringApp: () => {
        this.rings++;
      },
      toApp: (op) => this.toApp.push(op),
      leaderStale: (part, error) => this.stale.push(`${part.topic}/${part.number}: ${error}`),
      left: (part) => this.left.push(part),
      log: (_level, _fac, text) => this.logs.push(text),
      identity: () => this.identity,
      raiseEpoch: (from) => this.raised.push(from),
      fatal: (err, text) => this.fatals.push(`${err}: ${text}`),
    });
  }

  partition(number = 0, topic = 't', settings: TopicSettings = this.topic): Partition {
    const block = this.blocks.take();
    const page = this.memory.page(block);
    initPartition(page.words, indexOf(block) * 16, 0, 7);
    const join = {
      type: 'join',
      block,
      topic,
      partition: number,
      broker: 7,
      settings,
      fifo: [],
      nextNumber: 0,
    } as const;
    const idempotent = this.settings['enable.idempotence'];
    const part = new Partition({ ...join, nextId: 1, sequence: null }, this.memory, idempotent);
    this.producer.join(part);
    return part;
  }

  /** What the app does in produce: into the open batch, or into a new one that it pushes. */
  append(part: Partition, ...records: readonly BatchRecord[]): void {
    for (const record of records) {
      const { timestamp = START, key = null, value = null, headers = null } = record;
      let open = this.opened.get(part);
      if (open === undefined || Atomics.load(open.words, open.base + TAIL) < 0) {
        open = this.writer.open(part.number, this.now | 0, timestamp, 64)!;
        this.opened.set(part, open);
      }
      const delta = timestamp - open.firstTimestamp;
      if (!this.writer.room(open, exactSize(delta, open.count, key, value, headers) + 16)) throw new Error('no room');
      const end = writeRecord(open.slab, open.at, delta, open.count, key, value, headers);
      if (!this.writer.publish(open, end, timestamp)) throw new Error('sealed meanwhile');
      if (!open.pushed) push(part.words, part.base + HEAD, open.id, open.words, open.base + LINK);
      open.pushed = true;
    }
    this.producer.wake(part);
  }

  /** A batch of its own with one record of that value. */
  batch(part: Partition, value: string): void {
    this.append(part, { value });
    this.fill(part);
  }

  /** The app seals its open batch: it is full. */
  fill(part: Partition): void {
    const open = this.opened.get(part)!;
    Atomics.or(open.words, open.base + TAIL, SEALED);
    this.opened.delete(part);
    this.producer.wake(part);
  }

  flushing(calls: number): void {
    Atomics.store(this.memory.head, FLUSHING, calls);
  }

  serve(): number {
    return this.producer.serve(this.now);
  }

  after(ms: number): number {
    this.now += ms;
    return this.serve();
  }

  /** Seals what the partition has and gives it as a request would hold it. */
  outgoing(part: Partition): Outgoing {
    this.now += 100_000;
    const out: Outgoing[] = [];
    (this.producer as unknown as { gather(now: number, out: Outgoing[]): number }).gather(this.now, out);
    const found = out.find((each) => each.part === part);
    if (found === undefined) throw new Error(`nothing to send for ${part.topic}/${part.number}`);
    return found;
  }

  reports(): Reported[] {
    return takeReports(this.memory, 1).map((id) => {
      const { words, doubles } = this.memory.page(id);
      const base = indexOf(id) * BATCH_WORDS;
      return {
        count: words[base + TAIL]! & COUNT_MASK,
        error: words[base + ERROR]!,
        status: words[base + STATUS]! & 0xff,
        baseOffset: doubles[(base >> 1) + BASE_OFFSET]!,
      };
    });
  }
}

/** A Produce answer: topic, partition, error, base offset. */
export function answer(...rows: readonly (readonly [string, number, number, number])[]): object {
  return {
    responses: rows.map(([name, index, errorCode, baseOffset]) => ({
      name,
      partitionResponses: [{ index, errorCode, baseOffset, logAppendTimeMs: -1, recordErrors: [], errorMessage: null }],
    })),
    throttleTimeMs: 0,
  };
}
