// memory.md, part 1, 5: workers join handles while the app (the product's Handle) and main (its BrokerWorkers) both
// make pages and publish ids in them. A reader that meets an id finds its page in the port of its creator, always.

import type { MessagePort, Worker } from 'node:worker_threads';
import { Handle } from '../../../src/app/handle.ts';
import { AppThread } from '../../../src/app/thread.ts';
import { Conf } from '../../../src/conf/conf.ts';
import { finalize } from '../../../src/conf/finalize.ts';
import type { Settings } from '../../../src/conf/settings_type.ts';
import { BrokerWorkers, type Family, type FamilyWorker } from '../../../src/main/workers.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { Channel } from '../../../src/ops/channel.ts';
import { blockId, FIRST_APP_SLOT, MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import type { AppToMainOp, JoinHandleOp, MainToAppOp, PageOp, RootOp } from '../../../src/ops/ops.ts';
import { BELL, ring, type ThreadPage } from '../../../src/ops/thread_page.ts';
import {
  busy,
  finish,
  type ModelStart,
  newPage,
  Problems,
  pair,
  Random,
  readAll,
  readOne,
  runRole,
  startOf,
  startRole,
  timeLeft,
  viewPage,
} from './kit.ts';

const HOSTS = 3;
const BOX = 1024;
const ALIVE = 4;
/** Blocks a page of batches. */
const PER_PAGE = 512;

// A mailbox per writer and worker index, 2 + BOX words: written, read, ids. Behind them: the newest worker, its end.
const boxOf = (writer: 0 | 1, worker: number): number => (writer * (HOSTS + 1) + worker) * (BOX + 2);
const NEWEST = 2 * (HOSTS + 1) * (BOX + 2);
const ENDED = NEWEST + 1;
const BOX_WORDS = NEWEST + 2;

/** Sums of all hosts. */
const CHECKED = 0;
const MISSING = 1;
const WRONG = 2;
const UNKNOWN = 3;

interface MainStart extends ModelStart {
  readonly app: MessagePort;
  readonly roots: readonly MessagePort[];
  readonly hostPages: readonly SharedArrayBuffer[];
  readonly mainPage: SharedArrayBuffer;
  readonly appPage: SharedArrayBuffer;
  readonly settings: Settings;
}

interface HostStart extends ModelStart {
  readonly root: MessagePort;
  readonly page: SharedArrayBuffer;
  readonly sums: Int32Array;
}

interface OpenOp {
  readonly type: 'open';
  readonly handle: number;
  readonly head: SharedArrayBuffer;
  readonly boxes: SharedArrayBuffer;
  readonly port: MessagePort;
}

function post(boxes: Int32Array, writer: 0 | 1, worker: number, id: number): boolean {
  const box = boxOf(writer, worker);
  const written = Atomics.load(boxes, box);
  if (written - Atomics.load(boxes, box + 1) >= BOX) return false;
  boxes[box + 2 + (written % BOX)] = id;
  Atomics.store(boxes, box, written + 1);
  return true;
}

// ---- app

interface Open {
  readonly rk: Handle;
  readonly boxes: Int32Array;
  readonly pages: number[];
  readonly mainPort: MessagePort;
  left: number;
}

function runApp(start: ModelStart): void {
  const random = new Random(start.seed);
  const thread = new AppThread();
  const finished = finalize(new Conf(), 'producer');
  if ('errstr' in finished) throw new Error(finished.errstr);
  const main = newPage();
  const hosts = Array.from({ length: HOSTS }, newPage);
  const sums = new Int32Array(new SharedArrayBuffer(64));
  const appPage = thread.page.buffer as unknown as SharedArrayBuffer;
  const [toMain, app] = pair();
  const roots = hosts.map(({ memory }, i) => {
    const [mine, root] = pair();
    startRole('host', start, { root, page: memory, sums, seed: start.seed + i }, [root]);
    return mine;
  });
  const more: Omit<MainStart, keyof ModelStart> = {
    app,
    roots,
    hostPages: hosts.map(({ memory }) => memory),
    mainPage: main.memory,
    appPage,
    settings: finished.settings,
  };
  startRole('main', start, more, [app, ...roots]);
  let handles = 0;
  let pages = 0;
  const open = (): Open => {
    const rk = new Handle(thread, {
      id: ++handles,
      name: 'model',
      producer: true,
      settings: finished.settings,
      topicSettings: finished.topic,
      topicCallbacks: finished.topicCallbacks,
      callbacks: finished.callbacks,
      conf: finished.conf,
      workerUrl: null,
    });
    const [mine, theirs] = pair();
    const reader = thread.reader<MainToAppOp>(
      mine,
      (op) => rk.routeMain(op),
      () => {},
    );
    rk.attach({ page: main.page } as never, new Channel<AppToMainOp>(mine, main.page), reader);
    const boxes = new SharedArrayBuffer(4 * BOX_WORDS);
    const op: OpenOp = {
      type: 'open',
      handle: rk.id,
      head: rk.memory.head.buffer as unknown as SharedArrayBuffer,
      boxes,
      port: theirs,
    };
    toMain.postMessage(op, [theirs]);
    ring(main.page);
    return { rk, boxes: new Int32Array(boxes), pages: [], mainPort: mine, left: 15 + random.below(20) };
  };
  const makePage = (each: Open): void => {
    // The last block of a page is given out first when the pool has to grow.
    const id = each.rk.writer!.blocks.take();
    for (let i = 1; i < PER_PAGE; i++) each.rk.writer!.blocks.take();
    each.pages.push(id >>> 10);
    pages++;
  };
  const publish = (each: Open): void => {
    const { rk, boxes } = each;
    const page = each.pages[random.below(4) === 0 ? random.below(each.pages.length) : each.pages.length - 1]!;
    const id = blockId(FIRST_APP_SLOT, page & 0x1ffff, random.below(PER_PAGE));
    Atomics.store(rk.memory.page(id).words, (id & 1023) * 32, id);
    const worker = Atomics.load(boxes, NEWEST);
    if (worker === 0 || !post(boxes, 1, worker, id)) return;
    ring(hosts[worker - 1]!.page);
  };
  const alive = Array.from({ length: ALIVE }, open);
  const goesOn = timeLeft(start, () => pages * Atomics.load(sums, CHECKED) * Atomics.load(sums, UNKNOWN) > 0);
  while (goesOn()) {
    const at = random.below(ALIVE);
    const each = alive[at]!;
    if (each.pages.length === 0 || random.chance(3)) makePage(each);
    for (let i = 0; i < 3; i++) publish(each);
    if (--each.left <= 0) {
      Atomics.store(each.boxes, ENDED, 1);
      each.rk.detach();
      alive[at] = open();
    }
    const what = random.below(8);
    if (what === 0) busy(random.below(40) / 1000);
    else if (what === 1 && random.chance(20))
      Atomics.wait(thread.page, BELL, Atomics.load(thread.page, BELL), random.below(3));
    if (random.chance(4)) Atomics.wait(sums, 15, 0, 0.2);
  }
  Atomics.wait(sums, 15, 0, 300);
  const problems = new Problems();
  finish(
    start,
    {
      handles,
      pages,
      checked: Atomics.load(sums, CHECKED),
      fromPort: Atomics.load(sums, UNKNOWN),
      MISSING: Atomics.load(sums, MISSING),
      WRONG: Atomics.load(sums, WRONG),
    },
    problems,
  );
}

// ---- main

class MainSide {
  readonly memory: HandleMemory;
  readonly boxes: Int32Array;
  readonly workers: BrokerWorkers;
  readonly blocks: BlockPool;
  private readonly port: MessagePort;
  private readonly random: Random;
  private readonly pages: readonly ThreadPage[];
  private joined = 0;
  private at: number;

  constructor(
    op: OpenOp,
    start: MainStart,
    random: Random,
    pages: readonly ThreadPage[],
    hosts: readonly FamilyWorker[],
  ) {
    this.random = random;
    this.pages = pages;
    this.port = op.port;
    this.boxes = new Int32Array(op.boxes);
    this.memory = new HandleMemory(new Int32Array(op.head));
    this.memory.readPort = (creator) =>
      creator !== MAIN && readOne<AppToMainOp>(this.port, (message) => this.route(message));
    this.at = performance.now() + random.below(800) / 1000;
    const toApp = new Channel<MainToAppOp>(op.port, viewPage(start.appPage));
    this.workers = new BrokerWorkers({
      handle: op.handle,
      name: 'model',
      producer: true,
      settings: start.settings,
      memory: this.memory,
      family: { place: () => hosts[this.joined]!, release: () => {} } as unknown as Family,
      appPage: viewPage(start.appPage),
      mainPage: viewPage(start.mainPage),
      maxWorkers: 100,
      debug: 0,
      throttle: false,
      startedAt: 0,
      toApp: (message, transfer) => toApp.post(message, transfer),
      drainApp: () => void readAll<AppToMainOp>(this.port, (message) => this.route(message)),
      route: () => {},
      woken: () => {},
      died: () => {},
      node: (id) => ({ id, host: '127.0.0.1', port: 1 }) as never,
      identity: () => null,
    });
    this.blocks = new BlockPool(this.memory, MAIN, new PageNumbers(), (number, memory) => {
      const page: PageOp = { type: 'page', creator: MAIN, number, memory };
      toApp.postQuietly(page);
      this.workers.announce(page);
    });
  }

  route(op: AppToMainOp): void {
    if (op.type === 'page') this.memory.addPage(op.creator, op.number, op.memory);
  }

  /** False once the app has ended the handle. */
  serve(now: number): boolean {
    if (Atomics.load(this.boxes, ENDED) !== 0) {
      this.port.close();
      for (const worker of this.workers.all) worker.reader.close();
      return false;
    }
    if (this.random.chance(2)) readAll<AppToMainOp>(this.port, (message) => this.route(message));
    if (this.joined < HOSTS && now >= this.at) {
      this.at = now + this.random.below(800) / 1000;
      this.workers.ensure(this.joined);
      this.joined++;
      Atomics.store(this.boxes, NEWEST, this.joined);
    }
    if (this.joined > 0 && this.random.chance(4)) {
      const id = this.blocks.take();
      for (let i = 1; i < 1024; i++) this.blocks.take();
      Atomics.store(this.memory.page(id).words, (id & 1023) * 32, id);
      if (post(this.boxes, 0, this.joined, id)) ring(this.pages[this.joined - 1]!);
    }
    return true;
  }
}

function runMain(start: MainStart): void {
  const random = new Random(start.seed);
  const own = viewPage(start.mainPage);
  const pages = start.hostPages.map(viewPage);
  const hosts: FamilyWorker[] = pages.map((page, i) => ({
    worker: null as unknown as Worker,
    root: new Channel<RootOp>(start.roots[i]!, page),
    page,
    brokers: 0,
    handles: 0,
    dead: false,
  }));
  const sides = new Set<MainSide>();
  for (;;) {
    const seen = Atomics.load(own, BELL);
    readAll<OpenOp>(start.app, (op) => {
      sides.add(new MainSide(op, start, random, pages, hosts));
      // The boxes go to the hosts outside of the product's ops.
      for (const [i, root] of start.roots.entries()) {
        root.postMessage({ type: 'boxes', handle: op.handle, boxes: op.boxes });
        ring(pages[i]!);
      }
    });
    for (const side of sides) if (!side.serve(performance.now())) sides.delete(side);
    Atomics.wait(own, BELL, seen, 0.3);
  }
}

// ---- a host of handles

function runHost(start: HostStart): void {
  const own = viewPage(start.page);
  const boxes = new Map<number, Int32Array>();
  const hosted = new Map<number, { op: JoinHandleOp; memory: HandleMemory; boxes: Int32Array }>();
  const sum = (which: number) => void Atomics.add(start.sums, which, 1);
  const join = (op: JoinHandleOp) => {
    const memory = new HandleMemory(new Int32Array(op.head));
    const add = (page: PageOp) => {
      if (page.type === 'page') memory.addPage(page.creator, page.number, page.memory);
      else if (page.type === 'slab') memory.addSlab(page.creator, page.number, page.memory);
    };
    for (const page of op.pages) add(page);
    memory.readPort = (creator) => {
      sum(UNKNOWN);
      return readOne<PageOp>(creator === MAIN ? op.mainPort : op.appPort, add);
    };
    hosted.set(op.handle, { op, memory, boxes: boxes.get(op.handle)! });
  };
  const check = (memory: HandleMemory, id: number) => {
    sum(CHECKED);
    try {
      if (Atomics.load(memory.page(id).words, (id & 1023) * 32) !== id) sum(WRONG);
    } catch {
      sum(MISSING);
    }
  };
  for (;;) {
    const seen = Atomics.load(own, BELL);
    readAll<RootOp | { type: 'boxes'; handle: number; boxes: SharedArrayBuffer }>(start.root, (op) => {
      if (op.type === 'boxes') boxes.set(op.handle, new Int32Array(op.boxes));
      else if (op.type === 'join_handle') join(op);
    });
    for (const [handle, each] of hosted) {
      if (Atomics.load(each.boxes, ENDED) !== 0) {
        each.op.appPort.close();
        each.op.mainPort.close();
        hosted.delete(handle);
        boxes.delete(handle);
        continue;
      }
      for (const writer of [0, 1] as const) {
        const box = boxOf(writer, each.op.worker);
        const written = Atomics.load(each.boxes, box);
        let read = Atomics.load(each.boxes, box + 1);
        while (read < written && Atomics.load(each.boxes, ENDED) === 0)
          check(each.memory, each.boxes[box + 2 + (read++ % BOX)]!);
        Atomics.store(each.boxes, box + 1, read);
      }
    }
    Atomics.wait(own, BELL, seen, 5);
  }
}

const start = startOf<ModelStart>();
runRole(() => {
  if (start.role === 'app') runApp(start);
  else if (start.role === 'main') runMain(start as MainStart);
  else runHost(start as HostStart);
});
