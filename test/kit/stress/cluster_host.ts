// A host of brokers of cluster_model: Partition, with batches sealed at random and sent at once.

import { Partition } from '../../../src/broker/partition.ts';
import * as E from '../../../src/defs/enums.ts';
import { isSealedBatch, report, sealTaken, type TakenBatch } from '../../../src/ops/batch_owner.ts';
import { BatchWalk } from '../../../src/ops/batch_reader.ts';
import { indexOf, MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import type { BrokerToMainOp, JoinHandleOp, MainToBrokerOp, RootOp } from '../../../src/ops/ops.ts';
import { OWNER, PARTITION_WORDS, ready, takeReady } from '../../../src/ops/partitions.ts';
import { BELL, ring } from '../../../src/ops/thread_page.ts';
import { RecordCursor } from '../../../src/records/record_reader.ts';
import { type HostStart, RUNNING, SLEEP_MS, STOP } from './cluster_shared.ts';
import { Random, readAll, readOne, spin, viewPage } from './kit.ts';

export class Host {
  readonly start: HostStart;
  readonly random: Random;
  readonly parts = new Map<number, Partition>();
  readonly cursor = new RecordCursor();
  memory: HandleMemory | null = null;
  op: JoinHandleOp | null = null;

  constructor(start: HostStart) {
    this.start = start;
    this.random = new Random(start.seed);
  }

  private open(op: JoinHandleOp): void {
    const memory = new HandleMemory(new Int32Array(op.head));
    this.memory = memory;
    this.op = op;
    for (const page of op.pages) this.routeMain(page);
    memory.readPort = (creator) =>
      readOne<MainToBrokerOp>(creator === MAIN ? op.mainPort : op.appPort, (each) => this.routeMain(each));
  }

  private routeMain(op: MainToBrokerOp): void {
    const memory = this.memory!;
    if (op.type === 'page') memory.addPage(op.creator, op.number, op.memory);
    else if (op.type === 'slab') memory.addSlab(op.creator, op.number, op.memory);
    else if (op.type === 'join') {
      const part = new Partition(op, memory, false);
      this.parts.set(op.block, part);
      part.join(memory, this.op!.worker);
    } else if (op.type === 'leave') {
      const part = this.parts.get(op.block);
      if (part === undefined) return;
      part.leave(memory);
      this.parts.delete(op.block);
      this.toMain(part.left());
    }
  }

  private toMain(op: BrokerToMainOp): void {
    this.op!.mainPort.postMessage(op);
    ring(viewPage(this.start.mainPage));
  }

  /** On the wire: each record is marked by its number, before anything is reported. */
  private send(batch: TakenBatch): void {
    const walk = new BatchWalk(this.memory!, batch.id);
    while (walk.at < walk.end || walk.nextPiece()) {
      const { bytes, buffer } = walk.slab!;
      this.cursor.read(bytes, walk.at, walk.end);
      const id = buffer.readInt32LE(this.cursor.valueFrom);
      Atomics.or(this.start.sent, id >> 5, 1 << (id & 31));
      walk.at = this.cursor.next;
    }
  }

  private serve(part: Partition, stop: boolean): boolean {
    const memory = this.memory!;
    const { random } = this;
    while (part.fifo.length > 0) {
      const batch = part.fifo[0]!;
      if (!(stop || part.fifo.length > 1 || isSealedBatch(batch) || random.chance(3))) return true;
      part.fifo.shift();
      if (batch.count < 0) {
        if (!sealTaken(memory, batch, part.nextNumber, part.nextId)) continue;
        part.nextNumber++;
        part.nextId += batch.count;
      }
      this.send(batch);
      if (random.chance(4)) spin(random.below(3000));
      const status = E.RD_KAFKA_MSG_STATUS_PERSISTED;
      if (report(memory, batch, this.op!.worker, { error: 0, status, broker: 1, baseOffset: 0, appendTime: -1 }))
        ring(viewPage(this.start.appPage));
    }
    return false;
  }

  run(): void {
    const own = viewPage(this.start.page);
    const readyIds: number[] = [];
    Atomics.add(this.start.words, RUNNING, 1);
    for (;;) {
      const seen = Atomics.load(own, BELL);
      readAll<RootOp>(this.start.root, (op) => {
        if (op.type === 'join_handle') this.open(op);
      });
      let again = false;
      if (this.memory !== null) {
        readAll<MainToBrokerOp>(this.op!.mainPort, (op) => this.routeMain(op));
        const me = this.op!.worker;
        for (const id of takeReady(this.memory, me, readyIds)) {
          const words = this.memory.page(id).words;
          const base = indexOf(id) * PARTITION_WORDS;
          if (Atomics.load(words, base + OWNER) === me) this.parts.get(id)?.take(this.memory);
          else
            ready(this.memory, id, words, base, (worker) => {
              if (worker === MAIN) ring(viewPage(this.start.mainPage));
              else this.toMain({ type: 'ring', worker });
            });
        }
        const stop = Atomics.load(this.start.words, STOP) !== 0;
        for (const part of this.parts.values()) if (this.serve(part, stop)) again = true;
      }
      Atomics.wait(own, BELL, seen, again ? 1 : SLEEP_MS);
    }
  }
}
