// memory.md, part 1, 0-5: an app thread writes chained batches, two owners seal and report them whenever they like,
// and partitions move between the two through a third thread ("main") while all that goes on.
//
// Each record is [words, sequence, partition, ..., sequence again]. Nothing may be lost, doubled, out of order, leaked.

import type { MessagePort } from 'node:worker_threads';
import { Partition } from '../../../src/broker/partition.ts';
import { isSealedBatch, pieces, report, sealTaken, type TakenBatch } from '../../../src/ops/batch_owner.ts';
import { BatchWalk, takeReports } from '../../../src/ops/batch_reader.ts';
import { BatchPool, BatchWriter, type OpenBatch } from '../../../src/ops/batch_writer.ts';
import { BATCH_WORDS, FIRST_ID, GEN, LINK, MAX_TIMESTAMP_0, NUMBER, SEALED, TAIL } from '../../../src/ops/batches.ts';
import { waitBell } from '../../../src/ops/bell.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { ExtentPool } from '../../../src/ops/extents.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { FIRST_APP_SLOT, indexOf } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import type { JoinPartitionOp, LeftPartitionOp, PageOp } from '../../../src/ops/ops.ts';
import { HEAD, initPartition, OWNER, PARTITION_WORDS, ready, takeReady } from '../../../src/ops/partitions.ts';
import { push } from '../../../src/ops/stacks.ts';
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

const PARTITIONS = 8;
const MAX_RECORDS = 3000;
const OWNERS = [1, 2] as const;
/** What a bell was rung for comes at once, what a ring was lost for only after SLEEP_MS. */
const PATIENCE_MS = 30_000;
const SLEEP_MS = 600_000;

interface OwnerStart extends ModelStart {
  readonly me: number;
  readonly head: SharedArrayBuffer;
  readonly appPage: SharedArrayBuffer;
  readonly ownPage: SharedArrayBuffer;
  readonly otherPage: SharedArrayBuffer;
  readonly fromApp: MessagePort;
  readonly toMover: MessagePort;
  readonly blocks: readonly number[];
  readonly stop: Int32Array;
  readonly bad: Int32Array;
}

interface MoverStart extends ModelStart {
  readonly pages: readonly SharedArrayBuffer[];
  readonly owners: readonly MessagePort[];
  readonly blocks: readonly number[];
  readonly stop: Int32Array;
  readonly moves: Int32Array;
}

type MoverOp = JoinPartitionOp | { readonly type: 'leave'; readonly block: number };

const SETTINGS = {
  'request.required.acks': -1,
  'request.timeout.ms': 1000,
  'message.timeout.ms': 0,
  'compression.codec': 0,
  'compression.level': 0,
} as unknown as JoinPartitionOp['settings'];

function joinOp(
  block: number,
  number: number,
  state: Pick<LeftPartitionOp, 'fifo' | 'nextNumber' | 'nextId' | 'sequence'>,
): JoinPartitionOp {
  return { ...state, type: 'join', block, topic: 't', partition: number, broker: 1, settings: SETTINGS };
}

// ---- the app thread

class App {
  readonly start: ModelStart;
  readonly random: Random;
  readonly problems = new Problems();
  readonly memory = new HandleMemory(newHeadPage());
  readonly page = newPage();
  readonly ownerPages = [newPage(), newPage()];
  readonly ports: MessagePort[] = [];
  readonly writer: BatchWriter;
  readonly blocks: number[] = [];
  readonly open: (OpenBatch | null)[] = [];
  readonly live = new Map<number, number>();
  readonly next: number[] = [];
  readonly seen: number[] = [];
  readonly numbers: number[] = [];
  readonly counts = {
    records: 0,
    served: 0,
    batches: 0,
    lostAppends: 0,
    full: 0,
    chained: 0,
    oversize: 0,
    quiet: 0,
    HUNG: 0,
  };
  readonly ringWorker: (worker: number) => void;

  constructor(start: ModelStart) {
    this.start = start;
    this.random = new Random(start.seed);
    const numbers = new PageNumbers();
    const announce = (type: 'page' | 'slab') => (number: number, memory: SharedArrayBuffer) => {
      for (const port of this.ports)
        port.postMessage({ type, creator: FIRST_APP_SLOT, number, memory } satisfies PageOp);
    };
    const pool = new BatchPool(this.memory, FIRST_APP_SLOT, numbers, announce('page'));
    // The owners are not told of slabs that are dropped, and never answer: no number comes to stand for other memory.
    const dropped = () => OWNERS.length;
    const extents = new ExtentPool(this.memory, FIRST_APP_SLOT, 12 << 20, announce('slab'), dropped);
    this.writer = new BatchWriter(this.memory, pool, extents, FIRST_APP_SLOT);
    const partitions = new BlockPool(this.memory, FIRST_APP_SLOT, numbers, announce('page'));
    this.ringWorker = (worker) => ring(this.ownerPages[worker - 1]!.page);
    for (let p = 0; p < PARTITIONS; p++) {
      const block = partitions.take();
      initPartition(this.memory.page(block).words, indexOf(block) * PARTITION_WORDS, OWNERS[p & 1]!, 0);
      this.blocks.push(block);
      this.open.push(null);
      this.next.push(0);
      this.seen.push(0);
      this.numbers.push(0);
    }
  }

