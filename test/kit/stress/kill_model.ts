// memory.md, part 1, 8 and part 2, 1: an app thread is terminated in the middle of appending. Whoever owns its
// partitions finds every batch sealable and whole: nothing is locked, and no record that was accepted is missing.

import type { MessagePort, Worker } from 'node:worker_threads';
import { isSealedBatch, report, sealTaken, takeHead } from '../../../src/ops/batch_owner.ts';
import { BatchWalk } from '../../../src/ops/batch_reader.ts';
import { BatchPool, BatchWriter, type OpenBatch } from '../../../src/ops/batch_writer.ts';
import { LINK, SEALED, TAIL } from '../../../src/ops/batches.ts';
import { PageNumbers } from '../../../src/ops/block_pool.ts';
import { ExtentPool } from '../../../src/ops/extents.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { blockId, FIRST_APP_SLOT } from '../../../src/ops/ids.ts';
import { HandleMemory, PAGE_BYTES } from '../../../src/ops/memory.ts';
import type { PageOp } from '../../../src/ops/ops.ts';
import { HEAD, initPartition, PARTITION_WORDS, ready, takeReady } from '../../../src/ops/partitions.ts';
import { push } from '../../../src/ops/stacks.ts';
import { ring } from '../../../src/ops/thread_page.ts';
import {
  finish,
  type ModelStart,
  newPage,
  Problems,
  pair,
  Random,
  readOne,
  runRole,
  startOf,
  startRole,
  timeLeft,
  viewPage,
} from './kit.ts';

const PARTITIONS = 3;
const OWNER_INDEX = 1;
const BATCH_RECORDS = 500;
/** So much memory is written before the writer begins to wait to be killed. */
const RECORDS = 200_000;

interface VictimStart extends ModelStart {
  readonly head: SharedArrayBuffer;
  readonly blocksPage: SharedArrayBuffer;
  readonly ownerPage: SharedArrayBuffer;
  readonly toOwner: MessagePort;
  /** Per partition, how many records were accepted: raised behind each. Word 15: it runs. */
  readonly accepted: Int32Array;
}

const blockOf = (p: number): number => blockId(0, 0, p);

function runVictim(start: VictimStart): void {
  const random = new Random(start.seed);
  const memory = new HandleMemory(new Int32Array(start.head));
  const words = memory.addPage(0, 0, start.blocksPage).words;
  const owner = viewPage(start.ownerPage);
  const announce = (type: 'page' | 'slab') => (number: number, shared: SharedArrayBuffer) =>
    start.toOwner.postMessage({ type, creator: FIRST_APP_SLOT, number, memory: shared } satisfies PageOp);
  const pool = new BatchPool(memory, FIRST_APP_SLOT, new PageNumbers(), announce('page'));
  const writer = new BatchWriter(
    memory,
    pool,
    new ExtentPool(memory, FIRST_APP_SLOT, 256 << 20, announce('slab')),
    FIRST_APP_SLOT,
  );
  const open: (OpenBatch | null)[] = [null, null, null];
  const next = [0, 0, 0];
  const wake = () => ring(owner);
  for (let n = 0; n < RECORDS; n++) {
    const p = random.below(PARTITIONS);
    const length = 4 + random.below(40);
    const base = p * PARTITION_WORDS;
    for (;;) {
      let batch = open[p] ?? null;
      if (batch !== null && batch.count >= BATCH_RECORDS) {
        Atomics.or(batch.words, batch.base + TAIL, SEALED);
        ready(memory, blockOf(p), words, base, wake);
        batch = null;
      }
      if (batch === null) batch = open[p] = writer.open(p, 0, 0, length * 4)!;
      else writer.room(batch, length * 4);
      const at = batch.at >> 2;
      const ints = batch.slab.ints;
      ints[at] = length;
      ints[at + 1] = next[p]!;
      for (let i = 2; i < length; i++) ints[at + i] = next[p]! ^ i;
      if (!writer.publish(batch, batch.at + length * 4, next[p]!)) {
        open[p] = null;
        continue;
      }
      if (!batch.pushed) {
        push(words, base + HEAD, batch.id, batch.words, batch.base + LINK);
        batch.pushed = true;
        ready(memory, blockOf(p), words, base, wake);
      }
      break;
    }
    Atomics.store(start.accepted, p, ++next[p]!);
    Atomics.store(start.accepted, 15, 1);
  }
  Atomics.wait(start.accepted, 14, 0);
}

