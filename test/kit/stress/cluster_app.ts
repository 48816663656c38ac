// The app thread of cluster_model: produces to topics old and new, and checks every report.

import type { MessagePort } from 'node:worker_threads';
import { Handle } from '../../../src/app/handle.ts';
import { enqueue } from '../../../src/app/produce.ts';
import { AppThread } from '../../../src/app/thread.ts';
import type { Topic } from '../../../src/app/topic.ts';
import { Conf } from '../../../src/conf/conf.ts';
import { finalize } from '../../../src/conf/finalize.ts';
import * as E from '../../../src/defs/enums.ts';
import { Channel } from '../../../src/ops/channel.ts';
import type { AppToMainOp, MainToAppOp } from '../../../src/ops/ops.ts';
import { ring } from '../../../src/ops/thread_page.ts';
import {
  BROKERS,
  DEATH_WORDS,
  MAIN_BLOCKS,
  MAIN_BYTES,
  MAIN_JOBS,
  MAX_OUT,
  type MainStart,
  PATIENCE_MS,
  RUNNING,
  SENT_WORDS,
  STOP,
} from './cluster_shared.ts';
import {
  busy,
  type Counts,
  finish,
  type ModelStart,
  newPage,
  Problems,
  pair,
  Random,
  spin,
  startRole,
  timeLeft,
} from './kit.ts';

class Round {
  readonly rk: Handle;
  readonly words = new Int32Array(new SharedArrayBuffer(64));
  readonly sent: Int32Array;
  readonly main = newPage();
  readonly port: MessagePort;
  readonly worker;
  private readonly app: App;
  private readonly done = new Map<number, number>();
  private readonly last = new Map<string, number>();
  private readonly topics: Topic[] = [];
  private names = 0;
  private next = 0;

  constructor(app: App, start: ModelStart) {
    this.app = app;
    // Of this round alone: hosts of the one before may run a while longer than their main.
    this.sent = new Int32Array(new SharedArrayBuffer(4 * (start.options['death'] === 1 ? DEATH_WORDS : SENT_WORDS)));
    const conf = new Conf();
    const set = { 'batch.num.messages': '60', 'batch.size': '20000', 'queue.buffering.max.messages': String(MAX_OUT) };
    for (const [name, value] of Object.entries(set)) conf.set(name, value);
    const finished = finalize(conf, 'producer');
    if ('errstr' in finished) throw new Error(finished.errstr);
    this.rk = new Handle(app.thread, {
      id: 1,
      name: 'model',
      producer: true,
      settings: finished.settings,
      topicSettings: finished.topic,
      topicCallbacks: finished.topicCallbacks,
      callbacks: {
        ...finished.callbacks,
        dr_msg_cb: (_rk: unknown, message: any) => this.check(message),
        error_cb: () => {},
      } as never,
      conf: finished.conf,
      workerUrl: null,
    });
    const [mine, theirs] = pair();
    this.port = mine;
    const reader = app.thread.reader<MainToAppOp>(
      mine,
      (op) => this.rk.routeMain(op),
      () => {},
    );
    this.rk.attach({ page: this.main.page } as never, new Channel<AppToMainOp>(mine, this.main.page), reader);
    app.thread.members.add(this.rk);
    // Main and its hosts are the model's: nothing is started or ended from here.
    app.thread.mains = { startFirst: () => {}, release: () => {}, watch: () => {} } as never;
    const more: Omit<MainStart, keyof ModelStart> = {
      head: this.rk.memory.head.buffer as unknown as SharedArrayBuffer,
      appPage: app.thread.page.buffer as unknown as SharedArrayBuffer,
      mainPage: this.main.memory,
      settings: finished.settings,
      topicSettings: finished.topic,
      words: this.words,
      sent: this.sent,
      app: theirs,
    };
    this.worker = startRole('main', start, { ...more, seed: app.random.next() | 0 }, [theirs]);
    while (Atomics.load(this.words, RUNNING) < BROKERS + 1) Atomics.wait(this.words, 15, 0, 1);
    for (let i = 0; i < 4; i++) this.topics.push(this.newTopic());
  }

  get records(): number {
    return this.next;
  }

  get lost(): number {
    return this.next - this.done.size;
  }

  private newTopic(): Topic {
    this.app.counts['topics']!++;
    return this.rk.topic(`t${this.names++}`);
  }

  private check(message: any): void {
    const { problems, counts } = this.app;
    const payload: Buffer = message.payload;
    const id = payload.readInt32LE(0);
    if (message._private !== id) problems.add(`record ${id} with the opaque of ${message._private}`);
    if (payload.length !== 4 + (id % 90)) problems.add(`record ${id} of ${payload.length} bytes`);
    const times = (this.done.get(id) ?? 0) + 1;
    this.done.set(id, times);
    if (times > 1) counts['DOUBLED']!++;
    const status = message.status;
    const sent = (Atomics.load(this.sent, id >> 5) & (1 << (id & 31))) !== 0;
    if (message.err === 0) {
      counts['delivered']!++;
      const key = `${message.topic}/${message.partition}`;
      if (id <= (this.last.get(key) ?? -1)) counts['REORDERED']!++;
      this.last.set(key, id);
      if (!sent) problems.add(`record ${id} delivered, never sent`);
    } else {
      counts['failed']!++;
      if (status === E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED && sent) counts['FALSE_NOT']!++;
    }
  }

