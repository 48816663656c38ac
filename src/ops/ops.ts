// Every message that two threads of ours exchange, the direction in the type's name (memory.md, part 1, 7).
// @thread any
//
// Order holds within one port only. Each kind towards the app is bounded or replaces its predecessor.

import type { MessagePort } from 'node:worker_threads';
import type { Settings, TopicSettings } from '../conf/settings_type.ts';
import type { WakeOp } from './channel.ts';
import type {
  AssignedOp,
  AssignOp,
  FetchedEntry,
  FetchStall,
  FetchStartOp,
  PartitionOffset,
  SeekOp,
  StalledOp,
  StoreMetadataOp,
} from './consumer_ops.ts';

export type * from './consumer_ops.ts';

/** A control page or slab of a creator; posted before an id in it is published. */
export interface PageOp {
  readonly type: 'page' | 'slab';
  readonly creator: number;
  readonly number: number;
  readonly memory: SharedArrayBuffer;
}

/** Slabs of a creator that are gone; every reader answers it, since their numbers will stand for other memory. */
export interface DropSlabsOp {
  readonly type: 'drop_slabs';
  readonly creator: number;
  readonly numbers: readonly number[];
  /** Workers collect their garbage now. */
  readonly collect: boolean;
}

export interface SlabsDroppedOp {
  readonly type: 'slabs_dropped';
  readonly numbers: readonly number[];
}

/** A batch that changes hands: all that its owner knew of it. */
/** The identity of an idempotent producer. */
export interface ProducerId {
  readonly id: number;
  readonly epoch: number;
}

/** How far a partition is with an identity, as it travels between owners (broker/sequence). */
export interface SequenceState extends ProducerId {
  readonly next: number;
  readonly due: number;
  readonly broken: boolean;
}

export interface TakenState {
  readonly id: number;
  readonly generation: number;
  readonly count: number;
  readonly bytes: number;
  readonly number: number;
  readonly firstId: number;
  readonly retries: number;
  readonly notBefore: number;
  readonly backoff: boolean;
  readonly maybePersisted: boolean;
  readonly lingers: boolean;
  readonly sequence: number;
}

// ---- the root channel of a worker: what concerns no single handle

export interface OpenHandleOp {
  readonly type: 'open_handle';
  readonly handle: number;
  readonly name: string;
  readonly producer: boolean;
  readonly settings: Settings;
  readonly topicSettings: TopicSettings;
  readonly head: SharedArrayBuffer;
  readonly appPage: SharedArrayBuffer;
  readonly port: MessagePort;
  /** `performance.now()` of the handle's start; stamps in batches count from it. */
  readonly startedAt: number;
  readonly debug: number;
  readonly hooks: { readonly rebalance: boolean; readonly offsetCommit: boolean; readonly throttle: boolean };
  /** Most workers of ours that the app thread may have before brokers share. */
  readonly maxWorkers: number;
  /** With group.protocol=consumer: who we are in the group; else ''. */
  readonly memberId: string;
}

/** Main has a running or new broker worker host one more handle. */
export interface JoinHandleOp {
  readonly type: 'join_handle';
  readonly handle: number;
  readonly name: string;
  readonly producer: boolean;
  readonly settings: Settings;
  readonly head: SharedArrayBuffer;
  readonly appPage: SharedArrayBuffer;
  readonly mainPage: SharedArrayBuffer;
  readonly appPort: MessagePort;
  readonly mainPort: MessagePort;
  readonly worker: number;
  readonly debug: number;
  /** The app wants to hear of throttle times. */
  readonly throttle: boolean;
  readonly startedAt: number;
  readonly pages: readonly PageOp[];
}

export interface MockOpenOp {
  readonly type: 'mock_open';
  readonly cluster: number;
  /** Its debug lines are wanted, too. */
  readonly debug: boolean;
  readonly options: {
    readonly brokers: number;
    readonly port?: number;
    readonly rtt?: number;
    readonly groupInitialRebalanceDelayMs?: number;
    readonly consumerSessionTimeoutMs?: number;
    readonly consumerHeartbeatIntervalMs?: number;
    readonly defaultPartitions?: number;
    readonly keepRequests?: boolean;
    readonly topics?: Readonly<Record<string, number>>;
    readonly logLimits?: { readonly maxBytes: number; readonly maxBatches: number };
  };
  readonly port: MessagePort;
  readonly appPage: SharedArrayBuffer;
}

