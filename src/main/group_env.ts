// What the group, its coordinator and its offsets need from the main worker, and nothing else. @thread main
import type { PartitionOffset } from '../ops/ops.ts';
import type { WireRequest } from '../wire/requests.ts';

export type { PartitionOffset };

/** The properties read here; `Settings` of conf has them all. */
export interface GroupSettings {
  readonly 'client.id': string;
  readonly 'group.id': string;
  readonly 'group.instance.id': string | null;
  readonly 'group.protocol.type': string;
  readonly 'session.timeout.ms': number;
  readonly 'heartbeat.interval.ms': number;
  readonly 'max.poll.interval.ms': number;
  readonly 'coordinator.query.interval.ms': number;
  readonly 'partition.assignment.strategy': string;
  readonly 'enable.auto.commit': boolean;
  readonly 'auto.commit.interval.ms': number;
  readonly 'offset.store.method': string;
  readonly 'retry.backoff.ms': number;
  readonly 'retry.backoff.max.ms': number;
  readonly 'socket.timeout.ms': number;
  readonly 'client.rack': string | null;
}

/** Debug context of a log line, as in the `debug` property. */
export type LogContext = 'cgrp' | 'consumer' | 'topic' | 'assignor';

/** What goes to the app thread. */
export type AppOp =
  | {
      /** The app has to answer with an assign call: `onAssignCall` of the group. */
      readonly type: 'rebalance';
      /** RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS or __REVOKE_PARTITIONS. */
      readonly err: number;
      readonly partitions: PartitionOffset[];
      /** Of a revoke: others may own the partitions already. */
      readonly lost: boolean;
      readonly generation: number;
    }
  | { readonly type: 'consumer_error'; readonly err: number; readonly text: string; readonly topic?: string }
  | { readonly type: 'offset_commit'; readonly err: number; readonly offsets: PartitionOffset[] };

/** A partition without an offset. */
export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

/** What is fetched now. All calls return at once. */
export interface Assignment {
  /** Starts fetching; an offset that is INVALID means the committed one, else auto.offset.reset. Only on an empty assignment. */
  assign(partitions: readonly PartitionOffset[]): void;
  /**
   * From here on nothing more is handed to the app. `done` when the final positions are known, perhaps at once. Until
   * `done` has returned `stored` still answers for these partitions, then they are forgotten. The group does not wait for
   * `done` longer than session.timeout.ms; an assign() that comes before it takes the place of what is being let go.
   */
  unassign(done: () => void): void;
  /** Starts fetching these in addition; those that are assigned already are overlooked. */
  incrementalAssign(partitions: readonly PartitionOffset[]): void;
  /** As `unassign`, of these only; those that are not assigned are overlooked. One of these at a time. */
  incrementalUnassign(partitions: readonly PartitionName[], done: () => void): void;
  /**
   * Stored offsets (next one to consume) of the assigned partitions, or of those in `only`; with `onlyNew` those that are
   * not committed yet. With leader epoch and metadata where they are known.
   */
  stored(onlyNew: boolean, only?: readonly PartitionName[]): PartitionOffset[];
  /** These have been committed; partitions that are no longer assigned are to be overlooked. */
  committed(offsets: readonly PartitionOffset[]): void;
  partitions(): readonly PartitionOffset[];
}

export type Reach = 'coordinator' | 'others' | 'nobody';

export interface GroupEnv {
  readonly settings: GroupSettings;
  /** isolation.level is read_committed: offsets of open transactions are waited for. */
  readonly requireStable: boolean;
  readonly random: () => number;
  /** Rebalances are the app's to answer. */
  asksApp(): boolean;
  /** offset_commit_cb or its event: failed commits without any listener are logged. */
  readonly hasCommitCallback: boolean;
  readonly assignment: Assignment;
  log(level: number, fac: string, text: string, context: LogContext): void;
  /** To a node of the cluster, or to any broker that is up. `done` may come within the call. */
  send(target: { broker: number } | { any: true }, request: WireRequest): void;
  /** FindCoordinator named this node: connect to it. Called before anything is sent to it. */
  coordinatorAddress(nodeId: number, host: string, port: number): void;
  /** null: not known yet; -1: there is no such topic, or it may not be read. */
  partitionCount(topic: string): number | null;
  /** Why partitionCount is -1: UNKNOWN_TOPIC_OR_PART, TOPIC_AUTHORIZATION_FAILED ... */
  topicError(topic: string): number;
  /** Racks of the replicas of each partition, null when they are not known; without it `range` knows of no racks. */
  partitionRacks?(topic: string): readonly (readonly string[])[] | null;
  /** All topics of the cluster that can be seen, a new set with each answer; null: not known yet. See wantTopics' `all`. */
  allTopics(): ReadonlySet<string> | null;
  /** topic.blacklist: it is as if there were no such topic. */
  ignores(topic: string): boolean;
  /**
   * The metadata cache keeps these fresh, and no others, and calls the group's metadataChanged() when one changes; with
   * `all` it also asks every topic.metadata.refresh.interval.ms which topics there are.
   */
  wantTopics(topics: readonly string[] | null, all: boolean): void;
  /** Who can be talked to now: the coordinator that was found last, or at least some broker. */
  reach(): Reach;
  /** Something has happened outside of poll(now): call poll soon. Never polls by itself. */
  wake(): void;
  toApp(op: AppOp): void;
  /** The first fatal error of the handle; the group takes it into account by itself. */
  fatal(err: number, text: string): void;
}
