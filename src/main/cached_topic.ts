// What main knows of a topic (main/metadata). @thread main

export interface CachedPartition {
  leader: number;
  leaderEpoch: number;
}

export interface CachedTopic {
  readonly topic: string;
  /** Of the topic of that name that was seen last; ZERO_UUID when the cluster names none. */
  topicId: string;
  /** 0, or why it can't be used; _WAIT_CACHE while nothing is known. */
  err: number;
  /** While `err` is _WAIT_CACHE: what the cluster has said instead, which is not believed yet; 0 for nothing. */
  absent: number;
  partitions: CachedPartition[];
  /** Nodes by partition, as the cluster said last. */
  replicas?: readonly (readonly number[])[];
  /** When `err` last changed: a new topic gets time to be known everywhere. */
  since: number;
  /** When the cluster last said something of it, or it was first wanted. */
  at: number;
  /** Asked for again soon: not known yet, or a leader is missing, stale or down. */
  stale: boolean;
}
