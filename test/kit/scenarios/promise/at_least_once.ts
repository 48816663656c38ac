// The promise of each() under torment: members of one group, each a process of its own, are started, killed with -9 while
// their handlers are at work, and ended in order, while handlers fail and hang. Every message is handled at least once, per
// key in order within a process, and what is committed is at no moment beyond a message that nobody has handled. The seed
// of all choices stands in what is thrown. @thread app
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, type TestContext } from 'vitest';
import { belongs } from '../../builders.ts';
import type { Child, RunChild } from '../../child.ts';
import { SeededRandom } from '../../random_message.ts';
import { until } from '../../until.ts';
import type { TopicEnv } from '../consumer.ts';
import { fill, groupOf, Outsider } from './kit.ts';

export type Protocol = 'range' | 'cooperative-sticky' | 'consumer';

export interface Torment {
  readonly protocol: Protocol;
  readonly seed: number;
  /** Of each of the four partitions. */
  readonly messages: number;
  /** Members killed inside a handler before the last ones may do the rest in peace. */
  readonly kills: number;
  readonly session_ms: number;
}

const PARTITIONS = [0, 1, 2, 3];
const KEYS = 13;
const MOST_MEMBERS = 3;

/** A line for each thing that happens, written before it counts: `b`egun, `d`one, `f`ailed; `A`ssigned; `S`tarted. */
const MEMBER = `
import { openSync, writeSync } from 'node:fs';
const { env } = process;
const log = openSync(env.MEMBER_LOG, 'a');
const note = (...words) => writeSync(log, words.join(' ') + '\\n');
let state = Number(env.MEMBER_SEED) | 0;
const below = (most) => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return ((state >>> 8) % 65536) % most;
};
const rk = r.consumer_new({
  ...JSON.parse(env.MEMBER_CONF),
  topics: [env.MEMBER_TOPIC],
  log_cb: () => {},
  on_assigned: (list) => list.forEach(({ partition }) => note('A', partition)),
});
process.on('SIGTERM', () => void r.close_async(rk, { timeout_ms: 20000 }));
note('S');
const work = (signal) => {
  const kind = below(100);
  if (kind < 40) return undefined;
  if (kind < 60) return Promise.resolve();
  if (kind < 90) return new Promise((resolve) => setTimeout(resolve, below(10)));
  if (kind < 93) throw new Error('at once');
  if (kind < 96) return Promise.reject(new Error('later'));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 400);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
};
const handler = async ({ partition, offset, key }, { signal }) => {
  note('b', partition, offset, key);
  try {
    await work(signal);
    note('d', partition, offset, key);
  } catch (error) {
    note('f', partition, offset, key);
    throw error;
  }
};
await r.each(rk, handler, {
  concurrency: 4,
  max_ahead: 40,
  revoke_timeout_ms: 150,
  on_failure: () => ({ retry_after_ms: below(5) }),
  on_error: () => {},
});
`;

class Member {
  readonly child: Child;
  readonly name: number;
  private readonly file: string;
  private read: number;
  /** Of each key of a partition: its last message, and whether that is in work. */
  private readonly lanes: Map<string, { offset: number; open: boolean }>;
  readonly problems: string[];
  began: number;
  started: boolean;

  constructor(run: RunChild, name: number, file: string, env: Record<string, string>) {
    this.name = name;
    this.file = file;
    this.read = 0;
    this.lanes = new Map();
    this.problems = [];
    this.began = 0;
    this.started = false;
    const strict = { NODE_OPTIONS: '--unhandled-rejections=strict' };
    this.child = run(MEMBER, { env: { ...strict, ...env, MEMBER_LOG: file } });
  }

  /** Reads what it has written since: all that it has done by now is there. */
  look(done: readonly Set<number>[]): void {
    let text = '';
    try {
      text = readFileSync(this.file, 'utf8').slice(this.read);
    } catch {
      // Not begun.
    }
    const lines = text.slice(0, text.lastIndexOf('\n') + 1);
    this.read += lines.length;
    for (const line of lines.split('\n')) if (line !== '') this.take(line.split(' '), done);
  }

