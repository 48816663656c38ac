// The main thread of cluster_model: Topics, Waiting and BrokerWorkers, with metadata at random.

import * as E from '../../../src/defs/enums.ts';
import type { CachedTopic } from '../../../src/main/metadata.ts';
import { type MainTopic, Topics } from '../../../src/main/topics.ts';
import { Waiting } from '../../../src/main/waiting.ts';
import { BrokerWorkers, type Family, type FamilyWorker, type HandleWorker } from '../../../src/main/workers.ts';
import { report, sealTaken, type TakenBatch } from '../../../src/ops/batch_owner.ts';
import { BatchPool, BatchWriter } from '../../../src/ops/batch_writer.ts';
import { FLAG_NO_OFFSET } from '../../../src/ops/batches.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { Channel } from '../../../src/ops/channel.ts';
import { ExtentPool } from '../../../src/ops/extents.ts';
import { FIRST_APP_SLOT, MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import type { AppToMainOp, BrokerToMainOp, MainToAppOp, PageOp, RootOp } from '../../../src/ops/ops.ts';
import { OWNER, ready, takeReady } from '../../../src/ops/partitions.ts';
import { BELL } from '../../../src/ops/thread_page.ts';
import { partitionerOf } from '../../../src/partitioners/registry.ts';
import { BROKERS, MAIN_BLOCKS, MAIN_BYTES, MAIN_JOBS, type MainStart, RUNNING, STOP } from './cluster_shared.ts';
import { newPage, pair, Random, readAll, readOne, startRole, viewPage } from './kit.ts';

export class MainSide {
  readonly start: MainStart;
  readonly random: Random;
  readonly memory: HandleMemory;
  readonly topics: Topics;
  readonly waiting: Waiting;
  readonly workers: BrokerWorkers;
  readonly writer: BatchWriter;
  readonly toApp: Channel<MainToAppOp>;
  private readonly due: { topic: string; at: number }[] = [];
  private readonly cached = new Map<string, CachedTopic>();
  private readonly readyIds: number[] = [];
  private capped = 0;
  private most = 0;

  constructor(start: MainStart) {
    this.start = start;
    this.random = new Random(start.seed);
    this.memory = new HandleMemory(new Int32Array(start.head));
    this.memory.readPort = (creator) => creator !== MAIN && readOne<AppToMainOp>(start.app, (op) => this.route(op));
    this.toApp = new Channel(start.app, viewPage(start.appPage));
    const numbers = new PageNumbers();
    const announce = (op: PageOp) => {
      this.toApp.postQuietly(op);
      this.workers.announce(op);
    };
    const page = (number: number, memory: SharedArrayBuffer) =>
      announce({ type: 'page', creator: MAIN, number, memory });
    const cap = (start.options['cap'] ?? 1 << 20) * 1024;
    const extents = new ExtentPool(this.memory, MAIN, cap, (number, memory) =>
      announce({ type: 'slab', creator: MAIN, number, memory }),
    );
    this.writer = new BatchWriter(
      this.memory,
      new BatchPool(this.memory, MAIN, numbers, page),
      extents,
      FIRST_APP_SLOT,
    );
    const open = this.writer.open.bind(this.writer);
    this.writer.open = (...args) => {
      const got = open(...args);
      if (got === null) this.capped++;
      this.most = Math.max(this.most, extents.used);
      return got;
    };
    const room = this.writer.room.bind(this.writer);
    this.writer.room = (...args) => {
      const got = room(...args);
      if (!got) this.capped++;
      return got;
    };
    const hosts = this.startHosts();
    this.workers = new BrokerWorkers({
      handle: 1,
      name: 'model',
      producer: true,
      settings: start.settings,
      memory: this.memory,
      family: { place: () => hosts[this.workers.all.length]!, release: () => {} } as unknown as Family,
      appPage: viewPage(start.appPage),
      mainPage: viewPage(start.mainPage),
      maxWorkers: 100,
      debug: 0,
      throttle: false,
      startedAt: 0,
      toApp: (message, transfer) => this.toApp.post(message, transfer),
      drainApp: () => void readAll<AppToMainOp>(start.app, (op) => this.route(op)),
      route: (_worker, op) => this.routeBroker(op),
      woken: () => {},
      died: () => {},
      node: (id) => ({ id, host: '127.0.0.1', port: 1 }) as never,
      identity: () => null,
    });
    const toApp = (op: MainToAppOp) => this.toApp.post(op);
    this.topics = new Topics({
      memory: this.memory,
      blocks: new BlockPool(this.memory, MAIN, numbers, page),
      workers: this.workers,
      toApp,
      fail: (batches, err) => this.fail(batches, err),
    });
    this.waiting = new Waiting({
      settings: start.settings,
      memory: this.memory,
      writer: this.writer,
      partitioner: partitionerOf('consistent_random')!,
      random: Math.random,
      now: () => performance.now(),
      toApp,
      ringApp: () => this.toApp.ring(),
      place: (part) => this.topics.place(part),
    });
  }

  private startHosts(): FamilyWorker[] {
    return Array.from({ length: BROKERS }, (_, i) => {
      const { page, memory } = newPage();
      const [mine, root] = pair();
      const { app: _app, ...rest } = this.start;
      const worker = startRole('host', rest as never, { root, page: memory, seed: this.start.seed + i + 1 }, [root]);
      return { worker, root: new Channel<RootOp>(mine, page), page, brokers: 0, handles: 0, dead: false };
    });
  }

  /** What MainHandle does with these ops. */
  private route(op: AppToMainOp): void {
    if (op.type === 'page') this.memory.addPage(op.creator, op.number, op.memory);
    else if (op.type === 'slab') this.memory.addSlab(op.creator, op.number, op.memory);
    else if (op.type === 'freed') this.waiting.freed(op.batch);
    else if (op.type === 'topic') {
      this.topics.add(op);
      this.due.push({
        topic: op.topic,
        at: performance.now() + this.random.below(this.start.options['late'] ?? 60) / 10,
      });
    }
  }

  private routeBroker(op: BrokerToMainOp): void {
    if (op.type === 'left') this.topics.left(op, false);
    else if (op.type === 'ring') {
      if (op.worker !== MAIN) this.workers.ring(op.worker);
    }
  }

  private fail(batches: readonly TakenBatch[], error: number): void {
    for (const batch of batches) {
      if (batch.count < 0 && !sealTaken(this.memory, batch, 0, 0)) continue;
      const status = E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED | FLAG_NO_OFFSET;
      report(this.memory, batch, MAIN, { error, status, broker: -1, baseOffset: -1001, appendTime: -1 });
    }
    this.toApp.ring();
  }

  private metadata(name: string): void {
    const { random } = this;
    const topic = this.topics.byName.get(name)!;
    let cached = this.cached.get(name);
    if (cached === undefined) {
      const missing = random.chance(12) && Atomics.load(this.start.words, STOP) === 0;
      const count = 1 + random.below(4);
      cached = {
        topic: name,
        err: missing ? E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : 0,
        partitions: missing
          ? []
          : Array.from({ length: count }, () => ({ leader: random.below(BROKERS + 1), leaderEpoch: 0 })),
        topicId: '',
        absent: 0,
        since: 0,
        at: 0,
        stale: false,
      };
      this.cached.set(name, cached);
    } else if (cached.err === 0) {
      if (random.chance(4)) cached.partitions.push({ leader: 0, leaderEpoch: 0 });
      const stop = Atomics.load(this.start.words, STOP) !== 0;
      for (const part of cached.partitions) part.leader = random.below(BROKERS + (stop ? 0 : 1));
    }
    // One above the brokers stands for no leader.
    const shown = {
      ...cached,
      partitions: cached.partitions.map((part) => ({ ...part, leader: part.leader === BROKERS ? -1 : part.leader })),
    };
    this.topics.update(topic, shown);
    if (shown.err === 0) this.waiting.resolve(topic);
    else this.waiting.refuse(topic, E.RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
  }

  private readyBlock(id: number): void {
    const topic: MainTopic | undefined = this.topics.topicByBlock.get(id);
    if (topic !== undefined) {
      this.waiting.take(topic);
      return;
    }
    const part = this.topics.partitionByBlock.get(id);
    if (part === undefined) return;
    if (Atomics.load(part.words, part.base + OWNER) === MAIN) this.topics.wake(part);
    else ready(this.memory, id, part.words, part.base, (worker) => this.workers.ring(worker));
  }

  run(): void {
    const own = viewPage(this.start.mainPage);
    const { random } = this;
    Atomics.add(this.start.words, RUNNING, 1);
    let stopped = false;
    for (;;) {
      const seen = Atomics.load(own, BELL);
      readAll<AppToMainOp>(this.start.app, (op) => this.route(op));
      for (const worker of this.workers.all as HandleWorker[]) worker.reader.drain();
      for (const id of takeReady(this.memory, MAIN, this.readyIds)) this.readyBlock(id);
      const now = performance.now();
      const stop = Atomics.load(this.start.words, STOP) !== 0;
      for (let i = this.due.length - 1; i >= 0; i--) {
        if (now < this.due[i]!.at && !stop) continue;
        const { topic } = this.due.splice(i, 1)[0]!;
        this.metadata(topic);
        if (!stop) this.due.push({ topic, at: now + 5 + random.below(40) });
      }
      if (stop && !stopped) {
        stopped = true;
        // Every partition has a leader now.
        for (const topic of this.topics.byName.keys()) this.metadata(topic);
      }
      const purged = random.chance(400) ? [...this.topics.byName.values()].find((topic) => !topic.closed) : undefined;
      if (purged !== undefined) this.waiting.purge(purged, E.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
      Atomics.store(this.start.words, MAIN_BLOCKS, this.writer.blocks.used);
      Atomics.store(this.start.words, MAIN_BYTES, this.most);
      Atomics.store(this.start.words, MAIN_JOBS, this.capped);
      Atomics.wait(own, BELL, seen, 1);
    }
  }
}
