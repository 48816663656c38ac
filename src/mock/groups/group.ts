// One classic consumer group: its states, its members, its rebalances, after Kafka's group coordinator. @thread mock
//
//   Empty -> PreparingRebalance (members join) -> CompletingRebalance (the leader assigns) -> Stable
//
// Any change of the members leads from Stable or CompletingRebalance back to PreparingRebalance; the last member
// that goes leads to Empty.
import type { Clock, Timer } from '../../rd/clock.ts';
import { E } from '../codes.ts';
import {
  chooseProtocol,
  type JoinAnswer,
  type JoinRequest,
  joinError,
  Member,
  NO_BYTES,
  type SyncAnswer,
  type SyncRequest,
  syncError,
} from './member.ts';
import { GroupOffsets } from './offsets.ts';
import { type GroupState, groupStates } from './states.ts';

type Answer<T> = (answer: T) => void;

export interface GroupOptions {
  readonly clock: Clock;
  readonly log: (group: string, text: string) => void;
  readonly newMemberId: (clientId: string) => string;
  /** Read at each use: a test may change it. */
  readonly initialRebalanceDelayMs: () => number;
  readonly maxMembers: number;
}

export class Group {
  readonly type = 'classic';
  readonly id: string;
  readonly offsets: GroupOffsets;
  generationId = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  /** Monotonic ms since which nobody is in it. */
  emptySince: number;
  readonly #options: GroupOptions;
  readonly #states: ReturnType<typeof groupStates>;
  readonly #members: Map<string, Member> = new Map();
  /** Ids handed out with MEMBER_ID_REQUIRED that have not come back yet. */
  readonly #pending: Map<string, Timer> = new Map();
  /** group.instance.id -> member id. */
  readonly #statics: Map<string, string> = new Map();
  #leader: string | null = null;
  #joinTimer: Timer | null = null;
  #syncTimer: Timer | null = null;
  /** Members from which the sync of this generation is still to come. */
  #unsynced: Set<string> = new Set();
  /** While the first rebalance waits for more members. */
  #initial: { until: number; joined: boolean } | null = null;

  constructor(id: string, options: GroupOptions, offsets: GroupOffsets = new GroupOffsets()) {
    this.id = id;
    this.offsets = offsets;
    this.#options = options;
    this.#states = groupStates((text) => options.log(id, text));
    this.emptySince = options.clock.now();
  }

  get state(): GroupState {
    return this.#states.state;
  }

  get leader(): string | null {
    return this.#leader;
  }

  members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Whether an id was handed out that has not joined yet. */
  get awaited(): boolean {
    return this.#pending.size > 0;
  }

  /** Answers at once, or when the rebalance that it starts or joins is complete. */
  join(request: JoinRequest, answer: Answer<JoinAnswer>): void {
    const error = this.#checkJoin(request);
    if (error !== E.NONE) {
      answer(joinError(error, request.memberId));
      return;
    }
    const { memberId, groupInstanceId: instance } = request;
    if (memberId === '') {
      const replaced = instance === null ? undefined : this.#statics.get(instance);
      if (replaced !== undefined) {
        this.#replaceStatic(replaced, request, answer);
        return;
      }
      const fresh = this.#options.newMemberId(instance ?? request.clientId);
      if (instance === null && request.knowsMemberIdRequired) {
        this.#requireMemberId(fresh, request, answer);
        return;
      }
      this.#add(fresh, request, answer);
      return;
    }
    const pending = this.#pending.get(memberId);
    if (pending !== undefined && instance === null) {
      pending.clear();
      this.#pending.delete(memberId);
      this.#add(memberId, request, answer);
      return;
    }
    const wrong = this.#checkMember(memberId, instance);
    if (wrong !== E.NONE) {
      answer(joinError(wrong, memberId));
      return;
    }
    this.#rejoin(this.#members.get(memberId) as Member, request, answer);
  }

