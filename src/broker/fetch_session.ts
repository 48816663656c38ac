// The fetch session with one broker (KIP-227): a request names only what has changed since the last one, and the answer
// only partitions of which there is news. @thread broker
//
// It is never closed: with nothing to fetch it lies there until there is something again, or until the broker needs the
// room, which it may have as soon as nobody has asked for two minutes.

import type { FetchPartition } from './fetch_partition.ts';

const FIRST_EPOCH = 0;
const MAX_EPOCH = 0x7fffffff;

/** What one request has to say. */
export interface FetchTurn {
  readonly number: number;
  readonly sessionId: number;
  readonly epoch: number;
  /** Topics go by id, not by name. */
  readonly byId: boolean;
  /** Everything that is to be fetched; the answer tells of these. */
  readonly due: readonly FetchPartition[];
  /** Those of them that the request has to name. */
  readonly named: readonly FetchPartition[];
  /** Those that the broker is to forget. */
  readonly forgotten: readonly FetchPartition[];
}

export class FetchSession {
  private sessionId: number;
  /** Of the next request. */
  private epoch: number;
  private byId: boolean;
  private turns: number;
  /** Counts what was begun, so that a partition knows whether the broker has it (Sent.session). */
  private sessions: number;
  /** Partitions that the broker has. */
  private size: number;
  /** What the broker has, by topic name or id, and partition. */
  private readonly topics: Map<string, Map<number, FetchPartition>>;

  constructor() {
    this.sessionId = 0;
    this.epoch = FIRST_EPOCH;
    this.byId = false;
    this.turns = 0;
    this.sessions = 1;
    this.size = 0;
    this.topics = new Map();
  }

  /** Notes what the next request says: there must be an `answered` or `failed` for each, in order. */
  next(due: readonly FetchPartition[], byId: boolean): FetchTurn {
    this.turns++;
    if (this.epoch === FIRST_EPOCH || byId !== this.byId) return this.full(due, byId);
    const named: FetchPartition[] = [];
    let known = 0;
    for (const part of due) {
      if (part.sent.session === this.sessions) known++;
      else if (this.replaces(part)) return this.full(due, byId);
      if (this.noteSent(part)) named.push(part);
    }
    const forgotten = known === this.size ? [] : this.forget();
    for (const part of named) this.add(part);
    return { number: this.turns, sessionId: this.sessionId, epoch: this.epoch, byId, due, named, forgotten };
  }

  /** A session that is open is closed by the same request that begins a new one. */
  private full(due: readonly FetchPartition[], byId: boolean): FetchTurn {
    this.epoch = FIRST_EPOCH;
    this.byId = byId;
    this.clear();
    for (const part of due) {
      this.noteSent(part);
      this.add(part);
    }
    return { number: this.turns, sessionId: this.sessionId, epoch: FIRST_EPOCH, byId, due, named: due, forgotten: [] };
  }

  private clear(): void {
    this.topics.clear();
    this.size = 0;
    this.sessions++;
  }

  /**
   * The partition was stopped and started anew since the last request: the broker would not tell of it again what it told
   * before, and no request may both name and forget it.
   */
  private replaces(part: FetchPartition): boolean {
    return this.topics.get(this.keyOf(part))?.has(part.number) === true;
  }

  /** Whether the broker has to be told. */
  private noteSent(part: FetchPartition): boolean {
    const { sent } = part;
    sent.turn = this.turns;
    const same =
      sent.offset === part.offset && sent.leaderEpoch === part.leaderEpoch && sent.maxBytes === part.maxBytes;
    if (same && sent.session === this.sessions) return false;
    sent.offset = part.offset;
    sent.leaderEpoch = part.leaderEpoch;
    sent.maxBytes = part.maxBytes;
    return true;
  }

  /** What is not to be fetched now. */
  private forget(): FetchPartition[] {
    const forgotten: FetchPartition[] = [];
    for (const partitions of this.topics.values())
      for (const part of partitions.values()) if (part.sent.turn !== this.turns) forgotten.push(part);
    for (const part of forgotten) {
      part.sent.session = 0;
      this.topics.get(this.keyOf(part))!.delete(part.number);
      this.size--;
    }
    return forgotten;
  }

  private keyOf(part: FetchPartition): string {
    return this.byId ? part.topicId : part.topic;
  }

  private add(part: FetchPartition): void {
    if (part.sent.session === this.sessions) return;
    part.sent.session = this.sessions;
    this.size++;
    const key = this.keyOf(part);
    const partitions = this.topics.get(key);
    if (partitions === undefined) this.topics.set(key, new Map([[part.number, part]]));
    else partitions.set(part.number, part);
  }

  /** A partition as an answer names it; undefined when we did not ask for it. */
  find(topic: string, topicId: string, partition: number): FetchPartition | undefined {
    return this.topics.get(this.byId ? topicId : topic)?.get(partition);
  }

  /** An answer without an error has come, with that session id: 0 when the broker keeps none (any more). */
  answered({ epoch }: FetchTurn, sessionId: number): void {
    this.sessionId = sessionId;
    if (sessionId === 0) this.epoch = FIRST_EPOCH;
    else this.epoch = epoch === MAX_EPOCH ? 1 : epoch + 1;
  }

  /** No answer, or an error for the request as a whole: nobody knows what the broker has. */
  failed(unknown: boolean): void {
    if (unknown) this.sessionId = 0;
    this.epoch = FIRST_EPOCH;
  }
}
