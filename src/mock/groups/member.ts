// A member of a classic group, and the requests and answers in the group's words. @thread mock
import type { Timer } from '../../rd/clock.ts';

export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface JoinRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
  /** The client understands MEMBER_ID_REQUIRED (v4 on). */
  readonly knowsMemberIdRequired: boolean;
  /** The client understands skipAssignment (v9 on). */
  readonly knowsSkipAssignment: boolean;
}

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Uint8Array;
}

export interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  readonly members: readonly JoinedMember[];
}

export interface SyncRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: ReadonlyMap<string, Uint8Array>;
}

export interface SyncAnswer {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

export const NO_BYTES: Uint8Array = new Uint8Array(0);

export function joinError(errorCode: number, memberId: string): JoinAnswer {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function syncError(errorCode: number): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES };
}

export class Member {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly GroupProtocol[];
  assignment: Uint8Array = NO_BYTES;
  /** Answers the join or sync that this member waits in. */
  join: ((answer: JoinAnswer) => void) | null = null;
  sync: ((answer: SyncAnswer) => void) | null = null;
  session: Timer | null = null;

  constructor(memberId: string, request: JoinRequest) {
    this.memberId = memberId;
    this.groupInstanceId = request.groupInstanceId;
    this.clientId = request.clientId;
    this.clientHost = request.clientHost;
    this.sessionTimeoutMs = request.sessionTimeoutMs;
    this.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    this.protocols = request.protocols;
  }

  metadataOf(protocolName: string): Uint8Array {
    return this.protocols.find((p) => p.name === protocolName)?.metadata ?? NO_BYTES;
  }

  supports(protocolName: string): boolean {
    return this.protocols.some((p) => p.name === protocolName);
  }

  sameProtocols(other: readonly GroupProtocol[]): boolean {
    if (other.length !== this.protocols.length) return false;
    return this.protocols.every((p, i) => {
      const { name, metadata } = other[i];
      return p.name === name && Buffer.compare(p.metadata, metadata) === 0;
    });
  }

  answerJoin(answer: JoinAnswer): void {
    const { join } = this;
    this.join = null;
    join?.(answer);
  }

  answerSync(answer: SyncAnswer): void {
    const { sync } = this;
    this.sync = null;
    sync?.(answer);
  }
}

/** The protocol that most members prefer among those that all support; null if there is none. */
export function chooseProtocol(members: readonly Member[]): string | null {
  const votes = new Map<string, number>();
  for (const member of members) {
    const vote = member.protocols.find((p) => members.every((other) => other.supports(p.name)));
    if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
  }
  let chosen: string | null = null;
  for (const [name, count] of votes) if (chosen === null || count > (votes.get(chosen) ?? 0)) chosen = name;
  return chosen;
}
