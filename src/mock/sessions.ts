// Fetch sessions of one broker (KIP-227): what a client asks for is remembered, so that it need only say what is new, and
// is only told what is. @thread mock
import { randomInt } from 'node:crypto';
import type { FetchRequest } from '../protocol/messages.ts';
import { E } from './codes.ts';

/** Kafka's max.incremental.fetch.session.cache.slots. */
const MAX_SESSIONS = 1000;
/** One that was used so recently (ms) is not given up for another. */
const KEEP_MS = 120_000;
const MAX_ID = 2 ** 31 - 1;
/** Epochs of a request that is no part of a session, and of one that begins one. */
export const FINAL_EPOCH = -1;
export const INITIAL_EPOCH = 0;

type AskedPartition = FetchRequest['topics'][number]['partitions'][number];

/** One topic of a request, or a run of partitions of one topic in a session. */
export interface AskedTopic {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: AskedPartition[];
  /** It was there before: one that is gone is no unknown id then. */
  readonly known?: boolean;
}

/** What a client was told last, -1 for what it must be told again. */
interface Told {
  asked: AskedPartition;
  readonly topic: string;
  readonly topicId: string;
  highWatermark: number;
  logStartOffset: number;
  known: boolean;
}

/** What counts of an answer's partition. */
export interface News {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly preferredReadReplica: number;
  readonly size: number;
  /** Null: it does not. */
  readonly diverging: object | null;
}

const keyOf = (topic: string, topicId: string, partition: number): string => `${topicId} ${topic} ${partition}`;

export class FetchSession {
  readonly id: number;
  readonly usesTopicIds: boolean;
  /** Of the next request. */
  epoch = 1;
  usedAt: number;
  /** In the order in which they are read: those that gave something go to the end. */
  readonly #partitions: Map<string, Told> = new Map();

  constructor(id: number, usesTopicIds: boolean, now: number) {
    this.id = id;
    this.usesTopicIds = usesTopicIds;
    this.usedAt = now;
  }

  get empty(): boolean {
    return this.#partitions.size === 0;
  }

  /** Takes what a request adds, changes and forgets. */
  update({ topics, forgottenTopicsData }: FetchRequest): void {
    for (const { topic, topicId, partitions } of topics) {
      for (const asked of partitions) {
        const key = keyOf(topic, topicId, asked.partition);
        const told = this.#partitions.get(key);
        if (told !== undefined) told.asked = asked;
        else this.#partitions.set(key, { asked, topic, topicId, highWatermark: -1, logStartOffset: -1, known: false });
      }
    }
    for (const { topic, topicId, partitions } of forgottenTopicsData) {
      for (const partition of partitions) this.#partitions.delete(keyOf(topic, topicId, partition));
    }
  }

  next(now: number): void {
    this.epoch = this.epoch === MAX_ID ? 1 : this.epoch + 1;
    this.usedAt = now;
  }

  /** All partitions, as a request would name them. */
  asked(): AskedTopic[] {
    const topics: AskedTopic[] = [];
    for (const { topic, topicId, asked, known } of this.#partitions.values()) {
      const last = topics.at(-1);
      const same = last?.topic === topic && last.topicId === topicId && last.known === known;
      if (same) last.partitions.push(asked);
      else topics.push({ topic, topicId, partitions: [asked], known });
    }
    return topics;
  }

  /** Whether the client must be told of this partition, which is remembered. */
  tell(topic: string, topicId: string, partition: number, news: News): boolean {
    const key = keyOf(topic, topicId, partition);
    const told = this.#partitions.get(key);
    if (told === undefined) return true;
    const { errorCode, highWatermark, logStartOffset, preferredReadReplica, size, diverging } = news;
    const moved = highWatermark !== told.highWatermark || logStartOffset !== told.logStartOffset;
    told.highWatermark = errorCode === 0 ? highWatermark : -1;
    told.logStartOffset = logStartOffset;
    told.known ||= errorCode !== E.UNKNOWN_TOPIC_ID;
    if (size > 0) {
      this.#partitions.delete(key);
      this.#partitions.set(key, told);
    }
    return moved || size > 0 || errorCode !== 0 || preferredReadReplica !== -1 || diverging !== null;
  }
}

export class FetchSessions {
  /** Least recently used first. */
  readonly #sessions: Map<number, FetchSession> = new Map();
  /** No more are opened; 0: none. */
  max: number;

  constructor(max: number = MAX_SESSIONS) {
    this.max = max;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: number): FetchSession | undefined {
    return this.#sessions.get(id);
  }

  remove(id: number): void {
    this.#sessions.delete(id);
  }

  /** The session goes on. */
  touch(session: FetchSession, now: number): void {
    session.next(now);
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  /** A session of what a full request asks for; null if there is no room. */
  open(request: FetchRequest, usesTopicIds: boolean, now: number): FetchSession | null {
    if (this.max === 0) return null;
    const [oldest] = this.#sessions.values();
    if (oldest !== undefined && this.#sessions.size >= this.max) {
      if (now - oldest.usedAt < KEEP_MS) return null;
      this.#sessions.delete(oldest.id);
    }
    const session = new FetchSession(this.#newId(), usesTopicIds, now);
    session.update({ ...request, forgottenTopicsData: [] });
    this.#sessions.set(session.id, session);
    return session;
  }

  clear(): void {
    this.#sessions.clear();
  }

  #newId(): number {
    for (;;) {
      const id = randomInt(1, MAX_ID);
      if (!this.#sessions.has(id)) return id;
    }
  }
}
