// The topics that the app produces to: their partition blocks, their leaders, and who takes their batches now.
// @thread main
//
// A partition is with main until it first has something to send, so that ten thousand quiet ones cost no messages;
// then it moves to the worker of its leader's broker, and on with its leader (memory.md, part 1, 5).

import type { TopicSettings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { type TakenBatch, takeHead } from '../ops/batch_owner.ts';
import type { BlockPool } from '../ops/block_pool.ts';
import { indexOf, MAIN } from '../ops/ids.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { LeftPartitionOp, MainToAppOp, SequenceState, TopicOp } from '../ops/ops.ts';
import { COUNT, initPartition, LEADER, NO_SUCH_TOPIC, OWNER, PARTITION_WORDS, TOPIC_ERROR } from '../ops/partitions.ts';
import { restoreBatch, saveBatch } from '../ops/taken_state.ts';
import type { CachedTopic } from './metadata.ts';
import type { BrokerWorkers } from './workers.ts';

/** main: its batches are taken here | away: a broker's worker has it, or will | leaving: it is on its way back */
type Home = 'main' | 'away' | 'leaving';

export class MainPartition {
  readonly topic: MainTopic;
  readonly number: number;
  readonly block: number;
  readonly words: Int32Array;
  readonly base: number;
  home: Home;
  /** Whose worker it is away at. */
  broker: number;
  leader: number;
  fifo: TakenBatch[];
  nextNumber: number;
  nextId: number;
  /** Of an idempotent producer; the broker worker's, kept while it is here. */
  sequence: SequenceState | null;

  constructor(topic: MainTopic, number: number, block: number, memory: HandleMemory) {
    this.topic = topic;
    this.number = number;
    this.block = block;
    this.words = memory.page(block).words;
    this.base = indexOf(block) * PARTITION_WORDS;
    this.home = 'main';
    this.broker = -1;
    this.leader = -1;
    this.fifo = [];
    this.nextNumber = 0;
    this.nextId = 1;
    this.sequence = null;
  }
}

export class MainTopic {
  readonly name: string;
  readonly settings: TopicSettings;
  readonly block: number;
  readonly words: Int32Array;
  readonly base: number;
  readonly partitions: MainPartition[];
  /** Batches of records that wait for metadata, oldest first. */
  waiting: TakenBatch[];
  /** HEAD reads CLOSED: records go to partitions. */
  closed: boolean;
  err: number;
  /** How many there are now; `partitions` may hold some of an earlier topic of that name. */
  count: number;

  constructor(op: TopicOp, memory: HandleMemory) {
    this.name = op.topic;
    this.settings = op.settings;
    this.block = op.block;
    this.words = memory.page(op.block).words;
    this.base = indexOf(op.block) * PARTITION_WORDS;
    this.partitions = [];
    this.waiting = [];
    this.closed = false;
    this.err = 0;
    this.count = 0;
  }
}

export interface TopicsEnv {
  readonly memory: HandleMemory;
  readonly blocks: BlockPool;
  readonly workers: BrokerWorkers;
  toApp(op: MainToAppOp): void;
  /** Reports these batches of main's with an error. */
  fail(batches: TakenBatch[], err: number): void;
}

export class Topics {
  readonly byName: Map<string, MainTopic>;
  readonly topicByBlock: Map<number, MainTopic>;
  readonly partitionByBlock: Map<number, MainPartition>;
  private readonly env: TopicsEnv;

  constructor(env: TopicsEnv) {
    this.byName = new Map();
    this.topicByBlock = new Map();
    this.partitionByBlock = new Map();
    this.env = env;
  }

  add(op: TopicOp): MainTopic {
    const topic = new MainTopic(op, this.env.memory);
    this.byName.set(topic.name, topic);
    this.topicByBlock.set(topic.block, topic);
    return topic;
  }

  /** Metadata said something new: blocks for new partitions, leaders, then the count. */
  update(topic: MainTopic, cached: CachedTopic): void {
    topic.err = cached.err;
    if (cached.err !== 0) {
      for (const part of topic.partitions) this.setLeader(part, -1);
      Atomics.store(topic.words, topic.base + TOPIC_ERROR, cached.err);
      Atomics.store(topic.words, topic.base + COUNT, NO_SUCH_TOPIC);
      return;
    }
    topic.count = cached.partitions.length;
    const first = topic.partitions.length;
    const blocks: number[] = [];
    for (let number = first; number < cached.partitions.length; number++) {
      const block = this.env.blocks.take();
      const part = new MainPartition(topic, number, block, this.env.memory);
      initPartition(part.words, part.base, MAIN, -1);
      topic.partitions.push(part);
      this.partitionByBlock.set(block, part);
      blocks.push(block);
    }
    for (const part of topic.partitions) this.setLeader(part, cached.partitions[part.number]?.leader ?? -1);
    if (blocks.length > 0) this.env.toApp({ type: 'partitions', topic: topic.name, first, blocks });
    Atomics.store(topic.words, topic.base + COUNT, cached.partitions.length);
  }

  private setLeader(part: MainPartition, leader: number): void {
    part.leader = leader;
    Atomics.store(part.words, part.base + LEADER, leader);
    this.place(part);
  }

  /** The partition's bell rang and main is its owner. */
  wake(part: MainPartition): void {
    if (part.home !== 'main') return;
    this.wakeHere(part);
    this.place(part);
  }

  /** Takes what was pushed, and leaves the partition where it is. */
  wakeHere(part: MainPartition): void {
    if (part.home !== 'main') return;
    for (const batch of takeHead(this.env.memory, part.words, part.base)) part.fifo.push(batch);
  }

  /** Moves the partition to where its leader is, as far as that can be done now. */
  place(part: MainPartition): void {
    if (part.home === 'leaving') return;
    if (part.home === 'away') {
      // Batches that main got for it meanwhile (records that waited) fetch it back, to go behind what it has.
      if (part.broker === part.leader && part.fifo.length === 0) return;
      const worker = this.env.workers.of(part.broker);
      if (worker === null) return;
      part.home = 'leaving';
      worker.channel.post({ type: 'leave', block: part.block });
      return;
    }
    if (part.fifo.length === 0) return;
    if (part.topic.err !== 0) this.giveUp(part, part.fifo.splice(0), part.topic.err);
    else if (part.number >= part.topic.count)
      this.giveUp(part, part.fifo.splice(0), E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    else if (part.leader >= 0) this.join(part);
  }

  /** Reports batches of a partition that is here. One that was sent leaves a gap in what the broker expects. */
  giveUp(part: MainPartition, batches: TakenBatch[], err: number): void {
    if (part.sequence !== null && batches.some((batch) => batch.sequence >= 0))
      part.sequence = { ...part.sequence, broken: true };
    this.env.fail(batches, err);
  }

  private join(part: MainPartition): void {
    const worker = this.env.workers.ensure(part.leader);
    if (worker === null) return;
    part.home = 'away';
    part.broker = part.leader;
    worker.channel.post({
      type: 'join',
      block: part.block,
      topic: part.topic.name,
      partition: part.number,
      broker: part.leader,
      settings: part.topic.settings,
      fifo: part.fifo.map(saveBatch),
      nextNumber: part.nextNumber,
      nextId: part.nextId,
      sequence: part.sequence,
    });
    part.fifo = [];
  }

  /** The old home answered: all that it had goes to the new one, or stays here while there is no leader. */
  left(op: LeftPartitionOp, purged: boolean): void {
    const part = this.partitionByBlock.get(op.block)!;
    const back = op.fifo.map((state) => restoreBatch(this.env.memory, state));
    // It left before the worker could read the purge.
    if (!purged) part.fifo = [...back, ...part.fifo];
    part.nextNumber = op.nextNumber;
    part.nextId = op.nextId;
    part.sequence = op.sequence;
    part.home = 'main';
    part.broker = -1;
    if (purged) this.giveUp(part, back, E.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
    if (part.leader >= 0 && part.topic.err === 0 && this.env.workers.ensure(part.leader) !== null) {
      this.join(part);
      return;
    }
    Atomics.store(part.words, part.base + OWNER, MAIN);
    this.wake(part);
  }
}