  size(): number {
    // Early, too, while the pool still grows: later the cap leaves no room for a slab of its own.
    if (this.random.chance(this.counts.records < 1000 ? 200 : 20_000))
      return (this.random.below(2) === 0 ? 1_200_000 : 300_000) >> 2;
    if (this.random.chance(500)) return 5000 + this.random.below(5000);
    return 4 + this.random.below(30);
  }

  /** False: the memory is used up. */
  produce(p: number): boolean {
    const words = this.size();
    const block = this.blocks[p]!;
    const part = this.memory.page(block).words;
    const base = indexOf(block) * PARTITION_WORDS;
    for (;;) {
      let open = this.open[p] ?? null;
      if (open !== null && open.count >= MAX_RECORDS) {
        this.sealOpen(p);
        open = null;
      }
      if (open === null) {
        open = this.writer.open(p, 0, this.next[p]!, words * 4);
        if (open === null) return false;
        if (this.live.has(open.id)) this.problems.add(`block ${open.id} given out while in use`);
        this.live.set(open.id, p);
        this.open[p] = open;
      } else {
        const before = open.extent;
        if (!this.writer.room(open, words * 4)) {
          this.sealOpen(p);
          return false;
        }
        if (open.extent !== before) this.counts.chained++;
      }
      const sequence = this.next[p]!;
      const at = open.at >> 2;
      const ints = open.slab.ints;
      ints[at] = words;
      ints[at + 1] = sequence;
      ints[at + 2] = p ^ 0x5a5a;
      ints[at + words - 1] = sequence ^ 0x33;
      if (!this.writer.publish(open, open.at + words * 4, sequence)) {
        this.counts.lostAppends++;
        this.open[p] = null;
        continue;
      }
      this.next[p] = sequence + 1;
      this.counts.records++;
      if (words > 1 << 18) this.counts.oversize++;
      if (!open.pushed) {
        push(part, base + HEAD, open.id, open.words, open.base + LINK);
        open.pushed = true;
        ready(this.memory, block, part, base, this.ringWorker);
      }
      return true;
    }
  }

  sealOpen(p: number): void {
    const open = this.open[p]!;
    Atomics.or(open.words, open.base + TAIL, SEALED);
    this.open[p] = null;
    const block = this.blocks[p]!;
    ready(this.memory, block, this.memory.page(block).words, indexOf(block) * PARTITION_WORDS, this.ringWorker);
  }

  poll(): number {
    const ids = takeReports(this.memory, FIRST_APP_SLOT);
    for (const id of ids) this.serve(id);
    return ids.length;
  }

  serve(id: number): void {
    const { problems } = this;
    const p = this.live.get(id);
    if (p === undefined) {
      problems.add(`report of batch ${id}, which is not live`);
      return;
    }
    const { words, doubles } = this.memory.page(id);
    const base = indexOf(id) * BATCH_WORDS;
    if (Atomics.load(words, base + TAIL) >= 0) problems.add('report of a batch that is not sealed');
    if (Atomics.load(words, base + GEN) >= 0) problems.add('report of a batch whose generation is positive');
    if (words[base + NUMBER] !== this.numbers[p])
      problems.add(`number ${words[base + NUMBER]}, not ${this.numbers[p]}`);
    if (doubles[(base >> 1) + FIRST_ID] !== this.seen[p]! + 1) problems.add('first id');
    this.numbers[p]!++;
    const walk = new BatchWalk(this.memory, id);
    let count = 0;
    while (walk.at < walk.end || walk.nextPiece()) {
      const ints = walk.slab!.ints;
      const at = walk.at >> 2;
      const length = ints[at]!;
      const expected = this.seen[p]!;
      if (ints[at + 1] !== expected || ints[at + 2] !== (p ^ 0x5a5a) || ints[at + length - 1] !== (expected ^ 0x33))
        problems.add(`partition ${p}: record ${ints[at + 1]} where ${expected} should be`);
      if (length < 4) {
        problems.add('record without length');
        return;
      }
      walk.at += length * 4;
      this.seen[p] = expected + 1;
      count++;
    }
    if (count !== walk.count) problems.add(`${count} records in a batch of ${walk.count}`);
    if (doubles[(base >> 1) + MAX_TIMESTAMP_0 + (count & 1)] !== this.seen[p]! - 1) problems.add('max timestamp');
    this.counts.served += count;
    this.counts.batches++;
    this.live.delete(id);
    if (this.open[p]?.id === id) this.open[p] = null;
    this.writer.free(id);
  }

