// One handle in an I/O worker: its ports, its memory, the brokers that live here.
// @thread broker: a worker may host several handles

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { Channel } from '../ops/channel.ts';
import { collect } from '../ops/collect.ts';
import { HELD_BYTES, LOG_LEVEL } from '../ops/head_page.ts';
import { indexOf, MAIN } from '../ops/ids.ts';
import { HandleMemory } from '../ops/memory.ts';
import type {
  AppToBrokerOp,
  BrokerToAppOp,
  BrokerToMainOp,
  DropSlabsOp,
  FetchStartOp,
  JoinHandleOp,
  JoinPartitionOp,
  MainToBrokerOp,
  ProducerId,
  SlabsDroppedOp,
} from '../ops/ops.ts';
import { OWNER, PARTITION_WORDS, ready, takeReady } from '../ops/partitions.ts';
import { PortReader } from '../ops/port_reader.ts';
import { threadPage } from '../ops/thread_page.ts';
import type { LoopTask, WorkerLoop } from '../ops/worker_loop.ts';
import type { Clock } from '../rd/clock.ts';
import type { WireRequest } from '../wire/requests.ts';
import { Broker, nodeName } from './broker.ts';
import { FetchPartition } from './fetch_partition.ts';
import { FramePool } from './frame_pool.ts';
import { Partition } from './partition.ts';
import { LEAVE_WAIT_MS, type ProduceCall } from './producer.ts';

/** How long a purge waits for writes that are pending over what it gives up before it ends their sockets. */
const PURGE_WRITE_MS = 100;

interface Purge {
  readonly call: number;
  readonly requests: readonly ProduceCall[];
  readonly until: number;
}

export class HostedHandle implements LoopTask {
  readonly settings: Settings;
  readonly worker: number;
  readonly clock: Clock;
  /** Bits RD_KAFKA_DBG_*. */
  readonly debug: number;
  /** The app wants to hear of throttle times. */
  readonly throttle: boolean;
  /** Memory of answers that the app has walked. */
  readonly frames: FramePool;
  readonly toApp: Channel<BrokerToAppOp>;
  readonly toMain: Channel<BrokerToMainOp>;
  readonly memory: HandleMemory;
  /** Of an idempotent producer, once main has one. */
  identity: ProducerId | null;
  private readonly startedAt: number;
  private readonly loop: WorkerLoop;
  private readonly fromApp: PortReader<AppToBrokerOp>;
  private readonly fromMain: PortReader<MainToBrokerOp>;
  private readonly brokers: Map<number, Broker>;
  /** Whose broker serves a partition of ours. */
  private readonly homes: Map<number, Broker>;
  private readonly readyIds: number[];
  private readonly leaving: Map<Partition, { broker: Broker; until: number }>;
  private purges: Purge[];
  private closing: boolean;
  private readonly onClosed: (handle: HostedHandle) => void;

  constructor(op: JoinHandleOp, loop: WorkerLoop, onClosed: (handle: HostedHandle) => void) {
    this.settings = op.settings;
    this.worker = op.worker;
    this.clock = loop.clock;
    this.debug = op.debug;
    this.throttle = op.throttle;
    this.frames = new FramePool();
    this.loop = loop;
    this.onClosed = onClosed;
    this.startedAt = op.startedAt;
    this.identity = null;
    this.memory = new HandleMemory(new Int32Array(op.head));
    for (const page of op.pages) this.addPage(page);
    this.toApp = new Channel(op.appPort, threadPage(op.appPage));
    this.toMain = new Channel(op.mainPort, threadPage(op.mainPage));
    this.brokers = new Map();
    this.homes = new Map();
    this.readyIds = [];
    this.leaving = new Map();
    this.purges = [];
    this.closing = false;
    const soon = () => loop.soon();
    this.fromApp = new PortReader(
      op.appPort,
      (message) => this.routeApp(message),
      soon,
      () => this.appGone(),
    );
    this.fromMain = new PortReader(
      op.mainPort,
      (message) => this.routeMain(message),
      soon,
      () => this.mainGone(),
    );
    this.memory.readPort = (creator) => (creator === MAIN ? this.fromMain : this.fromApp).readOne();
  }

  now(): number {
    return this.clock.now() - this.startedAt;
  }

  soon(): void {
    this.loop.soon();
  }

