// One KIP-848 group, after Kafka's group coordinator: members tell what they want by heartbeats, the group makes a target
// of that, and each member is led to its target step by step. Members that still speak the classic protocol are served
// by classic_inside.ts. Unlike Kafka's, a regex is resolved again as soon as a topic has come or gone. @thread mock
import type { Clock, Timer } from '../../rd/clock.ts';
import { E } from '../codes.ts';
import { ConsumerMember, LEFT_STATIC, type MemberFace, type TimerName } from './consumer_member.ts';
import { type ConsumerHeartbeat, type ConsumerHeartbeatAnswer, checkEpoch, LEFT } from './consumer_request.ts';
import type { GroupOffsets } from './offsets.ts';
import {
  countOf,
  filtered,
  fromRows,
  isSubset,
  NO_PARTITIONS,
  type PartitionSets,
  sameSets,
  toRows,
} from './partition_sets.ts';
import { nextStep } from './reconcile.ts';
import { Refusal } from './refusal.ts';
import { Regex } from './regex.ts';
import { ASSIGNORS, DEFAULT_ASSIGNOR } from './server_assignors.ts';

/** What a group sees of the cluster's topics. */
export interface GroupTopics {
  /** Another one whenever a topic or a partition has come or gone. */
  readonly version: number;
  get(name: string): { readonly id: string; readonly partitions: readonly unknown[] } | undefined;
  byId(id: string): { readonly name: string } | undefined;
  names(): Iterable<string>;
}

export interface ConsumerGroupOptions {
  readonly clock: Clock;
  readonly log: (group: string, text: string) => void;
  readonly newUuid: () => string;
  readonly topics: GroupTopics;
  readonly maxMembers: number;
  /** Both are read at each use: a test may change them. */
  readonly sessionTimeoutMs: () => number;
  readonly heartbeatIntervalMs: () => number;
  /** The last member that speaks the consumer protocol goes, or has been replaced; members of the classic one stay. */
  readonly downgrade: (group: ConsumerGroup, leaving: string, joined: boolean) => void;
}

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

export class ConsumerGroup {
  readonly type = 'consumer';
  readonly id: string;
  readonly offsets: GroupOffsets;
  readonly options: ConsumerGroupOptions;
  groupEpoch = 0;
  /** Group epoch of the targets. */
  assignmentEpoch = 0;
  /** Monotonic ms since which nobody is in it. */
  emptySince: number;
  readonly #members: Map<string, ConsumerMember> = new Map();
  /** Instance id -> member id. */
  readonly #statics: Map<string, string> = new Map();
  #targets: ReadonlyMap<string, PartitionSets> = new Map();
  /** `topic id partition` -> member id, for all that is assigned or not given up yet. */
  readonly #held: Map<string, string> = new Map();
  /** A test has set the targets: no assignor runs. */
  #manual = false;
  /** All give up what they have, and are given anew thereafter. */
  #lettingGo = false;
  #topicsVersion = -1;
  /** The topics that are subscribed to, with their sizes. */
  #sizes: ReadonlyMap<string, number> = new Map();
  #resolving: Timer | null = null;

  constructor(id: string, offsets: GroupOffsets, options: ConsumerGroupOptions) {
    this.id = id;
    this.offsets = offsets;
    this.options = options;
    this.emptySince = options.clock.now();
  }