  private take([what, of, at, key]: string[], done: readonly Set<number>[]): void {
    if (what === 'S') {
      this.started = true;
      return;
    }
    const partition = Number(of);
    const offset = Number(at);
    if (what === 'A') {
      // A new life of the partition: what was not committed comes again.
      for (const name of this.lanes.keys()) if (name.startsWith(`${partition}/`)) this.lanes.delete(name);
      return;
    }
    const name = `${partition}/${key}`;
    const lane = this.lanes.get(name);
    if (what === 'b') {
      this.began++;
      const where = `member ${this.name}, key ${name}: ${offset}`;
      if (lane?.open === true) this.problems.push(`${where} is begun while ${lane.offset} is in work`);
      if (lane !== undefined && offset < lane.offset) this.problems.push(`${where} is begun after ${lane.offset}`);
      this.lanes.set(name, { offset, open: true });
      return;
    }
    if (what === 'd') done[partition]!.add(offset);
    // Of an earlier life it may end after the next one has begun.
    if (lane?.offset === offset) this.lanes.set(name, { offset, open: false });
  }

  get atWork(): boolean {
    return [...this.lanes.values()].some(({ open }) => open);
  }
}

/** One round; rejects with what is wrong, and the seed. */
export async function atLeastOnce(t: TestContext, env: TopicEnv, run: RunChild, torment: Torment): Promise<void> {
  const { seed, protocol } = torment;
  if (Number(process.env['SOAK_SECONDS'] ?? 0) > 0) console.log(`${protocol}: EXACTLY_ONCE_SEED=${seed}`);
  try {
    await new Round(t, env, run, torment).go();
  } catch (error) {
    throw new Error(`EXACTLY_ONCE_SEED=${seed}: ${(error as Error).message}`, { cause: error });
  }
}

class Round {
  private readonly t: TestContext;
  private readonly env: TopicEnv;
  private readonly run: RunChild;
  private readonly torment: Torment;
  private readonly random: SeededRandom;
  private readonly outsider: Outsider;
  private readonly dir: string;
  private readonly done: Set<number>[];
  private readonly all: Member[];
  private readonly live: Member[];
  private sent: number;
  private looks: number;

  constructor(t: TestContext, env: TopicEnv, run: RunChild, torment: Torment) {
    this.t = t;
    this.env = env;
    this.run = run;
    this.torment = torment;
    this.random = new SeededRandom(torment.seed);
    this.outsider = new Outsider(t, env);
    this.dir = mkdtempSync(join(tmpdir(), 'rdkafka-at-least-once-'));
    belongs(t, () => rmSync(this.dir, { recursive: true, force: true }));
    this.done = PARTITIONS.map(() => new Set());
    this.all = [];
    this.live = [];
    this.sent = 0;
    this.looks = 0;
  }

  async go(): Promise<void> {
    const { kills, messages } = this.torment;
    await this.send(Math.floor(messages / 2));
    this.start();
    this.start();
    let killed = 0;
    while (killed < kills) {
      await this.forAWhile();
      if (this.live.length < MOST_MEMBERS && this.random.below(2) === 0) this.start();
      else if (this.random.below(4) === 0) await this.end(this.any());
      else if (await this.kill(this.any())) killed++;
      if (this.live.length === 0) this.start();
      // There is always something to handle.
      if (this.lag() < messages / 2) await this.send(Math.ceil(messages / 4));
    }
    while (this.live.length < 2) this.start();
    await until(() => this.lag() === 0 || this.check(), {
      deadline_ms: 120_000,
      what: () => `the rest: ${this.lag()} messages are not handled`,
    });
    for (const partition of PARTITIONS) await this.outsider.sees(this.sent, partition);
    for (const member of [...this.live]) await this.end(member);
    this.judge();
  }