  /** Nobody produces, rings or moves: whatever was pushed has to come back by the bells that were rung for it. */
  quiesce(pause: Int32Array): void {
    Atomics.store(pause, 2, 1);
    const patience = performance.now() + PATIENCE_MS;
    while (this.counts.served < this.counts.records && performance.now() < patience) this.pollOrWait(20);
    this.counts.quiet++;
    if (this.counts.served < this.counts.records) {
      this.counts.HUNG++;
      this.problems.add('a batch was pushed, and no owner looked');
      for (const block of this.blocks)
        ready(this.memory, block, this.memory.page(block).words, indexOf(block) * PARTITION_WORDS, this.ringWorker);
    }
    Atomics.store(pause, 2, 0);
  }

  pollOrWait(ms: number): void {
    const seen = Atomics.load(this.page.page, BELL);
    if (this.poll() === 0) waitBell(this.page.page, seen, ms);
  }
}

function runApp(start: ModelStart): void {
  const app = new App(start);
  const { random } = app;
  const shared = () => new Int32Array(new SharedArrayBuffer(64));
  const stop = shared();
  const bad = shared();
  const moves = shared();
  const moverPorts: MessagePort[] = [];
  for (const me of OWNERS) {
    const [mine, theirs] = pair();
    const [mover, toMover] = pair();
    app.ports.push(mine);
    moverPorts.push(mover);
    for (const [number, page] of app.memory.pages[FIRST_APP_SLOT]!.entries())
      mine.postMessage({ type: 'page', creator: FIRST_APP_SLOT, number, memory: page.memory });
    const more: Omit<OwnerStart, keyof ModelStart> = {
      me,
      head: app.memory.head.buffer as unknown as SharedArrayBuffer,
      appPage: app.page.memory,
      ownPage: app.ownerPages[me - 1]!.memory,
      otherPage: app.ownerPages[2 - me]!.memory,
      fromApp: theirs,
      toMover,
      blocks: app.blocks,
      stop,
      bad,
    };
    startRole('owner', start, { ...more, seed: start.seed + me }, [theirs, toMover]);
  }
  startRole(
    'mover',
    start,
    { pages: app.ownerPages.map((each) => each.memory), owners: moverPorts, blocks: app.blocks, stop, moves },
    moverPorts,
  );
  const { counts } = app;
  const seen = () => counts.records * counts.lostAppends * counts.chained * Atomics.load(moves, 0) > 0;
  const goesOn = timeLeft(start, seen);
  while (goesOn() && app.problems.count < 100) {
    for (let i = random.below(500); i >= 0; i--)
      if (!app.produce(random.below(PARTITIONS))) {
        app.counts.full++;
        app.pollOrWait(20);
      }
    app.poll();
    if (random.chance(16)) app.pollOrWait(random.below(3));
    if (random.chance(64)) app.quiesce(stop);
  }
  Atomics.store(stop, 0, 1);
  for (let p = 0; p < PARTITIONS; p++) if (app.open[p] !== null) app.sealOpen(p);
  for (const { page } of app.ownerPages) ring(page);
  const patience = performance.now() + PATIENCE_MS;
  while (app.counts.served < app.counts.records && performance.now() < patience) app.pollOrWait(20);
  const { blocks, extents } = app.writer;
  finish(
    start,
    {
      ...app.counts,
      moves: Atomics.load(moves, 0),
      ownersBad: Atomics.load(bad, 0),
      LOST: app.counts.records - app.counts.served,
      LEAKED_BLOCKS: blocks.used,
      LEAKED_BYTES: extents.used,
    },
    app.problems,
  );
}

// ---- an owner