  get state(): ConsumerGroupState {
    if (this.#members.size === 0) return 'Empty';
    if (this.groupEpoch > this.assignmentEpoch) return 'Assigning';
    const done = this.members().every((each) => each.state === 'stable' && each.epoch === this.assignmentEpoch);
    return done ? 'Stable' : 'Reconciling';
  }

  members(): readonly ConsumerMember[] {
    return [...this.#members.values()];
  }

  member(memberId: string): ConsumerMember | undefined {
    return this.#members.get(memberId);
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    return this.#members.get(this.#statics.get(instanceId) ?? '');
  }

  targetOf(memberId: string): PartitionSets {
    return this.#targets.get(memberId) ?? NO_PARTITIONS;
  }

  /** What most members ask for. */
  get assignor(): string {
    const votes = new Map<string, number>();
    for (const { face } of this.#members.values()) {
      if (face.assignor !== null) votes.set(face.assignor, (votes.get(face.assignor) ?? 0) + 1);
    }
    return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? DEFAULT_ASSIGNOR;
  }

  /** One heartbeat that checkHeartbeat has passed. @throws Refusal */
  heartbeat(request: ConsumerHeartbeat): ConsumerHeartbeatAnswer {
    const { memberEpoch } = request;
    if (memberEpoch < 0) return this.#leave(request);
    const joining = memberEpoch === 0;
    const memberId = request.memberId === '' ? this.options.newUuid() : request.memberId;
    const owned = request.topicPartitions === null ? null : fromRows(request.topicPartitions);
    this.checkRoom(memberId);
    const regex = request.subscribedTopicRegex === null ? null : compiled(request.subscribedTopicRegex);
    const { instanceId } = request;
    const member =
      instanceId === null ? this.dynamicMember(memberId, joining) : this.instance(memberId, instanceId, joining, false);
    if (!joining || instanceId === null) {
      const ownsLess = owned !== null && isSubset(owned, member.assigned);
      checkEpoch(memberEpoch, member.epoch, member.previousEpoch, ownsLess);
    }
    const had = member.assigned;
    this.adopt(member, faceOf(member.face, request), regex);
    this.reconcile(member, owned);
    this.#giveAnew();
    this.startTimer(member, 'session', this.options.sessionTimeoutMs(), 'its session ended');
    const { rebalanceTimeoutMs, subscribedTopicNames } = request;
    const full = joining || (rebalanceTimeoutMs !== -1 && subscribedTopicNames !== null && owned !== null);
    const assignment = full || !sameSets(had, member.assigned) ? { topicPartitions: toRows(member.assigned) } : null;
    const heartbeatIntervalMs = this.options.heartbeatIntervalMs();
    return { memberId, memberEpoch: member.epoch, heartbeatIntervalMs, assignment };
  }

  /** 0, or why a commit is refused; without members anyone may, by epoch -1. */
  checkCommit(memberId: string, _instanceId: string | null, epoch: number, version: number): number {
    if (epoch < 0 && this.#members.size === 0) return E.NONE;
    const member = this.#members.get(memberId);
    if (member === undefined) return E.UNKNOWN_MEMBER_ID;
    if (member.face.classic === null && version < 9) return E.UNSUPPORTED_VERSION;
    return wrongEpoch(member, epoch);
  }

  /** 0, or why committed offsets are not told. */
  checkFetch(memberId: string | null, epoch: number): number {
    if (memberId === null) return epoch < 0 ? E.NONE : E.UNKNOWN_SERVER_ERROR;
    const member = this.#members.get(memberId);
    return member === undefined ? E.UNKNOWN_MEMBER_ID : wrongEpoch(member, epoch);
  }

  /** @throws Refusal if the group is full and this one is not in it. */
  checkRoom(memberId: string): void {
    if (this.#members.size < this.options.maxMembers || this.#members.has(memberId)) return;
    throw new Refusal(E.GROUP_MAX_SIZE_REACHED, `The group has ${this.#members.size} members, no more are let in.`);
  }

  /** The member without an instance id, perhaps a new one that `adopt` takes in. @throws Refusal */
  dynamicMember(memberId: string, mayCreate: boolean): ConsumerMember {
    const found = this.#members.get(memberId);
    if (found === undefined && !mayCreate) throw unknown(`Member ${memberId} is not a member of group ${this.id}.`);
    return found ?? new ConsumerMember(memberId);
  }

  /** The static member; a new one takes the place of one that has left. @throws Refusal */
  instance(memberId: string, instanceId: string, joining: boolean, classic: boolean): ConsumerMember {
    const there = this.staticMember(instanceId);
    if (!joining) {
      if (there === undefined) throw unknown(`Instance id ${instanceId} is unknown.`);
      if (there.memberId === memberId) return there;
      throw new Refusal(E.FENCED_INSTANCE_ID, `Member ${memberId} with instance id ${instanceId} was fenced.`);
    }
    if (there === undefined) return new ConsumerMember(memberId);
    if (!classic && there.face.classic === null && there.epoch !== LEFT_STATIC) {
      throw new Refusal(E.UNRELEASED_INSTANCE_ID, `Instance id ${instanceId} is owned by member ${there.memberId}.`);
    }
    return this.#replace(there, memberId);
  }

  /** Takes what a member says of itself, makes it one of the group, and brings the targets up to date. */
  adopt(member: ConsumerMember, face: MemberFace, regex: Regex | null): void {
    const before = member.face;
    member.face = face;
    let changed = this.groupEpoch === 0 || !sameNames(before.topicNames, face.topicNames);
    if (before.topicRegex !== face.topicRegex) {
      const fellow = this.members().find((other) => other !== member && other.face.topicRegex === face.topicRegex);
      member.regex = face.topicRegex === '' ? null : regex;
      member.found = fellow?.found ?? [];
      // As in Kafka a regex that is no more changes nothing until something else does.
      changed ||= fellow !== undefined && face.topicRegex !== '';
      member.unresolved = member.regex !== null && (fellow?.unresolved ?? true);
      if (member.unresolved) this.#resolveSoon();
    }
    this.#members.set(member.memberId, member);
    if (face.instanceId !== null) this.#statics.set(face.instanceId, member.memberId);
    this.#refresh(changed);
  }

  /** One step of a member towards its target. */
  reconcile(member: ConsumerMember, owned: PartitionSets | null): void {
    const target = { epoch: this.assignmentEpoch, partitions: this.targetOf(member.memberId) };
    const next = nextStep(member, target, (topicId, p) => this.#held.has(`${topicId} ${p}`), owned);
    if (next === null) return;
    this.#release(member);
    member.previousEpoch = member.epoch;
    member.epoch = next.epoch;
    member.state = next.state;
    member.assigned = next.assigned;
    member.revoking = next.revoking;
    this.#hold(member);
    if (member.face.classic !== null) return;
    if (next.state !== 'unrevoked') member.clear('rebalance');
    else
      this.startTimer(member, 'rebalance', member.face.rebalanceTimeoutMs, 'it did not give up its partitions in time');
  }

  /** Whether something of its target is still somebody else's. */
  waits(member: ConsumerMember): boolean {
    const missing = filtered(
      this.targetOf(member.memberId),
      (topicId, partition) => !(member.assigned.get(topicId)?.has(partition) ?? false),
    );
    return [...missing].some(([topicId, set]) =>
      [...set].some((partition) => this.#held.has(`${topicId} ${partition}`)),
    );
  }

  /** The member is out when this ends; a timer that runs begins again. */
  startTimer(member: ConsumerMember, name: TimerName, ms: number, reason: string): void {
    member.clear(name);
    member.timers[name] = this.options.clock.setTimer(ms, () => this.fence(member, reason));
  }

  /** The member is out, and the group may be a classic one thereafter. */
  fence(member: ConsumerMember, reason: string): void {
    if (this.#members.get(member.memberId) !== member) return;
    this.options.log(this.id, `member ${member.memberId} is out: ${reason}`);
    const others = this.members().filter((other) => other !== member);
    if (others.length > 0 && member.face.classic === null && others.every((other) => other.face.classic !== null)) {
      this.options.downgrade(this, member.memberId, false);
      return;
    }
    this.remove(member);
    this.groupEpoch++;
  }

  /** Takes a member out; the caller raises the epoch. */
  remove(member: ConsumerMember): void {
    member.clearAll();
    this.#release(member);
    this.#members.delete(member.memberId);
    const { instanceId } = member.face;
    if (instanceId !== null && this.#statics.get(instanceId) === member.memberId) this.#statics.delete(instanceId);
    const targets = new Map(this.#targets);
    targets.delete(member.memberId);
    this.#targets = targets;
    if (this.#members.size === 0) this.emptySince = this.options.clock.now();
  }

  /** Puts a member in as it is, with its partitions as its target: one of the classic group that this one was. */
  restore(member: ConsumerMember): void {
    this.#members.set(member.memberId, member);
    if (member.face.instanceId !== null) this.#statics.set(member.face.instanceId, member.memberId);
    this.#targets = new Map(this.#targets).set(member.memberId, member.assigned);
    this.#hold(member);
  }

  /** The members that were put in have their targets in this epoch: nothing is to be done. */
  begin(epoch: number): void {
    this.groupEpoch = epoch;
    this.assignmentEpoch = epoch;
    this.#topicsVersion = this.options.topics.version;
    this.#sizes = this.#subscribed();
  }

  /** Sets the targets of the members that are named and in it, and runs no assignor from now on; null runs it again. */
  setTargets(targets: ReadonlyMap<string, PartitionSets> | null): void {
    this.#manual = targets !== null;
    this.groupEpoch++;
    if (targets === null) return;
    const known = [...targets].filter(([memberId]) => this.#members.has(memberId));
    this.#targets = new Map([...this.#targets, ...known]);
    this.assignmentEpoch = this.groupEpoch;
  }

  /**
   * Takes all partitions from all members, and then gives them anew; each step comes with a member's next heartbeat. With
   * targets that a test has set nothing but the epoch changes.
   */
  rebalance(reason: string): void {
    if (this.#members.size === 0) return;
    this.options.log(this.id, `rebalance: ${reason}`);
    this.#lettingGo = !this.#manual;
    this.groupEpoch++;
  }

  #giveAnew(): void {
    const has = ({ epoch, assigned, revoking }: ConsumerMember): boolean =>
      epoch !== LEFT_STATIC && countOf(assigned) + countOf(revoking) > 0;
    if (!this.#lettingGo || this.members().some(has)) return;
    this.#lettingGo = false;
    this.groupEpoch++;
  }

  /** No timer is left. */
  close(): void {
    this.#resolving?.clear();
    for (const member of this.#members.values()) member.clearAll();
    this.#members.clear();
  }

  #leave({ memberId, memberEpoch, instanceId }: ConsumerHeartbeat): ConsumerHeartbeatAnswer {
    const member =
      instanceId === null ? this.dynamicMember(memberId, false) : this.instance(memberId, instanceId, false, false);
    if (memberEpoch === LEFT_STATIC) {
      this.#release(member);
      member.epoch = LEFT_STATIC;
      member.revoking = NO_PARTITIONS;
      this.#hold(member);
    } else {
      this.fence(member, 'it left');
    }
    return {
      memberId,
      memberEpoch: memberEpoch === LEFT_STATIC ? LEFT_STATIC : LEFT,
      heartbeatIntervalMs: 0,
      assignment: null,
    };
  }

  #replace(old: ConsumerMember, memberId: string): ConsumerMember {
    const target = this.targetOf(old.memberId);
    const { face, regex, found, state, assigned, revoking } = old;
    const member = Object.assign(new ConsumerMember(memberId), { face, regex, found, state, assigned, revoking });
    this.remove(old);
    this.restore(member);
    this.#targets = new Map(this.#targets).set(memberId, target);
    return member;
  }

  #refresh(changed: boolean): void {
    const { version } = this.options.topics;
    if (changed || version !== this.#topicsVersion) this.#raise(changed, version);
    if (this.groupEpoch > this.assignmentEpoch) this.#assign();
  }

  /** Raises the group's epoch if that must be, or if the topics that are subscribed to have changed. */
  #raise(changed: boolean, version: number): void {
    if (version !== this.#topicsVersion) this.#resolve();
    this.#topicsVersion = version;
    const sizes = this.#subscribed();
    const same = sizes.size === this.#sizes.size && [...sizes].every(([id, size]) => this.#sizes.get(id) === size);
    this.#sizes = sizes;
    if (changed || !same) this.groupEpoch++;
  }

  /** Sizes of the topics that are subscribed to and exist, by id. */
  #subscribed(): Map<string, number> {
    const names = new Set(this.members().flatMap((member) => [...member.topics()]));
    const topics = [...names].flatMap((name) => this.options.topics.get(name) ?? []);
    return new Map(topics.map(({ id, partitions }) => [id, partitions.length]));
  }

  #assign(): void {
    this.assignmentEpoch = this.groupEpoch;
    if (this.#manual) return;
    if (this.#lettingGo) {
      this.#targets = new Map();
      return;
    }
    const idsOf = (member: ConsumerMember): ReadonlySet<string> =>
      new Set([...member.topics()].flatMap((name) => this.options.topics.get(name)?.id ?? []));
    const members = this.members().map((member) => ({
      memberId: member.memberId,
      instanceId: member.face.instanceId,
      topicIds: idsOf(member),
      target: this.targetOf(member.memberId),
    }));
    this.#targets = ASSIGNORS[this.assignor](members, this.#sizes);
    this.options.log(this.id, `targets of epoch ${this.assignmentEpoch} for ${members.length} members`);
  }

  /** As in Kafka the heartbeat that brings a new regex does not wait for what it finds. */
  #resolveSoon(): void {
    this.#resolving ??= this.options.clock.setTimer(0, () => {
      this.#resolving = null;
      for (const member of this.#members.values()) member.unresolved = false;
      if (!this.#resolve()) return;
      this.groupEpoch++;
      this.#sizes = this.#subscribed();
    });
  }

  /** @returns whether a regex finds other topics than before. */
  #resolve(): boolean {
    let changed = false;
    for (const member of this.#members.values()) {
      const { regex } = member;
      if (member.unresolved) continue;
      const found = regex === null ? [] : [...this.options.topics.names()].filter((name) => regex.matches(name));
      if (!sameNames(found, member.found)) changed = true;
      member.found = found;
    }
    return changed;
  }

  #hold(member: ConsumerMember): void {
    for (const sets of [member.assigned, member.revoking]) {
      for (const [topicId, set] of sets) for (const p of set) this.#held.set(`${topicId} ${p}`, member.memberId);
    }
  }

  #release(member: ConsumerMember): void {
    for (const sets of [member.assigned, member.revoking]) {
      for (const [topicId, set] of sets) {
        for (const p of set) {
          if (this.#held.get(`${topicId} ${p}`) === member.memberId) this.#held.delete(`${topicId} ${p}`);
        }
      }
    }
  }
}

function unknown(message: string): Refusal {
  return new Refusal(E.UNKNOWN_MEMBER_ID, message);
}

function wrongEpoch(member: ConsumerMember, epoch: number): number {
  if (epoch === member.epoch) return E.NONE;
  return member.face.classic === null ? E.STALE_MEMBER_EPOCH : E.ILLEGAL_GENERATION;
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  const names = new Set(one);
  return names.size === new Set(other).size && other.every((name) => names.has(name));
}

function compiled(source: string): Regex | null {
  if (source === '') return null;
  try {
    return new Regex(source);
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'RegexError') throw error;
    const text = `SubscribedTopicRegex \`${source}\` is not a valid regular expression: ${message}.`;
    throw new Refusal(E.INVALID_REGULAR_EXPRESSION, text);
  }
}

function faceOf(before: MemberFace, request: ConsumerHeartbeat): MemberFace {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs } = request;
  return {
    instanceId: instanceId ?? before.instanceId,
    rackId: rackId ?? before.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
    assignor: request.serverAssignor ?? before.assignor,
    topicNames: request.subscribedTopicNames ?? before.topicNames,
    topicRegex: request.subscribedTopicRegex ?? before.topicRegex,
    classic: null,
  };
}
