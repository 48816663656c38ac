// The I/O workers of a handle: started at a broker's first produce or fetch, shared when there are enough.
// @thread main: workers are children of their main, shared by its handles

import { MessageChannel, type Worker } from 'node:worker_threads';
import type { Settings } from '../conf/settings_type.ts';
import { Channel } from '../ops/channel.ts';
import { MAX_WORKERS, WORKERS } from '../ops/head_page.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type {
  AdoptOp,
  BrokerToMainOp,
  DropSlabsOp,
  MainToAppOp,
  MainToBrokerOp,
  PageOp,
  ProducerId,
  RootOp,
} from '../ops/ops.ts';
import { placeBroker } from '../ops/placing.ts';
import { PortReader } from '../ops/port_reader.ts';
import { startWorker, type WorkerCode } from '../ops/spawn.ts';
import { type ThreadPage, threadPage, WORKERS_OF_APP } from '../ops/thread_page.ts';
import type { Node } from './brokers.ts';

/** One broker worker of this main, whatever handles it hosts. */
export interface FamilyWorker {
  /** null: the app started it. */
  readonly worker: Worker | null;
  readonly root: Channel<RootOp>;
  readonly page: ThreadPage;
  brokers: number;
  handles: number;
  dead: boolean;
}

/** A broker worker as one handle sees it. */
export interface HandleWorker {
  readonly index: number;
  readonly family: FamilyWorker;
  readonly channel: Channel<MainToBrokerOp>;
  readonly reader: PortReader<BrokerToMainOp>;
  readonly brokers: Set<number>;
  closed: boolean;
}

/** The broker workers that a main has started, for all its handles. */
export class Family {
  readonly workers: FamilyWorker[];
  private readonly code: WorkerCode;
  private readonly page: ThreadPage;

  constructor(code: WorkerCode, page: ThreadPage) {
    this.workers = [];
    this.code = code;
    this.page = page;
  }

  /** A worker for one more broker: a new one while the app thread may have more, else the one with fewest brokers. */
  place(appPage: ThreadPage, maxWorkers: number): FamilyWorker {
    const alive = this.workers.filter((each) => !each.dead);
    const shared = placeBroker(alive, Atomics.load(appPage, WORKERS_OF_APP), maxWorkers);
    return shared ?? this.start(appPage);
  }

  /** The first one, which the app has started: it is gone when its port closes. */
  adopt(op: AdoptOp): void {
    const page = threadPage(op.page);
    const adopted: FamilyWorker = {
      worker: null,
      root: new Channel(op.root, page),
      page,
      brokers: 0,
      handles: 0,
      dead: false,
    };
    op.root.on('message', () => {});
    op.root.on('close', () => this.gone(adopted));
    this.workers.push(adopted);
  }

  private gone(worker: FamilyWorker): void {
    worker.dead = true;
    const at = this.workers.indexOf(worker);
    if (at >= 0) this.workers.splice(at, 1);
  }

  private start(appPage: ThreadPage): FamilyWorker {
    // Counted here too: who ends this thread takes these off, as it tells nobody of their exits any more.
    const { worker, root, page } = startWorker('broker', this.code, this.page, [appPage, this.page]);
    const started: FamilyWorker = { worker, root: new Channel(root, page), page, brokers: 0, handles: 0, dead: false };
    worker.on('exit', () => this.gone(started));
    this.workers.push(started);
    return started;
  }

  /** A handle has left it: the last one ends it. */
  release(worker: FamilyWorker): void {
    if (--worker.handles > 0 || worker.dead) return;
    worker.dead = true;
    worker.root.port.close();
    if (worker.worker === null) this.gone(worker);
    else void worker.worker.terminate();
  }
}

export interface WorkersEnv {
  readonly handle: number;
  readonly name: string;
  readonly producer: boolean;
  readonly settings: Settings;
  readonly memory: HandleMemory;
  readonly family: Family;
  readonly appPage: ThreadPage;
  readonly mainPage: ThreadPage;
  readonly maxWorkers: number;
  readonly debug: number;
  readonly throttle: boolean;
  readonly startedAt: number;
  toApp(op: MainToAppOp, transfer?: any[]): void;
  /** Reads the app's port empty, so that a new worker is given every page that was posted before it was counted. */
  drainApp(): void;
  route(worker: HandleWorker, op: BrokerToMainOp): void;
  woken(): void;
  died(worker: HandleWorker): void;
  node(id: number): Node | undefined;
  /** Of an idempotent producer, once there is one. */
  identity(): ProducerId | null;
}