  /** Answers at once, or when the leader has brought the assignment. */
  sync(request: SyncRequest, answer: Answer<SyncAnswer>): void {
    const error = this.#checkSync(request);
    if (error !== E.NONE) {
      answer(syncError(error));
      return;
    }
    const member = this.#members.get(request.memberId) as Member;
    member.answerSync(syncError(E.REBALANCE_IN_PROGRESS));
    this.#unsynced.delete(member.memberId);
    if (this.state === 'Stable') {
      this.#active(member);
      answer(this.#assignmentOf(member));
    } else {
      member.sync = answer;
      member.session?.clear();
      if (member.memberId === this.#leader) this.#assign(request.assignments);
    }
    if (this.#unsynced.size === 0) this.#clearSyncTimer();
  }

  /** @returns an error code; 0 keeps the member alive for another session timeout. */
  heartbeat(memberId: string, groupInstanceId: string | null, generationId: number): number {
    if (this.state === 'Empty') return E.UNKNOWN_MEMBER_ID;
    const wrong = this.#checkMember(memberId, groupInstanceId);
    if (wrong !== E.NONE) return wrong;
    if (generationId !== this.generationId) return E.ILLEGAL_GENERATION;
    this.#active(this.#members.get(memberId) as Member);
    return this.state === 'PreparingRebalance' ? E.REBALANCE_IN_PROGRESS : E.NONE;
  }

  /** A member goes by itself; a static one may be named by its instance id alone. @returns an error code. */
  leave(memberId: string, groupInstanceId: string | null): number {
    const pending = this.#pending.get(memberId);
    if (pending !== undefined) {
      pending.clear();
      this.#pending.delete(memberId);
      this.#maybeComplete();
      return E.NONE;
    }
    const id = memberId === '' && groupInstanceId !== null ? this.#statics.get(groupInstanceId) : memberId;
    if (id === undefined) return E.UNKNOWN_MEMBER_ID;
    const wrong = this.#checkMember(id, groupInstanceId);
    if (wrong !== E.NONE) return wrong;
    this.#remove(this.#members.get(id) as Member, 'left');
    return E.NONE;
  }

  /** Whether a member of this generation may commit now; without members anyone may, by generation -1. */
  checkCommit(memberId: string, groupInstanceId: string | null, generationId: number, _version?: number): number {
    if (this.state === 'Empty') return generationId < 0 ? E.NONE : E.UNKNOWN_MEMBER_ID;
    const wrong = this.#checkMember(memberId, groupInstanceId);
    if (wrong !== E.NONE) return wrong;
    if (generationId !== this.generationId) return E.ILLEGAL_GENERATION;
    if (this.state === 'CompletingRebalance') return E.REBALANCE_IN_PROGRESS;
    this.#active(this.#members.get(memberId) as Member);
    return E.NONE;
  }

  /** Puts the members in of the KIP-848 group that this was, who have their assignments. */
  restore(generationId: number, protocolType: string, members: readonly Member[]): void {
    this.generationId = generationId;
    this.protocolType = protocolType;
    this.protocolName = chooseProtocol(members);
    for (const member of members) {
      this.#members.set(member.memberId, member);
      if (member.groupInstanceId !== null) this.#statics.set(member.groupInstanceId, member.memberId);
      this.#leader ??= member.memberId;
      this.#active(member);
    }
    this.#states.enter('Stable', `restored with ${members.length} members`);
  }

  /** Makes all members join again. */
  rebalance(reason: string): void {
    if (this.state === 'Stable' || this.state === 'CompletingRebalance') this.#prepare(reason);
  }

  /** No timer is left, and nobody waits: they are answered `errorCode`. */
  close(errorCode: number = E.COORDINATOR_NOT_AVAILABLE): void {
    this.#joinTimer?.clear();
    this.#syncTimer?.clear();
    for (const timer of this.#pending.values()) timer.clear();
    this.#states.enter('Dead', 'closed');
    for (const member of this.#members.values()) {
      member.session?.clear();
      member.answerJoin(joinError(errorCode, member.memberId));
      member.answerSync(syncError(errorCode));
    }
  }

  #checkJoin(request: JoinRequest): number {
    const known = request.memberId !== '' && this.#members.has(request.memberId);
    if (!known && this.#members.size + this.#pending.size >= this.#options.maxMembers) {
      if (!this.#pending.has(request.memberId)) return E.GROUP_MAX_SIZE_REACHED;
    }
    if (request.protocolType === '' || request.protocols.length === 0) return E.INCONSISTENT_GROUP_PROTOCOL;
    if (this.#members.size === 0) return E.NONE;
    if (this.protocolType !== request.protocolType) return E.INCONSISTENT_GROUP_PROTOCOL;
    // As in Kafka what the member itself had before counts, too.
    const common = request.protocols.some((p) => this.members().every((m) => m.supports(p.name)));
    return common ? E.NONE : E.INCONSISTENT_GROUP_PROTOCOL;
  }

  #checkMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const current = this.#statics.get(groupInstanceId);
      if (current === undefined) return E.UNKNOWN_MEMBER_ID;
      return current === memberId ? E.NONE : E.FENCED_INSTANCE_ID;
    }
    return this.#members.has(memberId) ? E.NONE : E.UNKNOWN_MEMBER_ID;
  }

  #checkSync(request: SyncRequest): number {
    if (this.state === 'Empty') return E.UNKNOWN_MEMBER_ID;
    const wrong = this.#checkMember(request.memberId, request.groupInstanceId);
    if (wrong !== E.NONE) return wrong;
    if (request.generationId !== this.generationId) return E.ILLEGAL_GENERATION;
    if (request.protocolType !== null && request.protocolType !== this.protocolType)
      return E.INCONSISTENT_GROUP_PROTOCOL;
    if (request.protocolName !== null && request.protocolName !== this.protocolName)
      return E.INCONSISTENT_GROUP_PROTOCOL;
    return this.state === 'PreparingRebalance' ? E.REBALANCE_IN_PROGRESS : E.NONE;
  }

  #requireMemberId(memberId: string, request: JoinRequest, answer: Answer<JoinAnswer>): void {
    const forget = (): void => {
      this.#pending.delete(memberId);
      this.#maybeComplete();
    };
    this.#pending.set(memberId, this.#options.clock.setTimer(request.sessionTimeoutMs, forget));
    answer(joinError(E.MEMBER_ID_REQUIRED, memberId));
  }

  #add(memberId: string, request: JoinRequest, answer: Answer<JoinAnswer>): void {
    const member = new Member(memberId, request);
    member.join = answer;
    if (this.#members.size === 0) this.protocolType = request.protocolType;
    this.#members.set(memberId, member);
    if (request.groupInstanceId !== null) this.#statics.set(request.groupInstanceId, memberId);
    this.#leader ??= memberId;
    if (this.#initial !== null) this.#initial.joined = true;
    this.#joined(`member ${memberId} joined`);
  }

  #rejoin(member: Member, request: JoinRequest, answer: Answer<JoinAnswer>): void {
    const same = member.sameProtocols(request.protocols);
    if (same && this.state === 'CompletingRebalance') {
      answer(this.#joinAnswer(member));
      return;
    }
    if (same && this.state === 'Stable' && member.memberId !== this.#leader) {
      this.#active(member);
      answer(this.#joinAnswer(member));
      return;
    }
    this.#wait(member, request, answer);
    this.#joined(`member ${member.memberId} joined again`);
  }

  /** A static member came back without its id: it takes the old one's place, and the old one is fenced. */
  #replaceStatic(oldId: string, request: JoinRequest, answer: Answer<JoinAnswer>): void {
    const old = this.#members.get(oldId) as Member;
    const memberId = this.#options.newMemberId(request.groupInstanceId as string);
    const member = new Member(memberId, request);
    member.assignment = old.assignment;
    old.session?.clear();
    old.answerJoin(joinError(E.FENCED_INSTANCE_ID, oldId));
    old.answerSync(syncError(E.FENCED_INSTANCE_ID));
    this.#members.delete(oldId);
    this.#members.set(memberId, member);
    this.#statics.set(request.groupInstanceId as string, memberId);
    if (this.#unsynced.delete(oldId)) this.#unsynced.add(memberId);
    const led = this.#leader === oldId;
    if (led) this.#leader = memberId;
    if (this.state === 'Stable' && chooseProtocol(this.members()) === this.protocolName) {
      this.#active(member);
      const current = this.#joinAnswer(member);
      if (!led) {
        answer(current);
        return;
      }
      // Nothing has changed for the others: the leader must not assign anew. Old clients take a stranger for leader.
      if (request.knowsSkipAssignment) {
        answer({ ...current, skipAssignment: true });
        return;
      }
      answer({ ...current, leader: oldId, members: [] });
      return;
    }
    this.#wait(member, request, answer);
    this.#joined(`static member ${memberId} took the place of ${oldId}`);
  }

  #wait(member: Member, request: JoinRequest, answer: Answer<JoinAnswer>): void {
    member.answerJoin(joinError(E.REBALANCE_IN_PROGRESS, member.memberId));
    member.answerSync(syncError(E.REBALANCE_IN_PROGRESS));
    member.protocols = request.protocols;
    member.sessionTimeoutMs = request.sessionTimeoutMs;
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    member.join = answer;
    member.session?.clear();
  }

  #joined(reason: string): void {
    if (this.state !== 'PreparingRebalance') this.#prepare(reason);
    else this.#maybeComplete();
  }

  #prepare(reason: string): void {
    const { clock } = this.#options;
    this.#clearSyncTimer();
    for (const member of this.#members.values()) {
      if (this.state === 'CompletingRebalance') member.assignment = NO_BYTES;
      if (member.sync === null) continue;
      member.answerSync(syncError(E.REBALANCE_IN_PROGRESS));
      this.#active(member);
    }
    const first = this.state === 'Empty';
    this.#states.enter('PreparingRebalance', reason);
    const timeout = this.#rebalanceTimeout();
    const delay = Math.min(this.#options.initialRebalanceDelayMs(), timeout);
    if (first && delay > 0) {
      this.#initial = { until: clock.now() + timeout, joined: false };
      this.#joinTimer = clock.setTimer(delay, () => this.#initialDelayOver());
      return;
    }
    this.#joinTimer = clock.setTimer(timeout, () => this.#completeJoin());
    this.#maybeComplete();
  }

  /** Each new member prolongs the wait once more, up to the rebalance timeout. */
  #initialDelayOver(): void {
    const initial = this.#initial as { until: number; joined: boolean };
    const { clock } = this.#options;
    const delay = Math.min(this.#options.initialRebalanceDelayMs(), initial.until - clock.now());
    if (!initial.joined || delay <= 0) {
      this.#completeJoin();
      return;
    }
    initial.joined = false;
    this.#joinTimer = clock.setTimer(delay, () => this.#initialDelayOver());
  }

  #maybeComplete(): void {
    if (this.state !== 'PreparingRebalance' || this.#initial !== null || this.#pending.size > 0) return;
    for (const member of this.#members.values()) if (member.join === null) return;
    this.#completeJoin();
  }

  #completeJoin(): void {
    this.#joinTimer?.clear();
    this.#joinTimer = null;
    this.#initial = null;
    for (const member of this.members()) {
      if (member.join === null && member.groupInstanceId === null) this.#forget(member);
    }
    const joined = this.members().filter((m) => m.join !== null);
    if (this.#members.size === 0) {
      this.#becomeEmpty('no member joined again');
      return;
    }
    const { clock } = this.#options;
    if (joined.length === 0) {
      // Only static members that have not come back: they stay until their sessions end.
      this.#joinTimer = clock.setTimer(this.#rebalanceTimeout(), () => this.#completeJoin());
      return;
    }
    if (!joined.some((m) => m.memberId === this.#leader)) this.#leader = joined[0].memberId;
    this.generationId++;
    this.protocolName = chooseProtocol(this.members());
    this.#states.enter('CompletingRebalance', `generation ${this.generationId}, ${this.#members.size} members`);
    this.#unsynced = new Set(this.#members.keys());
    this.#syncTimer = clock.setTimer(this.#rebalanceTimeout(), () => this.#syncTimeout());
    for (const member of this.members()) {
      this.#active(member);
      member.answerJoin(this.#joinAnswer(member));
    }
  }

  #assign(assignments: ReadonlyMap<string, Uint8Array>): void {
    this.#states.enter('Stable', `assignment of generation ${this.generationId}`);
    for (const member of this.#members.values()) {
      member.assignment = assignments.get(member.memberId) ?? NO_BYTES;
      if (member.sync === null) continue;
      member.answerSync(this.#assignmentOf(member));
      this.#active(member);
    }
  }

  #syncTimeout(): void {
    this.#syncTimer = null;
    const late = this.members().filter((m) => this.#unsynced.has(m.memberId));
    for (const member of late) this.#forget(member);
    if (late.length > 0) this.#membersGone(`${late.length} members did not sync in time`);
  }

  #remove(member: Member, reason: string): void {
    this.#forget(member);
    this.#membersGone(`member ${member.memberId} ${reason}`);
  }

  #forget(member: Member): void {
    member.session?.clear();
    this.#members.delete(member.memberId);
    this.#unsynced.delete(member.memberId);
    const instance = member.groupInstanceId;
    if (instance !== null && this.#statics.get(instance) === member.memberId) this.#statics.delete(instance);
    if (this.#leader === member.memberId) this.#leader = this.#members.keys().next().value ?? null;
    member.answerJoin(joinError(E.UNKNOWN_MEMBER_ID, member.memberId));
    member.answerSync(syncError(E.UNKNOWN_MEMBER_ID));
  }

  #membersGone(reason: string): void {
    if (this.#members.size === 0 && this.#pending.size === 0) this.#becomeEmpty(reason);
    else if (this.state === 'PreparingRebalance') this.#maybeComplete();
    else if (this.state !== 'Empty') this.#prepare(reason);
  }

  #becomeEmpty(reason: string): void {
    this.#joinTimer?.clear();
    this.#joinTimer = null;
    this.#clearSyncTimer();
    this.#initial = null;
    this.#leader = null;
    this.protocolName = null;
    this.emptySince = this.#options.clock.now();
    if (this.state === 'Empty') return;
    if (this.state !== 'PreparingRebalance') this.#states.enter('PreparingRebalance', reason);
    this.generationId++;
    this.#states.enter('Empty', reason);
  }

  /** The member lives: its session starts again. While it waits for an answer of ours none runs. */
  #active(member: Member): void {
    const expired = (): void => this.#remove(member, `was silent for ${member.sessionTimeoutMs} ms`);
    member.session?.clear();
    member.session = this.#options.clock.setTimer(member.sessionTimeoutMs, expired);
  }

  #joinAnswer(member: Member): JoinAnswer {
    const protocolName = this.protocolName ?? '';
    const leads = member.memberId === this.#leader;
    const members = leads
      ? this.members().map((m) => ({
          memberId: m.memberId,
          groupInstanceId: m.groupInstanceId,
          metadata: m.metadataOf(protocolName),
        }))
      : [];
    return {
      errorCode: E.NONE,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName,
      leader: this.#leader ?? '',
      skipAssignment: false,
      memberId: member.memberId,
      members,
    };
  }

  #assignmentOf(member: Member): SyncAnswer {
    const { protocolType, protocolName } = this;
    return { errorCode: E.NONE, protocolType, protocolName, assignment: member.assignment };
  }

  #rebalanceTimeout(): number {
    return Math.max(1, ...this.members().map((m) => m.rebalanceTimeoutMs));
  }

  #clearSyncTimer(): void {
    this.#syncTimer?.clear();
    this.#syncTimer = null;
    this.#unsynced.clear();
  }
}
