// A tiny classic group coordinator for unit tests: no socket, its own idea of time, requests and answers as real bytes.
// Written after Kafka's GroupCoordinator, independently of src/mock, so that each can show up the other. @thread any
import { APIS } from '../../src/protocol/api.ts';
import { decodeRequest, decodeResponse, encodeResponse } from '../../src/protocol/compile.ts';
import { readRequestHeader } from '../../src/protocol/frame.ts';
import { Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';
import type { WireRequest } from '../../src/wire/requests.ts';

export const E = {
  transport: -195,
  unsupported: -165,
  none: 0,
  notAvailable: 15,
  notCoordinator: 16,
  loading: 14,
  illegalGeneration: 22,
  inconsistentProtocol: 23,
  unknownMember: 25,
  rebalance: 27,
  groupAuth: 30,
  memberIdRequired: 79,
  fenced: 82,
  unstable: 88,
} as const;

/** One request as the coordinator saw it. */
export interface Seen {
  readonly at: number;
  readonly from: string;
  readonly name: string;
  readonly version: number;
  readonly body: any;
  readonly node: number;
}

interface FakeMember {
  readonly id: string;
  protocols: { name: string; metadata: Uint8Array }[];
  sessionMs: number;
  rebalanceMs: number;
  instanceId: string | null;
  seenAt: number;
  joining: ((body: object) => void) | null;
  syncing: ((body: object) => void) | null;
  assignment: Uint8Array;
}

type Reply = (body: any) => void;

interface Waiting {
  readonly node: number;
  readonly request: WireRequest;
  over: boolean;
}

export class FakeCoordinator {
  now = 0;
  node = 1;
  /** Nothing can be reached. */
  down = false;
  /** Every answer takes so long, there and back. */
  latency = (): number => 1;
  /** Requests of which version at most. */
  maxVersions: Record<string, number> = {};
  /** Error codes for the next requests of an API, in order; a negative one is local. */
  readonly errors: Record<string, number[]> = {};
  /** Requests of these APIs are swallowed. */
  readonly silent: Set<string> = new Set();
  readonly seen: Seen[] = [];
  readonly committed: Map<string, number> = new Map();
  readonly assignments: { generation: number; memberId: string; bytes: Uint8Array }[] = [];
  generation = 0;
  state: 'Empty' | 'Preparing' | 'Completing' | 'Stable' = 'Empty';
  members: Map<string, FakeMember> = new Map();
  leader = '';
  private protocol = '';
  private pendingIds: Set<string> = new Set();
  private ids = 0;
  private deadline = 0;
  private events: { at: number; order: number; run: () => void }[] = [];
  private order = 0;
  /** By sender: what waits on its connection, as Kafka answers one request after the other. */
  private pipes: Map<string, Waiting[]> = new Map();

  /** env.send of the client called `from`. */
  send(from: string, target: { broker: number } | { any: true }, request: WireRequest): void {
    const node = 'any' in target ? 0 : target.broker;
    const waiting: Waiting = { node, request, over: false };
    const key = `${from}/${node}`;
    const pipe = this.pipes.get(key) ?? [];
    this.pipes.set(key, pipe);
    pipe.push(waiting);
    if (pipe.length === 1) this.start(key, pipe);
  }

  private at(ms: number, run: () => void): void {
    this.events.push({ at: this.now + ms, order: this.order++, run });
  }

  private start(key: string, pipe: Waiting[]): void {
    const waiting = pipe[0]!;
    this.at(this.latency() / 2, () => {
      if (waiting.over) return;
      const finish = (error: number, response: any, version: number): void => {
        if (waiting.over) return;
        waiting.over = true;
        pipe.shift();
        if (pipe.length > 0) this.start(key, pipe);
        waiting.request.done(error, response, version, null);
      };
      if (this.down) finish(E.transport, null, -1);
      else this.serve(key.slice(0, key.lastIndexOf('/')), waiting, finish);
    });
  }

  private serve(from: string, { node, request }: Waiting, finish: (e: number, r: any, v: number) => void): void {
    const { name } = request;
    const version = Math.min(APIS[name].max, request.maxVersion ?? 99, this.maxVersions[name] ?? 99);
    const reader = new Reader(request.frame!(version, 7)[0]!);
    const size = reader.int32();
    if (size !== reader.end - 4) throw new Error(`size ${size} of a frame of ${reader.end}`);
    readRequestHeader(reader);
    const body: any = decodeRequest(name, version, reader);
    this.seen.push({ at: this.now, from, name, version, body, node });
    if (this.silent.has(name)) return;
    const reply: Reply = (answer) => {
      const writer = new Writer();
      encodeResponse(name, version, answer, writer);
      const response = decodeResponse(name, version, new Reader(writer.bytes()));
      this.at(this.latency() / 2, () => finish(0, response, version));
    };
    const forced = this.errors[name]?.shift() ?? 0;
    if (forced < 0) this.at(this.latency() / 2, () => finish(forced, null, version));
    else if (name === 'FindCoordinator') this.find(body, version, forced, reply);
    else if (forced > 0) this.refuse(name, version, body, forced, reply);
    else if (node !== this.node) this.refuse(name, version, body, E.notCoordinator, reply);
    else this.handle(name, version, body, reply);
  }

  private find(body: any, version: number, errorCode: number, reply: Reply): void {
    const found = errorCode
      ? { errorCode, nodeId: -1, host: '', port: -1 }
      : { errorCode: 0, nodeId: this.node, host: '127.0.0.1', port: 9090 + this.node };
    reply(version >= 4 ? { coordinators: [{ key: body.coordinatorKeys[0], ...found }] } : found);
  }

  private refuse(name: string, version: number, body: any, errorCode: number, reply: Reply): void {
    if (name === 'OffsetCommit') this.commitAnswer(body, errorCode, reply);
    else if (name === 'OffsetFetch') reply(version >= 8 ? { groups: [{ groupId: 'g', errorCode }] } : { errorCode });
    else if (name === 'JoinGroup') reply({ errorCode, protocolName: '' });
    else reply({ errorCode });
  }

  private handle(name: string, version: number, body: any, reply: Reply): void {
    if (name === 'JoinGroup') this.join(body, version, reply);
    else if (name === 'SyncGroup') this.sync(body, reply);
    else if (name === 'Heartbeat') reply({ errorCode: this.alive(body) });
    else if (name === 'LeaveGroup') this.leave(body.members?.[0]?.memberId ?? body.memberId, reply);
    else if (name === 'OffsetCommit') this.commit(body, reply);
    else if (name === 'OffsetFetch') this.fetch(body, version, reply);
    else throw new Error(`not scripted: ${name}`);
  }

  private join(body: any, version: number, reply: Reply): void {
    let id: string = body.memberId;
    if (id === '' && version >= 4 && body.groupInstanceId === null) {
      id = `m-${++this.ids}`;
      this.pendingIds.add(id);
      reply({ errorCode: E.memberIdRequired, memberId: id, protocolName: '' });
      return;
    }
    if (id === '') id = `m-${++this.ids}`;
    else if (!this.members.has(id) && !this.pendingIds.delete(id)) {
      reply({ errorCode: E.unknownMember, protocolName: '' });
      return;
    }
    const old = this.members.get(id);
    const same = old !== undefined && JSON.stringify(old.protocols) === JSON.stringify(body.protocols);
    const member: FakeMember = old ?? {
      id,
      protocols: [],
      sessionMs: 0,
      rebalanceMs: 0,
      instanceId: null,
      seenAt: this.now,
      joining: null,
      syncing: null,
      assignment: new Uint8Array(0),
    };
    member.protocols = body.protocols;
    member.sessionMs = body.sessionTimeoutMs;
    member.rebalanceMs = body.rebalanceTimeoutMs;
    member.instanceId = body.groupInstanceId;
    this.members.set(id, member);
    // A follower that comes back unchanged hears of the generation that there is.
    if (same && this.leader !== id && (this.state === 'Stable' || this.state === 'Completing')) {
      reply(this.joined(member));
      return;
    }
    member.joining = reply;
    this.prepare();
    this.tryComplete();
  }

  private prepare(): void {
    if (this.state === 'Preparing') return;
    for (const member of this.members.values()) {
      member.syncing?.({ errorCode: E.rebalance });
      member.syncing = null;
    }
    this.state = 'Preparing';
    this.deadline = this.now + Math.max(0, ...[...this.members.values()].map((member) => member.rebalanceMs));
  }

  private tryComplete(force = false): void {
    if (this.state !== 'Preparing') return;
    if (force) for (const member of [...this.members.values()]) if (!member.joining) this.members.delete(member.id);
    const all = [...this.members.values()];
    if (all.length === 0) {
      this.state = 'Empty';
      this.generation++;
      return;
    }
    if (!all.every((member) => member.joining !== null)) return;
    this.generation++;
    this.state = 'Completing';
    const names = all[0]!.protocols.map(({ name }) => name);
    this.protocol = names.find((name) => all.every((each) => each.protocols.some((own) => own.name === name)))!;
    if (!this.members.has(this.leader)) this.leader = all[0]!.id;
    for (const member of all) {
      const reply = member.joining!;
      member.joining = null;
      member.seenAt = this.now;
      reply(this.joined(member));
    }
  }

  private joined(member: FakeMember): object {
    const all = this.leader === member.id ? [...this.members.values()] : [];
    return {
      errorCode: 0,
      generationId: this.generation,
      protocolType: 'consumer',
      protocolName: this.protocol,
      leader: this.leader,
      memberId: member.id,
      members: all.map((each) => ({
        memberId: each.id,
        groupInstanceId: each.instanceId,
        metadata: each.protocols.find((own) => own.name === this.protocol)!.metadata,
      })),
    };
  }

  private check(memberId: string, generation: number): number {
    if (!this.members.has(memberId)) return E.unknownMember;
    return generation === this.generation ? 0 : E.illegalGeneration;
  }

  private alive(body: any): number {
    const err = this.check(body.memberId, body.generationId);
    if (err !== 0) return err;
    this.members.get(body.memberId)!.seenAt = this.now;
    return this.state === 'Preparing' ? E.rebalance : 0;
  }

  private sync(body: any, reply: Reply): void {
    const err = this.check(body.memberId, body.generationId) || (this.state === 'Preparing' ? E.rebalance : 0);
    if (err !== 0) {
      reply({ errorCode: err });
      return;
    }
    const member = this.members.get(body.memberId)!;
    member.seenAt = this.now;
    if (this.state === 'Stable') {
      reply({ errorCode: 0, assignment: member.assignment });
      return;
    }
    member.syncing = reply;
    if (body.memberId !== this.leader) return;
    this.state = 'Stable';
    for (const each of this.members.values()) {
      each.assignment = body.assignments.find((one: any) => one.memberId === each.id)?.assignment ?? new Uint8Array(0);
      this.assignments.push({ generation: this.generation, memberId: each.id, bytes: each.assignment });
      each.seenAt = this.now;
      each.syncing?.({ errorCode: 0, assignment: each.assignment });
      each.syncing = null;
    }
  }

  private leave(memberId: string, reply: Reply): void {
    reply({ errorCode: this.members.has(memberId) ? 0 : E.unknownMember });
    this.remove(memberId);
  }

  /** As by a session that timed out. */
  remove(memberId: string): void {
    const member = this.members.get(memberId);
    this.pendingIds.delete(memberId);
    if (member === undefined) return;
    this.members.delete(memberId);
    member.joining?.({ errorCode: E.unknownMember, protocolName: '' });
    member.syncing?.({ errorCode: E.unknownMember });
    this.prepare();
    this.tryComplete();
  }

  private commit(body: any, reply: Reply): void {
    let err = 0;
    if (body.generationIdOrMemberEpoch >= 0 || this.members.size > 0) {
      err = this.check(body.memberId, body.generationIdOrMemberEpoch);
    }
    if (err === 0 && this.state === 'Completing') err = E.rebalance;
    if (err === 0) {
      const member = this.members.get(body.memberId);
      if (member !== undefined) member.seenAt = this.now;
      for (const { name, partitions } of body.topics) {
        for (const each of partitions) this.committed.set(`${name} ${each.partitionIndex}`, each.committedOffset);
      }
    }
    this.commitAnswer(body, err, reply);
  }

  private commitAnswer(body: any, errorCode: number, reply: Reply): void {
    const topics = body.topics.map(({ name, partitions }: any) => ({
      name,
      partitions: partitions.map(({ partitionIndex }: any) => ({ partitionIndex, errorCode })),
    }));
    reply({ topics });
  }

  private fetch(body: any, version: number, reply: Reply): void {
    const asked = version >= 8 ? body.groups[0].topics : body.topics;
    const code = this.errors['partition']?.shift() ?? 0;
    const topics = asked.map(({ name, partitionIndexes }: any) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex: number) => ({
        partitionIndex,
        committedOffset: this.committed.get(`${name} ${partitionIndex}`) ?? -1,
        metadata: new Uint8Array(0),
        errorCode: code,
      })),
    }));
    reply(version >= 8 ? { groups: [{ groupId: body.groups[0].groupId, topics }] } : { topics });
  }

  /** The connections of `from` break: what is on its way fails, what it had sent may have been done. */
  cut(from: string): void {
    for (const [key, pipe] of this.pipes) {
      if (!key.startsWith(`${from}/`)) continue;
      this.pipes.delete(key);
      for (const waiting of pipe) {
        if (waiting.over) continue;
        waiting.over = true;
        this.at(0, () => waiting.request.done(E.transport, null, -1, null));
      }
    }
  }

  /** Another broker takes the group over, with all it knows. */
  moveTo(node: number): void {
    this.node = node;
  }

  /** When something is due here. */
  nextAt(): number {
    const sessions = [...this.members.values()].filter((each) => !each.joining && !each.syncing);
    return Math.min(
      ...this.events.map((event) => event.at),
      ...sessions.map((each) => each.seenAt + each.sessionMs),
      this.state === 'Preparing' ? this.deadline : Number.POSITIVE_INFINITY,
    );
  }

  /** Does what is due up to `now`. */
  run(now: number): void {
    this.now = now;
    for (;;) {
      const due = this.events.filter((event) => event.at <= now).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.events = this.events.filter((event) => event !== due);
      due.run();
    }
    for (const member of [...this.members.values()]) {
      if (!member.joining && !member.syncing && member.seenAt + member.sessionMs <= now) this.remove(member.id);
    }
    if (this.state === 'Preparing' && this.deadline <= now) this.tryComplete(true);
  }
}