export class BrokerWorkers {
  readonly all: HandleWorker[];
  private readonly env: WorkersEnv;
  private readonly byBroker: Map<number, HandleWorker>;

  constructor(env: WorkersEnv) {
    this.all = [];
    this.env = env;
    this.byBroker = new Map();
  }

  of(broker: number): HandleWorker | null {
    return this.byBroker.get(broker) ?? null;
  }

  /** The worker of a broker, started if need be; null while the broker's address is not known. */
  ensure(broker: number): HandleWorker | null {
    const known = this.byBroker.get(broker);
    if (known !== undefined) return known;
    const node = this.env.node(broker);
    if (node === undefined) return null;
    const family = this.env.family.place(this.env.appPage, this.env.maxWorkers);
    const shared = this.all.find((each) => each.family === family && !each.closed);
    family.brokers++;
    const worker = shared ?? this.join(family, broker);
    worker.brokers.add(broker);
    this.byBroker.set(broker, worker);
    worker.channel.post({ type: 'broker', broker, host: node.host, port: node.port });
    return worker;
  }

  /** Brokers that changed their address, or are gone from metadata but still have partitions to hand over. */
  addressesChanged(): void {
    for (const [broker, worker] of this.byBroker) {
      const node = this.env.node(broker);
      if (node !== undefined) worker.channel.post({ type: 'broker', broker, host: node.host, port: node.port });
    }
  }

  release(worker: HandleWorker): void {
    worker.family.brokers -= worker.brokers.size;
    this.env.family.release(worker.family);
  }

  /** Gives how many were told. */
  announce(op: PageOp | DropSlabsOp): number {
    for (const worker of this.all) worker.channel.postQuietly(op);
    return this.all.length;
  }

  tell(op: MainToBrokerOp): void {
    for (const worker of this.all) worker.channel.post(op);
  }

  ring(index: number): void {
    this.all.find((worker) => worker.index === index)?.channel.ring();
  }

  /** Order matters: see memory.md, part 1, 5. */
  private join(family: FamilyWorker, broker: number): HandleWorker {
    const { env } = this;
    const index = this.all.length + 1;
    if (index >= MAX_WORKERS) throw new Error(`a handle has at most ${MAX_WORKERS} workers`);
    const app = new MessageChannel();
    const main = new MessageChannel();
    env.toApp(
      { type: 'worker', worker: index, port: app.port1, page: family.page.buffer as unknown as SharedArrayBuffer },
      [app.port1],
    );
    Atomics.add(env.memory.head, WORKERS, 1);
    const worker: HandleWorker = {
      index,
      family,
      channel: new Channel(main.port1, family.page),
      reader: new PortReader<BrokerToMainOp>(
        main.port1,
        (op) => env.route(worker, op),
        env.woken,
        () => {
          worker.closed = true;
          env.died(worker);
        },
      ),
      brokers: new Set(),
      closed: false,
    };
    family.handles++;
    // Known before the app's port is read: what that routes may want this broker, or another one.
    this.all.push(worker);
    this.byBroker.set(broker, worker);
    env.drainApp();
    family.root.post(
      {
        type: 'join_handle',
        handle: env.handle,
        name: env.name,
        producer: env.producer,
        settings: env.settings,
        head: env.memory.head.buffer as unknown as SharedArrayBuffer,
        appPage: env.appPage.buffer as unknown as SharedArrayBuffer,
        mainPage: env.mainPage.buffer as unknown as SharedArrayBuffer,
        appPort: app.port2,
        mainPort: main.port2,
        worker: index,
        debug: env.debug,
        throttle: env.throttle,
        startedAt: env.startedAt,
        pages: this.pages(),
      },
      [app.port2, main.port2],
    );
    const identity = env.identity();
    if (identity !== null) worker.channel.post({ type: 'producer_id', ...identity });
    return worker;
  }

  private pages(): PageOp[] {
    const ops: PageOp[] = [];
    const { pages, slabs } = this.env.memory;
    for (let creator = 0; creator < pages.length; creator++) {
      pages[creator]!.forEach((page, number) => {
        ops.push({ type: 'page', creator, number, memory: page.memory });
      });
      slabs[creator]!.forEach((slab, number) => {
        ops.push({ type: 'slab', creator, number, memory: slab.memory });
      });
    }
    return ops;
  }
}
