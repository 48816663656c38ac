// A member of a KIP-848 group: what it subscribes to, what it has, what it has to give up. @thread mock
import type { Timer } from '../../rd/clock.ts';
import type { GroupProtocol } from './member.ts';
import { NO_PARTITIONS, type PartitionSets } from './partition_sets.ts';
import type { Regex } from './regex.ts';

/** Of a static member that has left for a while. */
export const LEFT_STATIC = -2;

/** Its partitions against its target: all there, some to be given up first, some still somebody else's. */
export type MemberState = 'stable' | 'unrevoked' | 'unreleased';

/** What a member that speaks the classic protocol has besides. */
export interface ClassicSide {
  readonly sessionTimeoutMs: number;
  readonly protocols: readonly GroupProtocol[];
}

/** What of a member is its own business: all but epochs and partitions. */
export interface MemberFace {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly assignor: string | null;
  readonly topicNames: readonly string[];
  /** As the client wrote it, '' for none. */
  readonly topicRegex: string;
  /** Null for a member of the consumer protocol. */
  readonly classic: ClassicSide | null;
}

export const NEW_FACE: MemberFace = {
  instanceId: null,
  rackId: null,
  clientId: '',
  clientHost: '',
  rebalanceTimeoutMs: 0,
  assignor: null,
  topicNames: [],
  topicRegex: '',
  classic: null,
};

const TIMERS = ['session', 'rebalance', 'join', 'sync'] as const;
export type TimerName = (typeof TIMERS)[number];

export class ConsumerMember {
  readonly memberId: string;
  face: MemberFace = NEW_FACE;
  /** Of `face.topicRegex`, null for none. */
  regex: Regex | null = null;
  /** Topics that the regex has found. */
  found: readonly string[] = [];
  /** The regex is new: what it finds is not known yet. */
  unresolved = false;
  epoch = 0;
  previousEpoch = 0;
  state: MemberState = 'stable';
  assigned: PartitionSets = NO_PARTITIONS;
  revoking: PartitionSets = NO_PARTITIONS;
  readonly timers: Partial<Record<TimerName, Timer>> = {};

  constructor(memberId: string) {
    this.memberId = memberId;
  }

  /** Names and what the regex found, each once. */
  topics(): ReadonlySet<string> {
    return new Set([...this.face.topicNames, ...this.found]);
  }

  clear(name: TimerName): void {
    this.timers[name]?.clear();
    delete this.timers[name];
  }

  clearAll(): void {
    for (const name of TIMERS) this.clear(name);
  }
}