/** The very first broker worker of a main, which the app started beside it to save the time of one start. */
export interface AdoptOp {
  readonly type: 'adopt';
  readonly root: MessagePort;
  readonly page: SharedArrayBuffer;
}

export type RootOp = OpenHandleOp | JoinHandleOp | MockOpenOp | AdoptOp;

// ---- app <-> main, one channel a handle

export interface TopicOp {
  readonly type: 'topic';
  readonly topic: string;
  readonly block: number;
  readonly settings: TopicSettings;
}

export interface CallOp {
  readonly type: 'call';
  readonly call: number;
  readonly what: string;
  /** -1: no limit of the caller's. */
  readonly timeoutMs: number;
  readonly args: readonly unknown[];
}

export type AppToMainOp =
  | PageOp
  | DropSlabsOp
  | SlabsDroppedOp
  | { readonly type: 'swept' }
  | TopicOp
  | CallOp
  | { readonly type: 'brokers_add'; readonly brokers: string }
  | { readonly type: 'subscribe'; readonly topics: readonly string[] }
  | AssignOp
  | { readonly type: 'consume_start'; readonly partition: PartitionOffset }
  /** Of a consumer's topic that has a configuration of its own. */
  | { readonly type: 'topic_settings'; readonly topic: string; readonly settings: TopicSettings }
  | SeekOp
  | { readonly type: 'pause'; readonly partitions: readonly PartitionOffset[]; readonly paused: boolean }
  | StoreMetadataOp
  | { readonly type: 'freed'; readonly batch: number }
  | { readonly type: 'cells_done'; readonly cells: readonly number[] }
  | { readonly type: 'close'; readonly deadline: number };

export interface ReplyOp {
  readonly type: 'reply';
  readonly call: number;
  readonly err: number;
  readonly text: string;
  readonly value: unknown;
}

/** A worker of the handle that the app does not know yet: where its reports' details and fetched records come from. */
export interface WorkerOp {
  readonly type: 'worker';
  readonly worker: number;
  readonly port: MessagePort;
  readonly page: SharedArrayBuffer;
}

export interface PartitionsOp {
  readonly type: 'partitions';
  readonly topic: string;
  readonly first: number;
  readonly blocks: readonly number[];
}

/** Records that waited for metadata, now in a batch of main: `rows` are pairs (origin batch, index in it). */
export interface RelayOp {
  readonly type: 'relay';
  readonly batch: number;
  readonly generation: number;
  readonly topic: string;
  readonly partition: number;
  readonly rows: Int32Array;
}

export interface LogOp {
  readonly type: 'log';
  readonly level: number;
  readonly fac: string;
  /** For `log.thread.name`: `main`, or the broker's. */
  readonly thread: string;
  readonly text: string;
}

/** A broker wants to be spared; with 0 ms no more. */
export interface ThrottleOp {
  readonly type: 'throttle';
  /** `host:port` */
  readonly name: string;
  readonly broker: number;
  readonly ms: number;
}

export interface ErrorOp {
  readonly type: 'error';
  readonly err: number;
  readonly text: string;
  readonly fatal: boolean;
}

export type MainToAppOp =
  | PageOp
  | DropSlabsOp
  | SlabsDroppedOp
  /** The app looks for slabs that lie idle, and says `swept`. */
  | { readonly type: 'sweep' }
  | ReplyOp
  | WorkerOp
  | PartitionsOp
  | RelayOp
  | LogOp
  | ErrorOp
  | ThrottleOp
  | AssignedOp
  | WakeOp
  | StalledOp
  | { readonly type: 'home'; readonly cell: number; readonly home: number; readonly oldWorker: number }
  /** The answer to a seek; home -1: there is no such partition any more. */
  | {
      readonly type: 'sought';
      readonly topic: string;
      readonly partition: number;
      readonly seek: number;
      readonly home: number;
    }
  | { readonly type: 'revoked'; readonly cells: readonly number[] }
  | {
      readonly type: 'rebalance';
      readonly err: number;
      readonly partitions: readonly PartitionOffset[];
      readonly lost: boolean;
      readonly generation: number;
    }
  | {
      readonly type: 'consumer_error';
      readonly err: number;
      readonly text: string;
      readonly topic?: string;
      readonly partition?: number;
      readonly offset?: number;
    }
  | { readonly type: 'offset_commit'; readonly err: number; readonly offsets: readonly PartitionOffset[] }
  | { readonly type: 'group'; readonly memberId: string; readonly generation: number; readonly protocol: string }
  /** A broker worker is gone: nobody reports what it had. */
  | { readonly type: 'worker_died'; readonly text: string }
  | { readonly type: 'closed' };

