// rd_kafka_t: what the application holds. Configuration, callbacks, and the app thread's side of everything.
// @thread app

import type { Callbacks as ConfCallbacks, TopicCallbacks } from '../conf/callbacks.ts';
import type { Settings, TopicSettings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import { BatchPool, BatchWriter } from '../ops/batch_writer.ts';
import { BlockPool, PageNumbers } from '../ops/block_pool.ts';
import { Channel } from '../ops/channel.ts';
import { ExtentPool } from '../ops/extents.ts';
import { newHeadPage, WORKERS } from '../ops/head_page.ts';
import { FIRST_APP_SLOT, indexOf, MAIN } from '../ops/ids.ts';
import { HandleMemory, SMALLEST_KEPT_FRAME } from '../ops/memory.ts';
import type {
  AppToBrokerOp,
  AppToMainOp,
  BrokerToAppOp,
  DropSlabsOp,
  MainToAppOp,
  PageOp,
  WorkerOp,
} from '../ops/ops.ts';
import { COUNT, initPartition, NO_SUCH_TOPIC, NOT_KNOWN, PARTITION_WORDS } from '../ops/partitions.ts';
import type { PortReader } from '../ops/port_reader.ts';
import { type ThreadPage, threadPage } from '../ops/thread_page.ts';
import { partitionerOf } from '../partitioners/registry.ts';
import { GONE } from '../rd/check.ts';
import { AwaitedReports } from './awaited_reports.ts';
import { type Birth, birth } from './birth.ts';
import { Callbacks } from './callbacks.ts';
import type { Closed } from './close_async.ts';
import { AppConsumer } from './consumer.ts';
import { HeldTopics } from './held_topics.ts';
import type { LiveBatch } from './live_batch.ts';
import { Logs } from './log.ts';
import type { Hosted, MainWorker } from './mains.ts';
import type { MockCluster } from './mock_control.ts';
import { OpQueue } from './op_queue.ts';
import { ProduceLimits } from './produce.ts';
import { ReplyQueue } from './queue.ts';
import { Reports } from './reports.ts';
import { Requests } from './request.ts';
import { routeMain, routeWorker } from './routing.ts';
import type { Steps } from './steps.ts';
import { type AppThread, now } from './thread.ts';
import { Target, Topic } from './topic.ts';

/** Promises of produce_async; what awaits them runs before the event loop goes on, and so long it is kept. */
const SETTLED_A_TURN = 256;

/** A broker worker as this thread sees it. */
interface WorkerLink {
  readonly channel: Channel<AppToBrokerOp>;
  readonly reader: PortReader<BrokerToAppOp>;
}

export interface FatalError {
  readonly err: number;
  readonly text: string;
}

export interface HandleOptions {
  readonly id: number;
  readonly name: string;
  readonly producer: boolean;
  readonly settings: Settings;
  readonly topicSettings: TopicSettings;
  readonly topicCallbacks: TopicCallbacks;
  readonly callbacks: ConfCallbacks;
  readonly conf: object;
  /** A file that is run in place of the worker's own text. */
  readonly workerUrl: string | null;
}

export class Handle implements Hosted {
  readonly id: number;
  readonly name: string;
  readonly producer: boolean;
  readonly settings: Settings;
  readonly topicSettings: TopicSettings;
  readonly topicCallbacks: TopicCallbacks;
  readonly conf: object;
  readonly workerUrl: string | null;
  readonly thread: AppThread;
  readonly memory: HandleMemory;
  readonly startedAt: number;
  /** Where it was made. */
  readonly born: Birth;
  readonly callbacks: Callbacks;
  readonly logs: Logs;
  readonly queue: ReplyQueue;
  readonly requests: Requests;
  readonly topics: Map<string, Topic>;
  /** Of topics whose records the app keeps itself for a while. */
  readonly held: HeldTopics;
  /** Of a producer. */
  readonly writer: BatchWriter | null;
  readonly limits: ProduceLimits | null;
  readonly reports: Reports | null;
  /** From the first produce_async on. */
  awaited: AwaitedReports | null;
  /** Of any consumer, and the same of one with a group. */
  readonly consuming: AppConsumer | null;
  readonly consumer: AppConsumer | null;
  readonly ringWorker: (worker: number) => void;
  '~gone': string;
  fatal: FatalError | null;
  /** Main is gone: nothing is sent or answered any more. */
  dead: boolean;
  closing: boolean;
  closed: boolean;
  yielded: boolean;
  /** rd_kafka_queue_get_main: where it is forwarded to, `queue` is served. */
  readonly mainQueue: OpQueue;
  /** poll_start is on. */
  serving: boolean;
  /** How deep in callbacks this thread is, in calls of this handle. */
  inCallback: number;
  /** destroy or consumer_close was called inside a callback: done when the outermost call unwinds. */
  destroyLater: boolean;
  destroyFlags: number;
  /** close_async is under way, or done. */
  ending: Promise<Closed> | null;
  /** What else ends with the handle: mock clusters. */
  readonly onClosed: Set<() => Steps<void>>;
  /** The cluster of `test.mock.num.brokers`. */
  ownMock: MockCluster | null;
  main: MainWorker | null;
  private mainChannel: Channel<AppToMainOp> | null;
  private mainReader: PortReader<MainToAppOp> | null;
  private readonly workers: Map<number, WorkerLink>;
  private readonly blocks: BlockPool;

  constructor(thread: AppThread, options: HandleOptions) {
    this.id = options.id;
    this.name = options.name;
    this.producer = options.producer;
    this.settings = options.settings;
    this.topicSettings = options.topicSettings;
    this.topicCallbacks = options.topicCallbacks;
    this.conf = options.conf;
    this.workerUrl = options.workerUrl;
    this.thread = thread;
    this.memory = new HandleMemory(newHeadPage());
    this.startedAt = now();
    this.born = birth();
    this[GONE] = '';
    this.fatal = null;
    this.dead = false;
    this.closing = false;
    this.closed = false;
    this.yielded = false;
    this.serving = false;
    this.inCallback = 0;
    this.destroyLater = false;
    this.destroyFlags = 0;
    this.ending = null;
    this.onClosed = new Set();
    this.ownMock = null;
    this.main = null;
    this.mainChannel = null;
    this.mainReader = null;
    this.workers = new Map();
    this.topics = new Map();
    this.held = new HeldTopics();
    this.callbacks = new Callbacks(this, options.callbacks);
    this.logs = new Logs(this);
    this.queue = new ReplyQueue(this);
    this.mainQueue = new OpQueue(this, false);
    this.requests = new Requests(this);
    const numbers = new PageNumbers();
    const page = (number: number, memory: SharedArrayBuffer) =>
      void this.announce({ type: 'page', creator: FIRST_APP_SLOT, number, memory });
    this.blocks = new BlockPool(this.memory, FIRST_APP_SLOT, numbers, page);
    this.writer = options.producer ? this.makeWriter(numbers, page) : null;
    this.limits = options.producer ? new ProduceLimits(this) : null;
    this.reports = options.producer ? new Reports(this) : null;
    this.awaited = null;
    this.consuming = options.producer ? null : new AppConsumer(this);
    this.consuming?.queues.add(this.mainQueue);
    this.consumer = (options.settings['group.id'] ?? '') === '' ? null : this.consuming;
    this.ringWorker = (worker) => this.ring(worker);
    this.memory.readPort = (creator) => (creator === MAIN ? this.readMain() : false);
  }

  get '~type'(): 'rd_kafka_t' {
    return 'rd_kafka_t';
  }

  private makeWriter(numbers: PageNumbers, page: (number: number, memory: SharedArrayBuffer) => void): BatchWriter {
    const blocks = new BatchPool(this.memory, FIRST_APP_SLOT, numbers, page);
    // Twice the queue's bytes, since extents are rounded up, and room for open batches of many partitions.
    const cap = 2 * this.settings['queue.buffering.max.kbytes'] * 1024 + (64 << 20);
    const extents = new ExtentPool(
      this.memory,
      FIRST_APP_SLOT,
      cap,
      (number, memory) => void this.announce({ type: 'slab', creator: FIRST_APP_SLOT, number, memory }),
      (numbers, collect) => this.announce({ type: 'drop_slabs', creator: FIRST_APP_SLOT, numbers, collect }),
    );
    return new BatchWriter(this.memory, blocks, extents, FIRST_APP_SLOT);
  }

  // ---- ports

  /** The channel to main, made when the handle is opened. */
  attach(main: MainWorker, channel: Channel<AppToMainOp>, reader: PortReader<MainToAppOp>): void {
    this.main = main;
    this.mainChannel = channel;
    this.mainReader = reader;
  }

  toMain(op: AppToMainOp): void {
    if (!this.dead && !this.closed) this.mainChannel!.post(op);
  }

  /** One op of main's; false when there is none (or main is gone). */
  readMain(): boolean {
    return this.mainReader?.readOne() ?? false;
  }

  /** One op of that worker's; a worker that is not known yet was posted on main's port before it started. */
  readWorker(worker: number): boolean {
    const link = this.workers.get(worker);
    return link === undefined ? this.readMain() : link.reader.readOne();
  }

  get port(): Channel<AppToMainOp>['port'] | null {
    return this.dead || this.closed ? null : (this.mainChannel?.port ?? null);
  }

  private ring(worker: number): void {
    if (this.dead || this.closed) return;
    if (worker === MAIN) {
      this.mainChannel!.ring();
      return;
    }
    let link = this.workers.get(worker);
    while (link === undefined && this.readMain()) link = this.workers.get(worker);
    link?.channel.ring();
  }

  ringAll(): void {
    if (this.dead || this.closed) return;
    this.mainChannel!.ring();
    for (const link of this.workers.values()) link.channel.ring();
  }

  /** To all that are known, then to those that main has counted since: how many. Of a page before an id in it is published. */
  private announce(op: PageOp | DropSlabsOp): number {
    if (this.dead || this.closed) return 0;
    this.mainChannel!.postQuietly(op);
    const told = new Set<number>();
    for (const [index, link] of this.workers) {
      told.add(index);
      link.channel.postQuietly(op);
    }
    // WORKERS counts main too.
    while (Atomics.load(this.memory.head, WORKERS) - 1 > this.workers.size) if (!this.readMain()) break;
    for (const [index, link] of this.workers) if (!told.has(index)) link.channel.postQuietly(op);
    return 1 + this.workers.size;
  }

  /** Routes what has come; runs no user code. */
  drain(): void {
    this.mainReader?.drain();
    for (const link of this.workers.values()) link.reader.drain();
    this.reports?.take();
  }

  get armed(): boolean {
    return (
      (this.serving || this.thread.pendingPromises > 0 || this.held.any || this.awaited?.any === true) && !this.closed
    );
  }

  get dueAt(): number {
    return this.held.dueAt;
  }

  /** poll_start, and messages that wait for room, as with F_BLOCK: everything; else only what pending twins let run. */
  serveFromLoop(): void {
    if (this.inCallback > 0) return;
    const { awaited, thread } = this;
    try {
      if (awaited !== null && this.reports!.settle(SETTLED_A_TURN)) thread.turnSoon();
      awaited?.admit();
      if (this.serving || (awaited !== null && awaited.waitingCount > 0)) this.queue.serve(Number.POSITIVE_INFINITY);
      else {
        this.held.serve();
        this.queue.serveLogs();
      }
      // What was served has made room.
      awaited?.admit();
    } finally {
      this.yielded = false;
      this.callbacks.unwindHandle();
    }
  }

  /** Whoever serves callbacks stops after the present one. */
  get stops(): boolean {
    return this.yielded || (this.destroyLater && !this.closing);
  }

  // ---- ops

  routeMain(op: MainToAppOp): void {
    routeMain(this, op);
  }

  addWorker(op: WorkerOp): void {
    const channel = new Channel<AppToBrokerOp>(op.port, threadPage(op.page));
    const reader = this.thread.reader<BrokerToAppOp>(
      op.port,
      (message) => routeWorker(this, op.worker, message),
      () => {},
    );
    this.workers.set(op.worker, { channel, reader });
  }

  /** Empties the port of a worker: what it posted before main's `home` op. */
  drainWorker(worker: number): void {
    this.workers.get(worker)?.reader.drain();
  }

  /** Walked blocks go back, so that the worker sees at once that there is room. */
  giveBack(worker: number, buffers: readonly ArrayBuffer[], bytes: number): void {
    if (this.dead || this.closed) return;
    const large = buffers.filter((buffer) => buffer.byteLength >= SMALLEST_KEPT_FRAME);
    this.workers.get(worker)?.channel.post({ type: 'block', buffers: large, bytes }, large);
  }

  // ---- topics

  /** The topic of that name, made at first use with these settings (the default ones when null). */
  topic(name: string, settings: TopicSettings | null = null, callbacks: TopicCallbacks | null = null): Topic {
    const known = this.topics.get(name);
    if (known !== undefined) return known;
    const own = settings ?? this.topicSettings;
    const given = callbacks ?? this.topicCallbacks;
    const topic = new Topic(
      this,
      name,
      own,
      partitionerOf(own.partitioner) ?? partitionerOf('consistent_random')!,
      given.opaque,
    );
    this.topics.set(name, topic);
    if (!this.producer) {
      if (settings !== null) this.toMain({ type: 'topic_settings', topic: name, settings });
      return topic;
    }
    this.held.open(topic, given);
    this.openTopic(topic);
    return topic;
  }

  private openTopic(topic: Topic): void {
    this.startFirst();
    const block = this.blocks.take();
    const words = this.memory.page(block).words;
    initPartition(words, indexOf(block) * PARTITION_WORDS, MAIN, NOT_KNOWN);
    topic.waiting = new Target(topic, -1, block);
    this.toMain({ type: 'topic', topic: topic.name, block, settings: topic.settings });
  }

  /** The first produce, subscribe or assign. */
  startFirst(): void {
    if (this.main !== null && !this.dead && !this.closing) this.thread.mains!.startFirst(this.main, this.workerUrl);
  }

  releaseTopic(topic: Topic): void {
    if (--topic.references <= 0) topic[GONE] = 'has been destroyed';
  }

  /** What produce answers for the topic now: false while it is not known, or not there. */
  topicExists(topic: Topic): boolean {
    const target = topic.waiting;
    if (target === null) return false;
    const count = Atomics.load(target.words, target.base + COUNT);
    return count !== NOT_KNOWN && count !== NO_SUCH_TOPIC;
  }

  // ---- accounting

  /** ms since the handle started, as an Int32 that wraps. */
  stamp(at: number): number {
    return (at - this.startedAt) | 0;
  }

  /** For produce_async. */
  awaiting(): AwaitedReports {
    this.awaited ??= new AwaitedReports(this);
    return this.awaited;
  }

  /** Records whose report is served leave the queue. */
  took(count: number, valueBytes: number): void {
    const limits = this.limits!;
    limits.messages -= count;
    limits.bytes -= valueBytes;
    limits.memoryFull = false;
  }

  /** A batch that came back may still be where its partition would append next. */
  forgetOpen(batch: LiveBatch): void {
    const { topic } = batch;
    const target = batch.waits ? topic.waiting : topic.partitions[batch.partition];
    if (target !== null && target !== undefined && target.live === batch) {
      target.open = null;
      target.live = null;
    }
  }

  // ---- the end

  setFatal(err: number, text: string): void {
    if (this.fatal !== null) return;
    this.fatal = { err, text };
    this.tellFatal(err, text);
  }

  private tellFatal(err: number, text: string): void {
    this.awaited?.failWaiting(kafkaErrorOf(err, text, { fatal: true }));
    this.queue.fatalError(text);
  }

  /** Main died or hangs. */
  mainDied(): void {
    this.threadDied(this.main?.epitaph ?? 'its main thread died');
  }

  /** The handle is fatal as a whole, whatever still runs of it: everything that waits for its threads ends here. */
  threadDied(text: string): void {
    if (this.dead || this.closed) return;
    this.mainReader?.drain();
    for (const link of this.workers.values()) link.reader.drain();
    this.reports?.take();
    this.dead = true;
    const err = E.RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    const first = this.fatal === null && !this.closing;
    // Promises that are settled by what follows say why.
    if (first) this.fatal = { err, text };
    this.held.purge(E.RD_KAFKA_RESP_ERR__FATAL);
    this.reports?.claimAll();
    if (first) this.tellFatal(err, text);
    this.requests.failAll(E.RD_KAFKA_RESP_ERR__FATAL);
    this.consuming?.died();
    this.thread.woken();
  }

  /** The ports of this handle, closed: nothing of it is left in this thread. */
  detach(): void {
    this.mainReader?.close();
    for (const link of this.workers.values()) link.reader.close();
    this.thread.members.delete(this);
    if (this.main !== null) this.thread.mains?.release(this.main, this);
  }

  get mainPage(): ThreadPage | null {
    return this.main?.page ?? null;
  }

  [Symbol.dispose](): void {
    if (this[GONE] === '') this.callbacks.destroyHandle();
  }

  /** close_async, but silent when the handle is destroyed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this[GONE] === '' || this.ending !== null) await this.callbacks.closeHandle();
  }
}
