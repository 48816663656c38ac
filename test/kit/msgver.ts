// Messages that prove themselves: what was sent says so in its payload, and what arrives is checked for order,
// duplicates and range. @thread app
import { randomBytes } from 'node:crypto';

/** What a payload says of itself; `partition` is the one it was sent to, -1 when the partitioner chose. */
export interface Proof {
  readonly id: string;
  readonly partition: number;
  readonly seq: number;
}

/** The part of a consumed message that is looked at. */
export interface Received {
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: number;
  readonly payload: Uint8Array | null;
}

export interface VerifyOptions {
  /** At-least-once: the same message may come again, and what comes again may be older. */
  duplicates?: boolean;
  /** Messages of the range may be missing. */
  missing?: boolean;
}

/** A name for the messages of one test that no other test gives. */
export function newTestId(): string {
  return randomBytes(6).toString('hex');
}

/** `<id>/<partition>/<seq>`, filled up with dots to `size` bytes. */
export function payloadOf(id: string, partition: number, seq: number, size: number = 0): string {
  return `${id}/${partition}/${seq}/`.padEnd(size, '.');
}

/** null when it is not one of ours. */
export function readPayload(payload: Uint8Array | null): Proof | null {
  if (payload === null) return null;
  const match = /^([0-9a-f]{12})\/(-?\d+)\/(\d+)\/\.*$/.exec(Buffer.from(payload).toString('latin1'));
  return match === null ? null : { id: match[1]!, partition: Number(match[2]), seq: Number(match[3]) };
}

/** Most problems that one error lists. */
const MOST = 12;

/** Gathers what arrives of one test id, and says what is wrong with it. */
export class MsgVer {
  readonly id: string;
  readonly seen: (Received & Proof & { readonly from: number })[];
  /** Messages of somebody else, by their address. */
  readonly strangers: string[];
  private readonly wanted: Map<number, Set<number>>;

  constructor(id: string) {
    this.id = id;
    this.seen = [];
    this.strangers = [];
    this.wanted = new Map();
  }

  get count(): number {
    return this.seen.length;
  }

  /** `count` messages from `first` on were sent to `partition` (-1: to whichever the partitioner chose). */
  expect(partition: number, first: number, count: number): this {
    const wanted = this.wanted.get(partition) ?? new Set();
    for (let seq = first; seq < first + count; seq++) wanted.add(seq);
    this.wanted.set(partition, wanted);
    return this;
  }

  /** Takes a consumed message; false, and remembered, when it is not one of this test. */
  add(message: Received): boolean {
    const { topic, partition, offset, payload } = message;
    const proof = readPayload(payload);
    if (proof === null || proof.id !== this.id) {
      this.strangers.push(`${topic} [${partition}] @${offset}`);
      return false;
    }
    this.seen.push({ topic, offset, payload, ...proof, from: partition });
    return true;
  }

  /** Everything that is wrong with what has arrived, in words; none when all is well. */
  problems(options: VerifyOptions = {}): string[] {
    const problems = this.strangers.map((address) => `not of this test: ${address}`);
    const arrived = new Map<string, string>();
    const last = new Map<string, { offset: number; seq: Map<number, number> }>();
    for (const { topic, from, partition, offset, seq } of this.seen) {
      const name = `message ${partition}/${seq}`;
      const address = `${topic} [${from}] @${offset}`;
      if (partition >= 0 && partition !== from) problems.push(`${name} arrived from ${address}`);
      if (!this.wanted.get(partition)?.has(seq)) problems.push(`${name} out of range: ${address}`);
      const before = arrived.get(name);
      if (before !== undefined && !options.duplicates) problems.push(`${name} twice: ${before} and ${address}`);
      arrived.set(name, address);
      this.order(problems, last, { key: `${topic} [${from}]`, name, address, offset, partition, seq }, options);
    }
    if (!options.missing) this.absent(problems, arrived);
    return problems;
  }

  private order(
    problems: string[],
    last: Map<string, { offset: number; seq: Map<number, number> }>,
    one: { key: string; name: string; address: string; offset: number; partition: number; seq: number },
    options: VerifyOptions,
  ): void {
    if (options.duplicates) return;
    const state = last.get(one.key) ?? { offset: -1, seq: new Map() };
    last.set(one.key, state);
    const before = state.seq.get(one.partition) ?? -1;
    if (one.offset <= state.offset) problems.push(`${one.address} after offset ${state.offset}`);
    if (one.seq <= before) problems.push(`${one.name} after ${one.partition}/${before} in ${one.key}`);
    state.offset = one.offset;
    state.seq.set(one.partition, one.seq);
  }

  private absent(problems: string[], arrived: ReadonlyMap<string, string>): void {
    for (const [partition, wanted] of this.wanted)
      for (const seq of wanted)
        if (!arrived.has(`message ${partition}/${seq}`)) problems.push(`message ${partition}/${seq} missing`);
  }

  /** Throws an Error that lists what is wrong. */
  verify(what: string, options: VerifyOptions = {}): void {
    const problems = this.problems(options);
    if (problems.length === 0) return;
    const more = problems.length > MOST ? `\n  and ${problems.length - MOST} more` : '';
    const text = problems.slice(0, MOST).join('\n  ');
    throw new Error(`${what}: ${this.count} messages of ${this.id} arrived, with these faults:\n  ${text}${more}`);
  }
}