  /** False: the queue is full. */
  produce(): boolean {
    const { random } = this.app;
    const at = random.below(this.topics.length);
    if (random.chance(this.app.start.options['turnover'] ?? 2000)) this.topics[at] = this.newTopic();
    const id = this.next;
    const value = Buffer.alloc(4 + (id % 90), id & 255);
    value.writeInt32LE(id, 0);
    const key = random.chance(2) ? null : Buffer.from(`k${random.below(50)}`);
    const named = random.chance(3) ? random.below(6) : -1;
    const err = enqueue(this.topics[at]!, named, key, value, null, 0, id);
    if (err === 0) this.next++;
    return err !== E.RD_KAFKA_RESP_ERR__QUEUE_FULL;
  }

  serve(): void {
    this.app.thread.drain();
    this.rk.queue.serve(1 + this.app.random.below(500));
  }

  wait(ms: number): void {
    this.app.thread.wait(ms, () => this.rk.reports!.pending > 0);
    this.rk.queue.serve(5000);
  }

  work(): void {
    const { random } = this.app;
    for (let i = random.below(200); i >= 0; i--)
      if (!this.produce()) {
        this.app.counts['full']!++;
        this.wait(20);
      }
    const what = random.below(16);
    if (what === 0) busy(random.below(200) / 100);
    else if (what === 1) this.wait(random.below(3));
    else if (what < 8) this.serve();
  }

  /** Nothing is produced any more: everything that was comes back. */
  settle(ms: number): void {
    Atomics.store(this.words, STOP, 1);
    const end = performance.now() + ms;
    ring(this.main.page);
    while (this.lost > 0 && performance.now() < end) this.wait(20);
  }

  end(): void {
    this.rk.detach();
  }
}

export class App {
  readonly start: ModelStart;
  readonly random: Random;
  readonly thread = new AppThread();
  readonly problems = new Problems();
  readonly counts: Counts = {
    rounds: 0,
    records: 0,
    topics: 0,
    delivered: 0,
    failed: 0,
    full: 0,
    LOST: 0,
    DOUBLED: 0,
    REORDERED: 0,
    FALSE_NOT: 0,
    LEAKED: 0,
  };

  constructor(start: ModelStart) {
    this.start = start;
    this.random = new Random(start.seed);
  }

  add(round: Round): void {
    this.counts['rounds']!++;
    this.counts['records']! += round.records;
    this.counts['LOST']! += round.lost;
  }

  async live(): Promise<void> {
    const round = new Round(this, this.start);
    const goesOn = timeLeft(this.start, () => this.counts['delivered']! * this.counts['failed']! > 0);
    while (goesOn() && this.problems.count < 20 && round.records < SENT_WORDS * 32 - 1000) round.work();
    round.settle(PATIENCE_MS);
    const { writer, reports } = round.rk;
    this.counts['LEAKED'] = writer!.blocks.used + reports!.live.size;
    // What main has out goes to zero with the `freed` ops of the last reports.
    const patience = performance.now() + PATIENCE_MS;
    while (Atomics.load(round.words, MAIN_BLOCKS) !== 0 && performance.now() < patience) {
      ring(round.main.page);
      Atomics.wait(round.words, 15, 0, 10);
    }
    this.counts['LEAKED']! += Atomics.load(round.words, MAIN_BLOCKS) + writer!.extents.used;
    this.counts['mainAtMost'] = Atomics.load(round.words, MAIN_BYTES);
    this.counts['atTheCap'] = Atomics.load(round.words, MAIN_JOBS);
    this.add(round);
    round.end();
    await round.worker.terminate();
  }

  async death(): Promise<void> {
    const round = new Round(this, this.start);
    const { random } = this;
    const end = performance.now() + 1 + random.below(12);
    while (performance.now() < end) round.work();
    const gone = round.worker.terminate();
    if (random.chance(2)) round.work();
    spin(random.below(200_000));
    round.rk.mainDied();
    if (random.chance(2)) spin(random.below(500_000));
    for (let i = 0; i < 100 && round.rk.queue.ready; i++) round.rk.queue.serve(1 + random.below(2000));
    await gone;
    // What its children still pushed after the claim.
    round.rk.drain();
    while (round.rk.queue.ready) round.rk.queue.serve(100_000);
    this.add(round);
    round.end();
  }

  async run(): Promise<void> {
    const deaths = this.start.options['death'] === 1;
    const goesOn = timeLeft(this.start, () => this.counts['records']! * this.counts['failed']! > 0);
    if (!deaths) await this.live();
    else while (goesOn() && this.problems.count < 20 && this.counts['LOST'] === 0) await this.death();
    finish(this.start, this.counts, this.problems);
  }
}