// ---- main <-> broker worker, one channel a handle

export interface JoinPartitionOp {
  readonly type: 'join';
  readonly block: number;
  readonly topic: string;
  readonly partition: number;
  readonly broker: number;
  readonly settings: TopicSettings;
  readonly fifo: readonly TakenState[];
  readonly nextNumber: number;
  readonly nextId: number;
  /** Null until an idempotent producer has sent something to it. */
  readonly sequence: SequenceState | null;
}

export interface LeftPartitionOp {
  readonly type: 'left';
  readonly block: number;
  readonly fifo: readonly TakenState[];
  readonly nextNumber: number;
  readonly nextId: number;
  readonly sequence: SequenceState | null;
}

export type MainToBrokerOp =
  | PageOp
  | DropSlabsOp
  | JoinPartitionOp
  | FetchStartOp
  | { readonly type: 'broker'; readonly broker: number; readonly host: string; readonly port: number }
  | { readonly type: 'leave'; readonly block: number }
  | { readonly type: 'fetch_stop'; readonly cell: number; readonly home: number; readonly answer: boolean }
  | { readonly type: 'fetch_pause'; readonly cell: number; readonly home: number; readonly paused: boolean }
  | { readonly type: 'purge'; readonly call: number; readonly queue: boolean; readonly inflight: boolean }
  | { readonly type: 'serve' }
  | ({ readonly type: 'producer_id' } & ProducerId)
  | { readonly type: 'close'; readonly deadline: number };

export type BrokerToMainOp =
  | FetchStall
  | SlabsDroppedOp
  | LeftPartitionOp
  | {
      readonly type: 'leader_stale';
      readonly topic: string;
      readonly partition: number;
      readonly broker: number;
      readonly err: number;
    }
  | {
      readonly type: 'broker_state';
      readonly broker: number;
      readonly up: boolean;
      /** When it became so (`clock.now()`, which all threads share): main may have seen later things by itself. */
      readonly at: number;
      readonly err: number;
      readonly text: string;
    }
  | {
      readonly type: 'fetch_stopped';
      readonly cell: number;
      readonly home: number;
      readonly offset: number;
      readonly offsetEpoch: number;
    }
  /** Who is to be fetched from: a follower that is nearer, -1 for the leader. */
  | { readonly type: 'preferred_replica'; readonly cell: number; readonly home: number; readonly replica: number }
  | { readonly type: 'purged'; readonly call: number }
  /** A partition needs an epoch above this one. */
  | ({ readonly type: 'raise_epoch' } & ProducerId)
  | { readonly type: 'fatal'; readonly err: number; readonly text: string }
  | { readonly type: 'ring'; readonly worker: number }
  | { readonly type: 'closed' };

// ---- broker worker <-> app, one channel a handle

export type BrokerToAppOp =
  | SlabsDroppedOp
  | {
      readonly type: 'details';
      readonly batch: number;
      readonly generation: number;
      readonly errors: readonly { index: number; err: number; text: string }[];
    }
  /** Log start and high watermark have moved, and nothing came with it. */
  | {
      readonly type: 'watermarks';
      readonly cell: number;
      readonly home: number;
      readonly low: number;
      readonly high: number;
    }
  | { readonly type: 'fetched'; readonly buffers: readonly ArrayBuffer[]; readonly entries: readonly FetchedEntry[] }
  | {
      readonly type: 'fetch_error';
      readonly cell: number;
      readonly home: number;
      readonly err: number;
      readonly text: string;
      readonly offset: number;
    }
  | LogOp
  | ErrorOp
  | ThrottleOp
  | WakeOp;

export type AppToBrokerOp =
  | PageOp
  | DropSlabsOp
  | { readonly type: 'block'; readonly buffers: readonly ArrayBuffer[]; readonly bytes: number };

// ---- app <-> mock worker, one channel a cluster

export interface MockCallOp {
  readonly type: 'mock_call';
  readonly call: number;
  readonly command: string;
  readonly args: readonly unknown[];
}

export type MockToAppOp = ReplyOp | LogOp | WakeOp;
