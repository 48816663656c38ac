// All groups of a cluster, classic and KIP-848 ones, and which of the two a group is. A group outlives a move of its
// coordinator. @thread mock
import { E } from '../codes.ts';
import { heartbeatInside, joinInside, leaveInside, syncInside } from './classic_inside.ts';
import { ConsumerGroup, type ConsumerGroupOptions } from './consumer_group.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatAnswer } from './consumer_request.ts';
import { Group, type GroupOptions } from './group.ts';
import {
  type JoinAnswer,
  type JoinRequest,
  joinError,
  type SyncAnswer,
  type SyncRequest,
  syncError,
} from './member.ts';
import { toClassic, toConsumer } from './migration.ts';
import { GroupOffsets } from './offsets.ts';
import { orRefused, Refusal } from './refusal.ts';

/** Kafka's offsets.retention.check.interval.ms. */
const SWEEP_MS = 600_000;

export type AnyGroup = Group | ConsumerGroup;

export interface GroupsOptions extends GroupOptions, Omit<ConsumerGroupOptions, 'downgrade'> {
  /** Offsets of a group without members are kept this long (ms). */
  readonly offsetsRetentionMs: number;
}

export class Groups {
  readonly #groups: Map<string, AnyGroup> = new Map();
  readonly #options: GroupsOptions;
  readonly #consumerOptions: ConsumerGroupOptions;
  #sweptAt: number;

  constructor(options: GroupsOptions) {
    this.#options = options;
    this.#sweptAt = options.clock.now();
    this.#consumerOptions = {
      ...options,
      downgrade: (group, leaving, joined) => {
        options.log(group.id, 'has no member of the consumer protocol any more, it is a classic group again');
        this.#groups.set(group.id, toClassic(group, leaving, joined, options));
      },
    };
  }

  /** The group, if it has members, offsets or a recent history; offsets that are too old go first. */
  find(id: string): AnyGroup | undefined {
    const group = this.#groups.get(id);
    if (group !== undefined) this.#expire(group);
    return this.#groups.get(id);
  }

  /** The group, created as a classic one if there is none. */
  get(id: string): AnyGroup {
    return this.find(id) ?? this.#put(new Group(id, this.#options));
  }

  all(): readonly AnyGroup[] {
    for (const group of [...this.#groups.values()]) this.#expire(group);
    return [...this.#groups.values()];
  }

  /** Of those that are remembered, old ones too. */
  get count(): number {
    return this.#groups.size;
  }

  /** JoinGroup: answers at once, or when the rebalance is complete. */
  join(id: string, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const found = this.find(id);
    if (found === undefined && request.memberId !== '') {
      answer(joinError(E.UNKNOWN_MEMBER_ID, request.memberId));
      return;
    }
    if (found?.type === 'consumer' && found.members().length > 0) {
      const refused = ({ errorCode }: Refusal): JoinAnswer => joinError(errorCode, request.memberId);
      answer(orRefused(() => protocolChecked(() => joinInside(found, request)), refused));
      return;
    }
    this.#classic(found, id).join(request, answer);
  }

  /** SyncGroup: answers at once, or when the leader has brought the assignment. */
  sync(id: string, request: SyncRequest, answer: (answer: SyncAnswer) => void): void {
    const group = this.find(id);
    if (group?.type === 'classic') {
      group.sync(request, answer);
      return;
    }
    const refused = ({ errorCode }: Refusal): SyncAnswer => syncError(errorCode);
    answer(group === undefined ? syncError(E.UNKNOWN_MEMBER_ID) : orRefused(() => syncInside(group, request), refused));
  }

  /** Heartbeat. @returns an error code. */
  heartbeat(id: string, memberId: string, groupInstanceId: string | null, generationId: number): number {
    const group = this.find(id);
    if (group === undefined) return E.UNKNOWN_MEMBER_ID;
    if (group.type === 'classic') return group.heartbeat(memberId, groupInstanceId, generationId);
    return orRefused(() => heartbeatInside(group, memberId, groupInstanceId, generationId), codeOf);
  }

  /** One member of LeaveGroup. @returns an error code. */
  leave(id: string, memberId: string, groupInstanceId: string | null): number {
    const group = this.find(id);
    if (group === undefined) return E.UNKNOWN_MEMBER_ID;
    if (group.type === 'classic') return group.leave(memberId, groupInstanceId);
    return orRefused(() => leaveInside(group, memberId, groupInstanceId), codeOf);
  }

  /** ConsumerGroupHeartbeat that checkHeartbeat has passed. @throws Refusal */
  consumerHeartbeat(request: ConsumerHeartbeat): ConsumerHeartbeatAnswer {
    const { groupId: id, memberEpoch } = request;
    const found = this.find(id);
    if (found?.type === 'consumer') return found.heartbeat(request);
    if (memberEpoch !== 0) throw new Refusal(E.GROUP_ID_NOT_FOUND, `Group ${id} is not a consumer group.`);
    if (found !== undefined && found.state !== 'Empty') {
      return (this.#put(toConsumer(found, this.#consumerOptions)) as ConsumerGroup).heartbeat(request);
    }
    const group = new ConsumerGroup(id, found?.offsets ?? new GroupOffsets(), this.#consumerOptions);
    const answer = group.heartbeat(request);
    found?.close();
    this.#put(group);
    return answer;
  }

  /** Forgets the offsets of a topic that was deleted. */
  topicDeleted(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.deleteTopic(topic);
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
    this.#groups.clear();
  }

  /** A classic group with this id; what was a KIP-848 one has no members any more. */
  #classic(found: AnyGroup | undefined, id: string): Group {
    if (found?.type === 'classic') return found;
    found?.close();
    const group = new Group(id, this.#options, found?.offsets);
    this.#put(group);
    return group;
  }

  #put(group: AnyGroup): AnyGroup {
    const now = this.#options.clock.now();
    if (now - this.#sweptAt > SWEEP_MS) {
      this.#sweptAt = now;
      this.all();
    }
    this.#groups.set(group.id, group);
    return group;
  }

  #expire(group: AnyGroup): void {
    if (group.state !== 'Empty' || (group.type === 'classic' && group.awaited)) return;
    const now = this.#options.clock.now();
    const oldest = now - this.#options.offsetsRetentionMs;
    if (!group.offsets.empty && group.emptySince <= oldest) group.offsets.expireBefore(oldest);
    // One that never had offsets goes as soon as Kafka looks for such, or sooner if offsets would.
    if (!group.offsets.empty || group.emptySince > now - Math.min(SWEEP_MS, this.#options.offsetsRetentionMs)) return;
    group.close();
    this.#groups.delete(group.id);
  }
}

function codeOf({ errorCode }: Refusal): number {
  return errorCode;
}

/** What is no subscription is told as Kafka tells it. */
function protocolChecked<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if ((error as Error).name !== 'ProtocolError') throw error;
    throw new Refusal(E.UNKNOWN_SERVER_ERROR, (error as Error).message);
  }
}