  log(level: number, fac: string, text: string, thread: string): void {
    if (level <= Atomics.load(this.memory.head, LOG_LEVEL)) this.toApp.post({ type: 'log', level, fac, thread, text });
  }

  // ---- LoopTask

  drain(): void {
    this.fromMain.drain();
    this.fromApp.drain();
  }

  serve(loopNow: number): number {
    const now = loopNow - this.startedAt;
    this.takeReady();
    let wake = Number.POSITIVE_INFINITY;
    for (const [part, { broker, until }] of this.leaving) {
      // Past its second, what is in flight counts as possibly persisted: its socket goes first.
      if (now >= until) {
        broker.connection.disconnect(E.RD_KAFKA_RESP_ERR__TRANSPORT, 'a partition moved to another broker');
        this.takeBack(broker);
      } else wake = Math.min(wake, until);
      if (part.inflight === 0) this.leaving.delete(part);
    }
    for (const broker of this.brokers.values()) wake = Math.min(wake, broker.serve(now));
    if (this.purges.length > 0) wake = Math.min(wake, this.answerPurges(now));
    return wake + this.startedAt;
  }

  private takeReady(): void {
    for (const id of takeReady(this.memory, this.worker, this.readyIds)) {
      const words = this.memory.page(id).words;
      const base = indexOf(id) * PARTITION_WORDS;
      if (Atomics.load(words, base + OWNER) !== this.worker) {
        ready(this.memory, id, words, base, (worker) => this.ringWorker(worker));
        continue;
      }
      const broker = this.homes.get(id);
      const part = broker?.producer.partitions.get(id);
      if (part !== undefined && !part.leaving) broker!.producer.wake(part);
    }
  }

  /** A partition that moved on: its new owner is main, or is told by main, which knows every worker's bell. */
  private ringWorker(worker: number): void {
    if (worker === MAIN) this.toMain.ring();
    else this.toMain.post({ type: 'ring', worker });
  }

  // ---- ops

  private addPage(op: { type: 'page' | 'slab'; creator: number; number: number; memory: SharedArrayBuffer }): void {
    if (op.type === 'page') this.memory.addPage(op.creator, op.number, op.memory);
    else this.memory.addSlab(op.creator, op.number, op.memory);
  }

  private routeApp(op: AppToBrokerOp): void {
    if (op.type === 'block') {
      Atomics.sub(this.memory.head, HELD_BYTES, op.bytes);
      this.frames.give(op.buffers);
      this.loop.soon();
    } else if (op.type === 'drop_slabs') this.dropSlabs(op, this.toApp);
    else this.addPage(op);
  }

  /** Answered without a ring: it is in no hurry. */
  private dropSlabs(op: DropSlabsOp, creator: Channel<SlabsDroppedOp>): void {
    this.memory.dropSlabs(op.creator, op.numbers);
    if (op.numbers.length > 0) creator.postQuietly({ type: 'slabs_dropped', numbers: op.numbers });
    if (op.collect) collect();
  }

  private routeMain(op: MainToBrokerOp): void {
    switch (op.type) {
      case 'page':
      case 'slab':
        this.addPage(op);
        return;
      case 'drop_slabs':
        this.dropSlabs(op, this.toMain);
        return;
      case 'broker':
        this.setBroker(op.broker, op.host, op.port);
        return;
      case 'join':
        this.join(op);
        return;
      case 'leave':
        this.leave(op.block);
        return;
      case 'fetch_start':
        this.fetchStart(op);
        return;
      case 'fetch_stop':
        this.fetchStop(op.cell, op.home, op.answer);
        return;
      case 'fetch_pause':
        for (const { fetcher } of this.brokers.values()) fetcher.pause(op.cell, op.home, op.paused);
        return;
      case 'purge':
        this.purge(op.call, op.queue, op.inflight);
        return;
      case 'serve':
        return;
      case 'producer_id':
        this.identity = { id: op.id, epoch: op.epoch };
        return;
      case 'close':
        this.close();
    }
  }

  private setBroker(id: number, host: string, port: number): void {
    const known = this.brokers.get(id);
    if (known === undefined) this.brokers.set(id, new Broker(this, this.memory, id, host, port));
    else known.connection.setAddress(host, port, nodeName(id, host, port));
  }

  private join(op: JoinPartitionOp): void {
    const broker = this.brokers.get(op.broker)!;
    this.homes.set(op.block, broker);
    broker.producer.join(new Partition(op, this.memory, this.settings['enable.idempotence']));
    broker.connection.hurry();
  }

