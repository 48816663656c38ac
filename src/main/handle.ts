// One handle in the main worker: the managers it is made of, and the ops that come for them.
// @thread main: a main worker hosts several handles; nothing here may assume that it is alone

import type { Settings, TopicSettings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { report, sealTaken, type TakenBatch } from '../ops/batch_owner.ts';
import { BatchPool, BatchWriter } from '../ops/batch_writer.ts';
import { FLAG_NO_OFFSET } from '../ops/batches.ts';
import { BlockPool, PageNumbers } from '../ops/block_pool.ts';
import { Channel } from '../ops/channel.ts';
import { collect } from '../ops/collect.ts';
import { ExtentPool } from '../ops/extents.ts';
import { LOG_LEVEL } from '../ops/head_page.ts';
import { FIRST_APP_SLOT, indexOf, MAIN } from '../ops/ids.ts';
import { HandleMemory } from '../ops/memory.ts';
import type { AppToMainOp, BrokerToMainOp, DropSlabsOp, MainToAppOp, OpenHandleOp, PageOp } from '../ops/ops.ts';
import { OWNER, PARTITION_WORDS, ready, takeReady } from '../ops/partitions.ts';
import { PortReader } from '../ops/port_reader.ts';
import { type ThreadPage, threadPage } from '../ops/thread_page.ts';
import type { LoopTask, WorkerLoop } from '../ops/worker_loop.ts';
import { partitionerOf } from '../partitioners/registry.ts';
import type { Clock } from '../rd/clock.ts';
import { canonicalBy } from './bootstrap.ts';
import { Brokers } from './brokers.ts';
import { Closing } from './closing.ts';
import { Consumer } from './consumer.ts';
import { Idempotence } from './idempotence.ts';
import { type CachedTopic, Metadata } from './metadata.ts';
import { SlabSweep } from './slab_sweep.ts';
import { type MainPartition, Topics } from './topics.ts';
import { Calls } from './user_calls.ts';
import { Waiting } from './waiting.ts';
import { BrokerWorkers, type Family, type HandleWorker } from './workers.ts';

export class MainHandle implements LoopTask {
  readonly id: number;
  readonly name: string;
  readonly producer: boolean;
  readonly settings: Settings;
  readonly topicSettings: TopicSettings;
  readonly clock: Clock;
  readonly debug: number;
  readonly memory: HandleMemory;
  readonly toApp: Channel<MainToAppOp>;
  readonly blocks: BlockPool;
  readonly brokers: Brokers;
  readonly metadata: Metadata;
  readonly workers: BrokerWorkers;
  readonly topics: Topics;
  readonly waiting: Waiting;
  readonly calls: Calls;
  readonly consumer: Consumer | null;
  readonly idempotence: Idempotence | null;
  readonly closing: Closing;
  private readonly extents: ExtentPool;
  private readonly sweep: SlabSweep;
  private readonly startedAt: number;
  private readonly loop: WorkerLoop;
  private readonly fromApp: PortReader<AppToMainOp>;
  private readonly readyIds: number[];
  private nextExpiry: number;
  private readonly onClosed: (handle: MainHandle) => void;

  constructor(
    op: OpenHandleOp,
    loop: WorkerLoop,
    family: Family,
    mainPage: ThreadPage,
    onClosed: (handle: MainHandle) => void,
  ) {
    this.id = op.handle;
    this.name = op.name;
    this.producer = op.producer;
    this.settings = op.settings;
    this.topicSettings = op.topicSettings;
    this.clock = loop.clock;
    this.debug = op.debug;
    this.startedAt = op.startedAt;
    this.loop = loop;
    this.onClosed = onClosed;
    this.memory = new HandleMemory(new Int32Array(op.head));
    this.toApp = new Channel(op.port, threadPage(op.appPage));
    this.fromApp = new PortReader(
      op.port,
      (message) => this.routeApp(message),
      () => loop.soon(),
      () => this.closing.appGone(),
    );
    this.memory.readPort = (creator) => (creator === MAIN ? false : this.fromApp.readOne());
    const numbers = new PageNumbers();
    const announcePage = (number: number, memory: SharedArrayBuffer) =>
      this.announce({ type: 'page', creator: MAIN, number, memory });
    this.blocks = new BlockPool(this.memory, MAIN, numbers, announcePage);
    const writer = this.writer(numbers, announcePage);
    this.extents = writer.extents;
    this.sweep = new SlabSweep(this.memory, writer.extents, () => this.toApp.post({ type: 'sweep' }));
    this.brokers = this.makeBrokers(op.hooks.throttle);
    this.metadata = this.makeMetadata();
    this.workers = this.makeWorkers(family, mainPage, op.maxWorkers, threadPage(op.appPage), op.hooks.throttle);
    const toApp = (message: MainToAppOp) => this.toApp.post(message);
    this.topics = new Topics({
      memory: this.memory,
      blocks: this.blocks,
      workers: this.workers,
      toApp,
      fail: (batches, err) => this.fail(batches, err),
    });
    this.waiting = new Waiting({
      settings: op.settings,
      memory: this.memory,
      writer,
      partitioner: partitionerOf(op.topicSettings.partitioner) ?? partitionerOf('consistent_random')!,
      random: Math.random,
      now: () => this.now(),
      toApp,
      ringApp: () => this.toApp.ring(),
      place: (part) => this.topics.place(part),
    });
    this.idempotence = op.producer && op.settings['enable.idempotence'] ? this.makeIdempotence() : null;
    this.calls = new Calls(this);
    this.consumer = op.producer ? null : new Consumer(this, op.hooks, op.memberId);
    this.closing = new Closing(this);
    this.readyIds = [];
    this.nextExpiry = 0;
    if (op.settings['metadata.broker.list']) this.brokers.add(op.settings['metadata.broker.list'], true);
    if (this.brokers.known) this.metadata.refresh();
  }

  /** ms since the handle started, as stamps in batches are. */
  now(): number {
    return this.clock.now() - this.startedAt;
  }

  soon(): void {
    this.loop.soon();
  }

  log(level: number, fac: string, text: string, thread = 'main'): void {
    if (level <= Atomics.load(this.memory.head, LOG_LEVEL)) this.toApp.post({ type: 'log', level, fac, thread, text });
  }

  error(err: number, text: string, fatal = false): void {
    this.toApp.post({ type: 'error', err, text, fatal });
  }

  // ---- making the parts

  private writer(numbers: PageNumbers, announcePage: (number: number, memory: SharedArrayBuffer) => void): BatchWriter {
    const blocks = new BatchPool(this.memory, MAIN, numbers, announcePage);
    // What waits is bounded by the app's own pool; copies that could not be made would hold up their partition.
    const cap = 4 * this.settings['queue.buffering.max.kbytes'] * 1024 + (256 << 20);
    const extents = new ExtentPool(
      this.memory,
      MAIN,
      cap,
      (number, memory) => void this.announce({ type: 'slab', creator: MAIN, number, memory }),
      (numbers, collect) => this.announce({ type: 'drop_slabs', creator: MAIN, numbers, collect }),
    );
    // Reports of what main writes go back to the app thread whose records they are.
    return new BatchWriter(this.memory, blocks, extents, FIRST_APP_SLOT);
  }

  private makeBrokers(throttle: boolean): Brokers {
    return new Brokers({
      settings: this.settings,
      clock: this.clock,
      random: Math.random,
      debug: this.debug,
      canonical: canonicalBy(this.settings),
      log: (level, fac, text, thread) => this.log(level, fac, text, thread),
      error: (err, text) => this.error(err, text),
      throttled: throttle ? (name, broker, ms) => this.toApp.post({ type: 'throttle', name, broker, ms }) : null,
      nodesChanged: () => {
        this.workers.addressesChanged();
        this.placeAll();
      },
      up: () => this.consumer?.brokerUp(),
      nodeDown: (id) => this.metadata.brokerDown(id),
      rebootstrap: () => this.metadata.refreshFast(),
      soon: () => this.loop.soon(),
    });
  }

  private makeMetadata(): Metadata {
    return new Metadata({
      settings: this.settings,
      random: Math.random,
      now: () => this.now(),
      sendAny: (request, via) => this.brokers.sendAny(request, via),
      log: (level, fac, text) => this.log(level, fac, text),
      setNodes: (nodes) => this.brokers.setNodes(nodes),
      rebootstrap: (cause) => this.brokers.rebootstrap(cause),
      isDown: (node) => this.brokers.isDown(node),
      topicChanged: (cached) => this.topicChanged(cached),
      topicAbsent: (cached) => this.consumer?.topicChanged(cached),
      allChanged: () => this.consumer?.group.metadataChanged(),
      inUse: (topic) => this.topics.byName.has(topic) || (this.consumer?.uses(topic) ?? false),
      soon: () => this.loop.soon(),
    });
  }

  private makeWorkers(
    family: Family,
    mainPage: ThreadPage,
    maxWorkers: number,
    appPage: ThreadPage,
    throttle: boolean,
  ): BrokerWorkers {
    return new BrokerWorkers({
      handle: this.id,
      name: this.name,
      producer: this.producer,
      settings: this.settings,
      memory: this.memory,
      family,
      appPage,
      mainPage,
      maxWorkers,
      debug: this.debug,
      throttle,
      startedAt: this.startedAt,
      toApp: (message, transfer) => this.toApp.post(message, transfer),
      drainApp: () => void this.fromApp.drain(),
      route: (worker, message) => this.routeBroker(worker, message),
      woken: () => this.loop.soon(),
      died: (worker) => this.closing.workerDied(worker),
      node: (broker) => this.brokers.nodes.get(broker),
      identity: () => this.idempotence?.identity ?? null,
    });
  }

  private makeIdempotence(): Idempotence {
    return new Idempotence({
      now: () => this.now(),
      sendAny: (request) => this.brokers.sendAny(request),
      log: (level, fac, text) => this.log(level, fac, text),
      fatal: (err, text) => this.fatal(err, text),
      tell: (identity) => this.workers.tell({ type: 'producer_id', ...identity }),
      soon: () => this.loop.soon(),
    });
  }

  /** The app stops producing, and purges what is queued. */
  private fatal(err: number, text: string): void {
    this.idempotence?.stop();
    this.error(err, text, true);
  }

  /** Before an id in the page or slab is published. Main starts every worker itself, so it knows all of them: how many. */
  private announce(op: PageOp | DropSlabsOp): number {
    this.toApp.postQuietly(op);
    return 1 + this.workers.announce(op);
  }

  // ---- LoopTask

  drain(): void {
    this.fromApp.drain();
    for (const worker of this.workers.all) worker.reader.drain();
  }

  serve(loopNow: number): number {
    const now = loopNow - this.startedAt;
    for (const id of takeReady(this.memory, MAIN, this.readyIds)) this.readyBlock(id);
    let wake = this.expire(now);
    wake = Math.min(wake, this.metadata.poll(now), this.calls.poll(now), this.closing.poll(now));
    if (this.consumer !== null) wake = Math.min(wake, this.consumer.poll(now));
    if (this.idempotence !== null) wake = Math.min(wake, this.idempotence.poll(now));
    if (!this.closing.started) wake = Math.min(wake, this.sweep.poll(now));
    return Math.min(wake + this.startedAt, this.brokers.poll(loopNow));
  }

  private readyBlock(id: number): void {
    const topic = this.topics.topicByBlock.get(id);
    if (topic !== undefined) {
      this.waiting.take(topic);
      return;
    }
    const part = this.topics.partitionByBlock.get(id);
    if (part === undefined) return;
    const owner = Atomics.load(part.words, part.base + OWNER);
    if (owner === MAIN) this.topics.wake(part);
    else {
      const base = indexOf(id) * PARTITION_WORDS;
      ready(this.memory, id, part.words, base, (worker) => this.workers.ring(worker));
    }
  }

  /** Records that wait for metadata or a leader are main's to expire. */
  private expire(now: number): number {
    if (!this.producer || this.topics.byName.size === 0) return Number.POSITIVE_INFINITY;
    if (now < this.nextExpiry) return this.nextExpiry;
    this.waiting.expire(this.topics.byName.values(), now);
    let every = 1000;
    for (const topic of this.topics.byName.values()) {
      const timeout = topic.settings['message.timeout.ms'];
      if (timeout === 0) continue;
      every = Math.min(every, Math.max(1, timeout / 2));
      for (const part of topic.partitions) if (part.fifo.length > 0) this.expirePartition(part, timeout, now);
    }
    this.nextExpiry = now + every;
    return this.nextExpiry;
  }

  private expirePartition(part: MainPartition, timeout: number, now: number): void {
    const late: TakenBatch[] = [];
    while (part.fifo.length > 0 && ((now - part.fifo[0]!.opened) | 0) >= timeout) late.push(part.fifo.shift()!);
    this.topics.giveUp(part, late, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    this.sealOld(part, Math.max(this.settings['queue.buffering.max.ms'], timeout / 100), now);
  }

  /** Only the youngest can be open still: it is sealed when old, so that its records don't differ much in age. */
  private sealOld(part: MainPartition, sealAge: number, now: number): void {
    const youngest = part.fifo.at(-1);
    if (youngest === undefined || youngest.count >= 0 || ((now - youngest.opened) | 0) < sealAge) return;
    part.fifo = part.fifo.filter((batch) => {
      if (batch.count >= 0) return true;
      if (!sealTaken(this.memory, batch, part.nextNumber, part.nextId)) return false;
      part.nextNumber = (part.nextNumber + 1) | 0;
      part.nextId += batch.count;
      return true;
    });
  }

  /** Reports batches that main owns with an error. */
  fail(batches: readonly TakenBatch[], err: number): void {
    if (batches.length === 0) return;
    for (const batch of batches) {
      if (batch.count < 0 && !sealTaken(this.memory, batch, 0, 0)) continue;
      const status = batch.maybePersisted
        ? E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
        : E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
      report(this.memory, batch, MAIN, {
        error: err,
        status: status | FLAG_NO_OFFSET,
        broker: -1,
        baseOffset: -1001,
        appendTime: -1,
      });
    }
    this.toApp.ring();
  }

  /** All partitions whose batches are with main may have got a home. */
  private placeAll(): void {
    for (const part of this.topics.partitionByBlock.values()) this.topics.place(part);
    this.consumer?.placeAll();
  }

  private topicChanged(cached: CachedTopic): void {
    const topic = this.topics.byName.get(cached.topic);
    if (topic !== undefined) {
      this.topics.update(topic, cached);
      if (cached.err === 0) this.waiting.resolve(topic);
      else this.waiting.refuse(topic, cached.err);
    }
    this.consumer?.topicChanged(cached);
  }

  leaderStale(topic: string, partition: number, broker: number): void {
    const cached = this.metadata.topics.get(topic);
    // Metadata may have moved on since the answer was sent.
    if (cached !== undefined && cached.partitions[partition]?.leader !== broker) return;
    this.metadata.leaderStale(topic);
  }

  // ---- ops

  private routeApp(op: AppToMainOp): void {
    switch (op.type) {
      case 'page':
        this.memory.addPage(op.creator, op.number, op.memory);
        return;
      case 'slab':
        this.memory.addSlab(op.creator, op.number, op.memory);
        return;
      case 'drop_slabs':
        this.dropSlabs(op);
        return;
      case 'slabs_dropped':
        this.extents.dropped(op.numbers);
        return;
      case 'swept':
        this.sweep.swept();
        return;
      case 'topic':
        this.addTopic(op);
        return;
      case 'call':
        this.calls.call(op);
        return;
      case 'brokers_add':
        this.brokers.add(op.brokers, false);
        this.metadata.refresh();
        return;
      case 'freed':
        this.waiting.freed(op.batch);
        return;
      case 'subscribe':
        this.consumer?.subscribe(op.topics);
        return;
      case 'assign':
        this.consumer?.assignCall(op);
        return;
      case 'consume_start':
        this.consumer?.consumeStart(op.partition);
        return;
      case 'topic_settings':
        this.consumer?.topicSettings.set(op.topic, op.settings);
        return;
      case 'seek':
        this.consumer?.assignments.seek(op);
        return;
      case 'pause':
        this.consumer?.assignments.pause(op);
        return;
      case 'store_metadata':
        this.consumer?.assignments.storeMetadata(op);
        return;
      case 'cells_done':
        this.consumer?.assignments.cellsDone(op.cells);
        return;
      case 'close':
        this.closing.start(op.deadline);
    }
  }

  private dropSlabs(op: DropSlabsOp): void {
    this.memory.dropSlabs(op.creator, op.numbers);
    if (op.numbers.length > 0) this.toApp.postQuietly({ type: 'slabs_dropped', numbers: op.numbers });
    if (op.collect) collect();
  }

  private addTopic(op: Extract<AppToMainOp, { type: 'topic' }>): void {
    this.topics.add(op);
    const cached = this.metadata.want(op.topic);
    if (cached.err !== E.RD_KAFKA_RESP_ERR__WAIT_CACHE) this.topicChanged(cached);
  }

  private routeBroker(worker: HandleWorker, op: BrokerToMainOp): void {
    switch (op.type) {
      case 'slabs_dropped':
        this.extents.dropped(op.numbers);
        return;
      case 'left':
        this.topics.left(op, this.calls.purging);
        return;
      case 'leader_stale':
        this.leaderStale(op.topic, op.partition, op.broker);
        return;
      case 'broker_state':
        this.brokers.nodeState(op.broker, op);
        if (!op.up) this.consumer?.assignments.placement.brokerDown(op.broker);
        return;
      case 'fetch_stopped':
        this.consumer?.fetchStopped(op, worker);
        return;
      case 'fetch_stall':
        this.consumer?.assignments.placement.fetchStall(op);
        return;
      case 'preferred_replica':
        this.consumer?.assignments.placement.preferredReplica(op);
        return;
      case 'purged':
        this.calls.purged(op.call);
        return;
      case 'raise_epoch':
        this.idempotence?.raise(op);
        return;
      case 'fatal':
        this.fatal(op.err, op.text);
        return;
      case 'ring':
        if (op.worker === MAIN) this.loop.soon();
        else this.workers.ring(op.worker);
        return;
      case 'closed':
        worker.closed = true;
        this.closing.workerClosed(worker);
    }
  }

  /** Reads one more op of the app's; false when there is none. */
  readApp(): boolean {
    return this.fromApp.readOne();
  }

  /** The last step of the end: ports closed, the app told. */
  finish(): void {
    this.loop.remove(this);
    this.toApp.post({ type: 'closed' });
    this.fromApp.close();
    this.onClosed(this);
  }
}
