// A tiny coordinator of one KIP-848 group for unit tests: no socket, its own idea of time, requests and answers as real
// bytes. Written after Kafka's GroupMetadataManager, independently of src/mock. @thread any
import { APIS } from '../../src/protocol/api.ts';
import { decodeRequest, decodeResponse, encodeResponse } from '../../src/protocol/compile.ts';
import { readRequestHeader } from '../../src/protocol/frame.ts';
import { Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';
import type { WireRequest } from '../../src/wire/requests.ts';

export const C = {
  transport: -195,
  timedOut: -185,
  unsupported: -165,
  ssl: -181,
  loading: 14,
  notAvailable: 15,
  notCoordinator: 16,
  unknownMember: 25,
  topicAuth: 29,
  groupAuth: 30,
  invalidRequest: 42,
  groupNotFound: 69,
  maxSize: 81,
  unknownTopicId: 100,
  fencedEpoch: 110,
  unreleased: 111,
  unsupportedAssignor: 112,
  staleEpoch: 113,
} as const;

/** One request as the coordinator saw it. */
export interface SeenBeat {
  readonly at: number;
  readonly from: string;
  readonly name: string;
  readonly body: any;
  readonly node: number;
}

interface Row {
  readonly id: string;
  epoch: number;
  previousEpoch: number;
  names: string[];
  regex: string;
  instanceId: string | null;
  /** Keys `partition topicId`. */
  assigned: Set<string>;
  revoking: Set<string>;
  target: Set<string>;
  seenAt: number;
}

interface Waiting {
  readonly node: number;
  readonly request: WireRequest;
}

const INTERVAL_MS = 1000;
const SESSION_MS = 6000;

export function idOf(topic: string): string {
  return Buffer.from(topic.padEnd(16, '_').slice(0, 16)).toString('base64url');
}

export class FakeConsumerCoordinator {
  now = 0;
  node = 1;
  down = false;
  latency = (): number => 1;
  /** Error codes for the next requests of an API, in order; a negative one is local, 0 is none. */
  readonly errors: Record<string, number[]> = {};
  readonly silent: Set<string> = new Set();
  readonly seen: SeenBeat[] = [];
  readonly committed: Map<string, number> = new Map();
  readonly topics: Map<string, number> = new Map();
  /** Topics that Metadata does not know by id. */
  readonly nameless: Set<string> = new Set();
  /** Topics that were deleted and made again: their new id. */
  readonly remade: Map<string, string> = new Map();
  /** A test's own target assignment, by member id: keys `topic partition`. */
  forced: Map<string, string[]> | null = null;
  members: Map<string, Row> = new Map();
  groupEpoch = 0;
  sessionMs = SESSION_MS;
  private readonly losing: Map<string, number> = new Map();
  private events: { at: number; order: number; run: () => void }[] = [];
  private order = 0;
  private pipes: Map<string, Waiting[]> = new Map();

  /** env.send of the client called `from`: one request after the other on each connection. */
  send(from: string, target: { broker: number } | { any: true }, request: WireRequest): void {
    const node = 'any' in target ? 0 : target.broker;
    const key = `${from}/${node}`;
    const pipe = this.pipes.get(key) ?? [];
    this.pipes.set(key, pipe);
    pipe.push({ node, request });
    if (pipe.length === 1) this.start(from, pipe);
  }

  private at(ms: number, run: () => void): void {
    this.events.push({ at: this.now + ms, order: this.order++, run });
  }

  private start(from: string, pipe: Waiting[]): void {
    const waiting = pipe[0]!;
    this.at(this.latency() / 2, () => {
      if (pipe[0] !== waiting) return;
      const finish = (error: number, response: any, version: number): void => {
        if (pipe[0] !== waiting) return;
        pipe.shift();
        if (pipe.length > 0) this.start(from, pipe);
        waiting.request.done(error, response, version, null);
      };
      if (this.down) finish(C.transport, null, -1);
      else this.serve(from, waiting, finish);
    });
  }

  private serve(from: string, { node, request }: Waiting, finish: (e: number, r: any, v: number) => void): void {
    const { name } = request;
    const version = Math.min(APIS[name].max, request.maxVersion ?? 99);
    if (version < (request.minVersion ?? 0)) throw new Error(`no version of ${name}`);
    const reader = new Reader(request.frame!(version, 7)[0]!);
    reader.int32();
    readRequestHeader(reader);
    const body: any = decodeRequest(name, version, reader);
    this.seen.push({ at: this.now, from, name, body, node });
    if (this.silent.has(name)) return;
    const reply = (answer: any): void => {
      if ((this.losing.get(name) ?? 0) > 0) {
        this.losing.set(name, this.losing.get(name)! - 1);
        finish(C.transport, null, version);
        return;
      }
      const writer = new Writer();
      encodeResponse(name, version, answer, writer);
      const response = decodeResponse(name, version, new Reader(writer.bytes()));
      this.at(this.latency() / 2, () => finish(0, response, version));
    };
    let code = this.errors[name]?.shift() ?? 0;
    if (code < 0) {
      this.at(this.latency() / 2, () => finish(code, null, version));
      return;
    }
    if (name !== 'FindCoordinator' && name !== 'Metadata' && node !== this.node) code = C.notCoordinator;
    reply(this.answer(name, version, body, code));
  }

  private answer(name: string, version: number, body: any, code: number): object {
    if (name === 'FindCoordinator') {
      const found = { errorCode: code, nodeId: code === 0 ? this.node : -1, host: 'h', port: 9090 };
      return version >= 4 ? { coordinators: [{ key: body.coordinatorKeys[0], ...found }] } : found;
    }
    if (name === 'Metadata') return { brokers: [], topics: body.topics.map(({ topicId }: any) => this.topic(topicId)) };
    if (name === 'ConsumerGroupHeartbeat') return code !== 0 ? { errorCode: code } : this.beat(body);
    if (name === 'OffsetCommit') return this.commit(body, code);
    if (name === 'OffsetFetch') return { groups: [{ groupId: 'g', errorCode: code, topics: [] }] };
    throw new Error(`not scripted: ${name}`);
  }

  private idOf(topic: string): string {
    return this.remade.get(topic) ?? idOf(topic);
  }

  private topic(topicId: string): object {
    const name = [...this.topics.keys()].find((each) => this.idOf(each) === topicId);
    if (name === undefined || this.nameless.has(name)) return { errorCode: C.unknownTopicId, topicId, name: null };
    return { errorCode: 0, topicId, name, partitions: [] };
  }

  private beat(body: any): object {
    const { memberId, memberEpoch } = body;
    const known = this.members.get(memberId);
    if (memberEpoch < 0) {
      if (known === undefined) return { errorCode: C.unknownMember };
      this.remove(memberId);
      return { errorCode: 0, memberId, memberEpoch };
    }
    const owned = body.topicPartitions === null ? null : new Set<string>(keysOf(body.topicPartitions));
    const full = owned !== null && body.rebalanceTimeoutMs > 0 && body.subscribedTopicNames !== null;
    if (memberEpoch === 0 && (!full || owned.size > 0)) return { errorCode: C.invalidRequest, errorMessage: 'no join' };
    if (memberEpoch > 0 && known === undefined) return { errorCode: C.unknownMember };
    if (known !== undefined && memberEpoch > 0 && !accepts(known, memberEpoch, owned))
      return { errorCode: C.fencedEpoch };
    const row = known ?? this.join(memberId);
    row.seenAt = this.now;
    row.instanceId = body.instanceId;
    this.subscribe(row, body);
    const changed = this.reconcile(row, memberEpoch === 0 ? new Set() : owned);
    const assignment = changed || full ? { topicPartitions: partitionsOf(row.assigned) } : null;
    return { errorCode: 0, memberId, memberEpoch: row.epoch, heartbeatIntervalMs: INTERVAL_MS, assignment };
  }

  private join(id: string): Row {
    const row: Row = {
      id,
      epoch: 0,
      previousEpoch: 0,
      names: [],
      regex: '',
      instanceId: null,
      assigned: new Set(),
      revoking: new Set(),
      target: new Set(),
      seenAt: this.now,
    };
    this.members.set(id, row);
    this.bump();
    return row;
  }

  private subscribe(row: Row, body: any): void {
    const names = body.subscribedTopicNames ?? row.names;
    const regex = body.subscribedTopicRegex ?? row.regex;
    if (JSON.stringify([names, regex]) === JSON.stringify([row.names, row.regex])) return;
    row.names = names;
    row.regex = regex;
    this.bump();
  }

  /** Something about the group is new: another target assignment. */
  bump(): void {
    this.groupEpoch++;
    const rows = [...this.members.values()];
    for (const row of rows) row.target = new Set(this.forced?.get(row.id)?.map(forcedKey));
    if (this.forced !== null) return;
    for (const [topic, count] of this.topics) {
      const takers = rows.filter((row) => row.names.includes(topic) || matches(row.regex, topic));
      for (let p = 0; p < count && takers.length > 0; p++)
        takers[p % takers.length]!.target.add(`${p} ${this.idOf(topic)}`);
    }
  }

  /** Kafka's CurrentAssignmentBuilder: first what has to be given up, then what is free. True if `assigned` changed. */
  private reconcile(row: Row, owned: Set<string> | null): boolean {
    const before = [...row.assigned].sort().join();
    if (row.revoking.size > 0) {
      if (owned === null || [...row.revoking].some((key) => owned.has(key))) return false;
      row.revoking = new Set();
    }
    const revoked = [...row.assigned].filter((key) => !row.target.has(key));
    for (const key of revoked) row.assigned.delete(key);
    if (revoked.length > 0 && (owned === null || revoked.some((key) => owned.has(key)))) {
      row.revoking = new Set(revoked);
    } else {
      this.advance(row);
    }
    return before !== [...row.assigned].sort().join();
  }

  private advance(row: Row): void {
    const taken = new Set<string>();
    for (const other of this.members.values()) {
      if (other !== row) for (const key of [...other.assigned, ...other.revoking]) taken.add(key);
    }
    if (row.epoch !== this.groupEpoch) {
      row.previousEpoch = row.epoch;
      row.epoch = this.groupEpoch;
    }
    for (const key of row.target) if (!taken.has(key)) row.assigned.add(key);
  }

  private commit(body: any, forced: number): object {
    const row = this.members.get(body.memberId);
    const member = body.generationIdOrMemberEpoch >= 0 || this.members.size > 0;
    let errorCode = forced;
    if (errorCode === 0 && member && row === undefined) errorCode = C.unknownMember;
    if (errorCode === 0 && row !== undefined && row.epoch !== body.generationIdOrMemberEpoch) errorCode = C.staleEpoch;
    const topics = body.topics.map(({ name, partitions }: any) => ({
      name,
      partitions: partitions.map(({ partitionIndex, committedOffset }: any) => {
        if (errorCode === 0) this.committed.set(`${name} ${partitionIndex}`, committedOffset);
        return { partitionIndex, errorCode };
      }),
    }));
    return { topics };
  }

  /** As by a session that timed out, or by a leave. */
  remove(memberId: string): void {
    if (this.members.delete(memberId)) this.bump();
  }

  /** The next `count` requests of an API are done, and their answers are lost with the connection. */
  lose(name: string, count: number): void {
    this.losing.set(name, count);
  }

  /** All connections break. What was on its way fails. */
  cut(): void {
    for (const [key, pipe] of [...this.pipes]) {
      this.pipes.delete(key);
      for (const waiting of pipe.splice(0)) this.at(0, () => waiting.request.done(C.transport, null, -1, null));
    }
  }

  moveTo(node: number): void {
    this.node = node;
  }

  nextAt(): number {
    const sessions = [...this.members.values()].map((each) => each.seenAt + this.sessionMs);
    return Math.min(...this.events.map((event) => event.at), ...sessions);
  }

  run(now: number): void {
    this.now = now;
    for (;;) {
      const due = this.events.filter((event) => event.at <= now).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.events = this.events.filter((event) => event !== due);
      due.run();
    }
    for (const row of [...this.members.values()]) if (row.seenAt + this.sessionMs <= now) this.remove(row.id);
  }
}

function accepts(row: Row, epoch: number, owned: Set<string> | null): boolean {
  if (epoch === row.epoch) return true;
  return epoch === row.previousEpoch && owned !== null && [...owned].every((key) => row.assigned.has(key));
}

function keysOf(topics: { topicId: string; partitions: number[] }[]): string[] {
  return topics.flatMap(({ topicId, partitions }) => partitions.map((each) => `${each} ${topicId}`));
}

function forcedKey(name: string): string {
  const [topic, partition] = name.split(' ');
  return `${partition} ${idOf(topic!)}`;
}

function partitionsOf(keys: ReadonlySet<string>): { topicId: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const key of [...keys].sort()) {
    const [partition, topicId] = key.split(' ') as [string, string];
    topics.set(topicId, [...(topics.get(topicId) ?? []), Number(partition)]);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}

function matches(regex: string, topic: string): boolean {
  return regex !== '' && new RegExp(`^(?:${regex})$`).test(topic);
}