  private leave(block: number): void {
    const broker = this.homes.get(block);
    const part = broker?.producer.partitions.get(block);
    if (part === undefined) return;
    broker!.producer.leave(part);
    if (part.inflight === 0) return;
    this.leaving.set(part, { broker: broker!, until: this.now() + LEAVE_WAIT_MS });
    // Requests that wait for a connection were never sent: the batches go where the leader is.
    if (broker!.connection.state !== 'UP') this.takeBack(broker!);
  }

  /** Unsent Produce requests end, uncounted; batches of partitions that stay are sent again. */
  private takeBack(broker: Broker): void {
    broker.connection.purgeQueued(E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, isProduce);
  }

  left(part: Partition): void {
    this.homes.delete(part.block);
    this.leaving.delete(part);
    this.toMain.post(part.left());
  }

  private fetchStart(op: FetchStartOp): void {
    const broker = this.brokers.get(op.broker)!;
    broker.fetcher.start(new FetchPartition(op, this.memory, this.settings['fetch.message.max.bytes']));
    broker.connection.hurry();
  }

  private fetchStop(cell: number, home: number, answer: boolean): void {
    let offset = -1001;
    let offsetEpoch = -1;
    for (const broker of this.brokers.values()) {
      const part = broker.fetcher.stop(cell);
      if (part === null) continue;
      offset = part.start;
      offsetEpoch = part.offsetEpoch;
      break;
    }
    if (answer) this.toMain.post({ type: 'fetch_stopped', cell, home, offset, offsetEpoch });
  }

  private purge(call: number, queue: boolean, inflight: boolean): void {
    const requests: ProduceCall[] = [];
    for (const { producer, connection } of this.brokers.values()) {
      for (const request of producer.calls) if (request.sent ? inflight : queue) requests.push(request);
      if (queue) producer.purgeQueue(inflight);
      if (queue) connection.purgeQueued(E.RD_KAFKA_RESP_ERR__PURGE_QUEUE, isProduce);
      if (inflight) connection.abandonInflight(E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, isProduce);
    }
    this.purges.push({ call, requests, until: this.now() + PURGE_WRITE_MS });
    this.loop.soon();
  }

  /** Each behind the reports it speaks of. A request is reported when its write is done, or its socket closed. */
  private answerPurges(now: number): number {
    let wake = Number.POSITIVE_INFINITY;
    this.purges = this.purges.filter(({ call, requests, until }) => {
      const open = requests.filter((request) => !request.ended);
      if (open.length === 0) {
        this.toMain.post({ type: 'purged', call });
        return false;
      }
      if (now < until) {
        wake = Math.min(wake, until);
        return true;
      }
      for (const { producer, connection } of this.brokers.values())
        if (open.some((request) => producer.calls.has(request)))
          connection.disconnect(E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, 'purged while being written');
      return true;
    });
    return wake;
  }

  leaderStale(topic: string, partition: number, broker: number, err: number): void {
    this.toMain.post({ type: 'leader_stale', topic, partition, broker, err });
  }

  brokerUp(broker: Broker): void {
    this.toMain.post({ type: 'broker_state', broker: broker.id, up: true, at: this.clock.now(), err: 0, text: '' });
  }

  brokerDown(broker: Broker, err: number, text: string): void {
    this.toMain.post({ type: 'broker_state', broker: broker.id, up: false, at: this.clock.now(), err, text });
  }

  // ---- the end

  /** The app thread is gone: what it left is finished by main's orders; nobody reads our reports. */
  private appGone(): void {
    this.loop.soon();
  }

  /** Main died: the app gives each batch its verdict, so what ends here with our sockets is not reported. */
  private mainGone(): void {
    if (!this.closing) for (const { producer } of this.brokers.values()) producer.abandoned = true;
    this.finish();
  }

  private close(): void {
    if (this.closing) return;
    this.closing = true;
    const closed = [...this.brokers.values()].map((broker) => broker.connection.close());
    void Promise.all(closed).then(() => this.finish());
  }

  private finish(): void {
    this.loop.remove(this);
    for (const broker of this.brokers.values()) void broker.connection.close();
    if (!this.fromMain.closed) this.toMain.post({ type: 'closed' });
    this.fromApp.close();
    this.fromMain.close();
    this.onClosed(this);
  }
}

function isProduce(request: WireRequest): boolean {
  return request.name === 'Produce';
}