interface Round {
  readonly memory: HandleMemory;
  readonly accepted: Int32Array;
  readonly port: MessagePort;
  readonly victim: Worker;
}

function begin(start: ModelStart, seed: number): Round {
  const memory = new HandleMemory(newHeadPage());
  const blocks = memory.addPage(0, 0, new SharedArrayBuffer(PAGE_BYTES));
  for (let p = 0; p < PARTITIONS; p++) initPartition(blocks.words, p * PARTITION_WORDS, OWNER_INDEX, 0);
  const accepted = new Int32Array(new SharedArrayBuffer(64));
  const [port, toOwner] = pair();
  const more: Omit<VictimStart, keyof ModelStart> = {
    head: memory.head.buffer as unknown as SharedArrayBuffer,
    blocksPage: blocks.memory,
    ownerPage: newPage().memory,
    toOwner,
    accepted,
  };
  const victim = startRole('victim', start, { ...more, seed }, [toOwner]);
  memory.readPort = () =>
    readOne<PageOp>(port, (op) => {
      if (op.type === 'page') memory.addPage(op.creator, op.number, op.memory);
      else memory.addSlab(op.creator, op.number, op.memory);
    });
  return { memory, accepted, port, victim };
}

/** What main has every worker do: the ready stack first, then HEAD of every partition, whatever FLAG says. */
function finishAll(round: Round, problems: Problems, counts: { records: number; unsealed: number }): void {
  const { memory } = round;
  takeReady(memory, OWNER_INDEX, []);
  for (let p = 0; p < PARTITIONS; p++) {
    let seen = 0;
    const words = memory.page(blockOf(p)).words;
    for (const [number, batch] of takeHead(memory, words, p * PARTITION_WORDS).entries()) {
      if (!isSealedBatch(batch)) counts.unsealed++;
      if (!sealTaken(memory, batch, number, seen + 1)) problems.add('a batch could not be sealed');
      if (batch.count === 0) problems.add('an empty batch was visible');
      const walk = new BatchWalk(memory, batch.id);
      let count = 0;
      while (walk.at < walk.end || walk.nextPiece()) {
        const ints = walk.slab!.ints;
        const at = walk.at >> 2;
        const length = ints[at]!;
        if (length < 4 || ints[at + 1] !== seen) problems.add(`record ${ints[at + 1]} where ${seen} should be`);
        for (let i = 2; i < length; i++) if (ints[at + i] !== (seen ^ i)) problems.add('half a record');
        if (length < 4) break;
        walk.at += length * 4;
        seen++;
        count++;
      }
      if (count !== batch.count) problems.add(`${count} records in a batch of ${batch.count}`);
      if (!report(memory, batch, OWNER_INDEX, { error: 0, status: 2, broker: 1, baseOffset: 0, appendTime: -1 }))
        problems.add('a batch could not be reported');
    }
    const accepted = Atomics.load(round.accepted, p);
    if (seen < accepted || seen > accepted + 1) problems.add(`${seen} records found of ${accepted}`);
    counts.records += seen;
  }
  round.port.close();
}

async function run(start: ModelStart): Promise<void> {
  const random = new Random(start.seed);
  const problems = new Problems();
  const counts = { kills: 0, records: 0, unsealed: 0 };
  const goesOn = timeLeft(start, () => counts.kills * counts.records * counts.unsealed > 0);
  while (goesOn() && problems.count < 100) {
    const round = begin(start, random.next() | 0);
    const running = Atomics.waitAsync(round.accepted, 15, 0);
    if (running.async) await Promise.race([running.value, poll(round.accepted)]);
    const pause = performance.now() + random.below(3000) / 1000;
    while (performance.now() < pause);
    await round.victim.terminate();
    finishAll(round, problems, counts);
    counts.kills++;
  }
  finish(start, counts, problems);
}

function poll(accepted: Int32Array): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (Atomics.load(accepted, 15) === 0) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

const start = startOf<ModelStart>();
runRole(() => {
  if (start.role === 'app') void run(start);
  else runVictim(start as VictimStart);
});