function runOwner(start: OwnerStart): void {
  const random = new Random(start.seed);
  const memory = new HandleMemory(new Int32Array(start.head));
  const own = viewPage(start.ownPage);
  const app = viewPage(start.appPage);
  const other = viewPage(start.otherPage);
  const addPage = (op: PageOp) => {
    if (op.type === 'page') memory.addPage(op.creator, op.number, op.memory);
    else memory.addSlab(op.creator, op.number, op.memory);
  };
  memory.readPort = () => readOne<PageOp>(start.fromApp, addPage);
  const parts = new Map<number, Partition>();
  const inflight: { part: Partition; batch: TakenBatch; until: number }[] = [];
  const bad = () => void Atomics.add(start.bad, 0, 1);
  const join = (op: JoinPartitionOp) => {
    if (parts.has(op.block)) bad();
    const part = new Partition(op, memory, false);
    parts.set(op.block, part);
    part.join(memory, start.me);
  };
  start.blocks.forEach((block, p) => {
    if (OWNERS[p & 1] === start.me) join(joinOp(block, p, { fifo: [], nextNumber: 0, nextId: 1, sequence: null }));
  });
  const leaveIfSettled = (part: Partition) => {
    if (!part.leaving || part.inflight > 0) return;
    parts.delete(part.block);
    start.toMover.postMessage(part.left());
  };
  const routeMover = (op: MoverOp) => {
    if (op.type === 'join') return join(op);
    const part = parts.get(op.block);
    if (part === undefined || part.leaving) return;
    part.leave(memory);
    leaveIfSettled(part);
  };
  const sealIt = (part: Partition, batch: TakenBatch): void => {
    if (batch.count >= 0) return;
    if (!sealTaken(memory, batch, part.nextNumber, part.nextId)) bad();
    part.nextNumber++;
    part.nextId += batch.count;
    const views: Uint8Array[] = [];
    pieces(memory, batch, views);
    let bytes = 0;
    for (const view of views) bytes += view.length;
    if (bytes !== batch.bytes || batch.count === 0) bad();
  };
  const reportIt = (batch: TakenBatch) => {
    if (!report(memory, batch, start.me, { error: 0, status: 2, broker: 1, baseOffset: 0, appendTime: -1 })) bad();
    ring(app);
  };
  /** One request a partition: sent, then answered or put back for another try. */
  const sendFrom = (part: Partition, stop: boolean): boolean => {
    while (part.fifo.length > 0 && part.inflight === 0 && !part.leaving) {
      const batch = part.fifo[0]!;
      const may = part.fifo.length > 1 || isSealedBatch(batch) || stop || random.chance(3);
      if (!may) return true;
      part.fifo.shift();
      sealIt(part, batch);
      if (random.chance(8) && !stop) {
        part.inflight++;
        inflight.push({ part, batch, until: performance.now() + random.below(3) });
      } else reportIt(batch);
    }
    return false;
  };
  const answer = (now: number) => {
    for (let i = inflight.length - 1; i >= 0; i--) {
      const { part, batch, until } = inflight[i]!;
      if (now < until) continue;
      inflight.splice(i, 1);
      part.inflight--;
      if (random.chance(2)) part.putBack(batch);
      else reportIt(batch);
      leaveIfSettled(part);
    }
  };
  const readyIds: number[] = [];
  for (;;) {
    const seen = Atomics.load(own, BELL);
    readAll<MoverOp>(start.toMover, routeMover);
    const stop = Atomics.load(start.stop, 0) !== 0;
    for (const id of takeReady(memory, start.me, readyIds)) {
      const words = memory.page(id).words;
      const base = indexOf(id) * PARTITION_WORDS;
      if (Atomics.load(words, base + OWNER) !== start.me) ready(memory, id, words, base, () => ring(other));
      else parts.get(id)?.take(memory);
    }
    answer(performance.now());
    let again = false;
    for (const part of parts.values()) if (sendFrom(part, stop)) again = true;
    waitBell(own, seen, again || inflight.length > 0 ? 1 : SLEEP_MS);
  }
}

// ---- the thread that moves partitions

function runMover(start: MoverStart): void {
  const random = new Random(start.seed);
  const pages: ThreadPage[] = start.pages.map(viewPage);
  const at = start.blocks.map((_, p) => p & 1);
  const moving = start.blocks.map(() => false);
  const late: { to: number; op: JoinPartitionOp; when: number }[] = [];
  const post = (to: number, op: MoverOp) => {
    start.owners[to]!.postMessage(op);
    ring(pages[to]!);
  };
  for (;;) {
    for (const [from, port] of start.owners.entries())
      readAll<LeftPartitionOp>(port, (op) => {
        const p = start.blocks.indexOf(op.block);
        at[p] = 1 - from;
        late.push({ to: 1 - from, op: joinOp(op.block, p, op), when: performance.now() + random.below(3) });
      });
    for (let i = late.length - 1; i >= 0; i--) {
      const { to, op, when } = late[i]!;
      if (performance.now() < when) continue;
      late.splice(i, 1);
      moving[op.partition] = false;
      Atomics.add(start.moves, 0, 1);
      post(to, op);
    }
    const p = random.below(PARTITIONS);
    if (!moving[p] && Atomics.load(start.stop, 0) + Atomics.load(start.stop, 2) === 0 && random.chance(2)) {
      moving[p] = true;
      post(at[p]!, { type: 'leave', block: start.blocks[p]! });
    }
    if (random.chance(4)) busy(random.below(100) / 1000);
    Atomics.wait(start.stop, 1, 0, 1);
  }
}

const start = startOf<ModelStart>();
runRole(() => {
  if (start.role === 'app') runApp(start);
  else if (start.role === 'owner') runOwner(start as OwnerStart);
  else runMover(start as MoverStart);
});
