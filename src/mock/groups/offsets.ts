// The offsets that a group has committed. @thread mock

export interface CommittedOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: Uint8Array | null;
  /** Milliseconds of the monotonic clock. */
  readonly committedAt: number;
}

export interface TopicOffsets {
  readonly topic: string;
  readonly partitions: ReadonlyMap<number, CommittedOffset>;
}

export class GroupOffsets {
  readonly #topics: Map<string, Map<number, CommittedOffset>> = new Map();

  get empty(): boolean {
    return this.#topics.size === 0;
  }

  commit(topic: string, partition: number, offset: CommittedOffset): void {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(topic, partitions);
    }
    partitions.set(partition, offset);
  }

  find(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  all(): readonly TopicOffsets[] {
    return [...this.#topics].map(([topic, partitions]) => ({ topic, partitions }));
  }

  /** Offsets of a topic go with it. */
  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  /** Drops what was committed before `time` (monotonic ms). */
  expireBefore(time: number): void {
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, offset] of partitions) if (offset.committedAt < time) partitions.delete(partition);
      if (partitions.size === 0) this.#topics.delete(topic);
    }
  }
}