  private async send(count: number): Promise<void> {
    for (const partition of PARTITIONS)
      await fill(this.t, this.env, partition, count, { first: this.sent, key: (i) => `k${i % KEYS}` });
    this.sent += count;
  }

  private start(): void {
    const name = this.all.length;
    const member = new Member(this.run, name, join(this.dir, `${name}.log`), {
      MEMBER_SEED: String(this.random.bits()),
      MEMBER_TOPIC: this.env.topic,
      MEMBER_CONF: JSON.stringify(this.conf()),
    });
    this.all.push(member);
    this.live.push(member);
  }

  private conf(): object {
    const { protocol, session_ms } = this.torment;
    const how =
      protocol === 'consumer'
        ? { 'group.protocol': 'consumer' }
        : {
            'partition.assignment.strategy': protocol,
            'session.timeout.ms': session_ms,
            'heartbeat.interval.ms': Math.floor(session_ms / 10),
          };
    return {
      'bootstrap.servers': this.env.bootstrap,
      'group.id': groupOf(this.env),
      'auto.offset.reset': 'earliest',
      'auto.commit.interval.ms': 30,
      'fetch.wait.max.ms': 50,
      ...how,
    };
  }

  private any(): Member {
    return this.live[this.random.below(this.live.length)]!;
  }

  /** Messages that nobody has handled. */
  private lag(): number {
    for (const member of this.all) member.look(this.done);
    return PARTITIONS.length * this.sent - this.done.reduce((sum, { size }) => sum + size, 0);
  }

  /** Nothing is committed beyond what was not handled, in order of time: what was done before the commit is in the logs. */
  private async check(): Promise<boolean> {
    const committed = await this.outsider.allCommitted(PARTITIONS);
    this.lag();
    this.looks++;
    for (const partition of PARTITIONS) {
      let open = 0;
      while (this.done[partition]!.has(open)) open++;
      if (committed[partition]! > open)
        throw new Error(`[${partition}] is committed up to ${committed[partition]}, and ${open} was not handled`);
    }
    return false;
  }

  /** Until something more was begun, and a random while beyond that. */
  private async forAWhile(): Promise<void> {
    const before = this.began();
    await until(async () => (await this.check()) || this.began() > before || this.lag() === 0, {
      deadline_ms: 60_000,
      what: 'a handler to be begun',
    });
    for (let left = this.random.below(8); left > 0; left--) {
      await this.check();
      await pause(this.random.below(60));
    }
  }

  private began(): number {
    return this.all.reduce((sum, { began }) => sum + began, 0);
  }

  /** kill -9; false when it was, after all, not inside of a handler. */
  private async kill(member: Member): Promise<boolean> {
    for (let i = 0; i < 200; i++) {
      member.look(this.done);
      if (member.atWork) break;
      await pause(1);
    }
    member.child.process.kill('SIGKILL');
    expect(await member.child.ended).toBe('SIGKILL');
    this.live.splice(this.live.indexOf(member), 1);
    member.look(this.done);
    return member.atWork;
  }

  /** In order: it closes, and ends by itself. */
  private async end(member: Member): Promise<void> {
    this.live.splice(this.live.indexOf(member), 1);
    await until(() => this.lag() >= 0 && member.started, {
      what: () => `member ${member.name} to start: ${member.child.err()}`,
    });
    member.child.process.kill('SIGTERM');
    const code = await member.child.ended;
    expect(member.child.err()).toBe('');
    expect(code).toBe(0);
    await this.check();
  }

  private judge(): void {
    expect(this.all.flatMap(({ problems }) => problems).slice(0, 10)).toEqual([]);
    expect(this.all.map(({ child }) => child.err()).join('')).toBe('');
    expect(this.looks).toBeGreaterThan(5);
    expect(this.lag()).toBe(0);
  }
}
