// One assigned partition as main sees it: where it is fetched, and where it is. @thread main

import { RD_KAFKA_OFFSET_INVALID } from '../defs/enums.ts';
import type { Cell } from '../ops/cells.ts';
import { ZERO_UUID } from '../protocol/reader.ts';
import type { PartitionOffset } from './group_env.ts';
import type { Standstill } from './progress.ts';

/**
 *   offset     its start is asked for (the committed offset)
 *   ready      may be fetched, when its leader is known
 *   fetching   `broker` fetches it
 *   moving     `broker` was told to stop, because another is to fetch it
 */
export type AssignedState = 'offset' | 'ready' | 'fetching' | 'moving';

export class Assigned {
  readonly topic: string;
  readonly number: number;
  readonly cell: Cell;
  /** Of the app's assign call that it is from; -1: main's own. */
  readonly version: number;
  /** Of consume_start: not the group's, which neither commits nor lets it go. */
  readonly simple: boolean;
  state: AssignedState;
  broker: number;
  home: number;
  /** Where to fetch from at the next start, and the epoch of what lies before it (-1: not known). */
  offset: number;
  offsetEpoch: number;
  /** The one that `broker` was told. */
  leaderEpoch: number;
  /** A follower that is nearer than the leader, -1 for none, and until when (ms since the handle's start). */
  preferred: number;
  preferredUntil: number;
  /** When the leader named one last, and that its next word was not followed, as it came too soon after that. */
  preferredSince: number;
  hesitating: boolean;
  paused: boolean;
  committed: number;
  /** Of a stored offset that the app gave some bytes to go with. */
  note: { readonly offset: number; readonly metadata: PartitionOffset['metadata'] } | null;
  /** How many such notes have been read. */
  notes: number;
  /** What its fetcher says of why it stands still, null while it does not; and what was made of it (progress.ts). */
  stall: { readonly cause: 'fetch_error' | 'buffer_full' | 'no_answer'; readonly err: number } | null;
  standstill: Standstill | null;
  refusal: number;
  /** When the committed offset is asked for again. */
  askAt: number;
  /** Of the topic that it is fetched from; ZERO_UUID where the cluster names none. */
  topicId: string;
  /** Why there is no such partition, as the app was told; 0 while there is one. */
  missing: number;

  constructor(topic: string, number: number, cell: Cell, offset: number, version: number, simple: boolean) {
    this.topic = topic;
    this.number = number;
    this.cell = cell;
    this.version = version;
    this.simple = simple;
    this.state = 'ready';
    this.broker = -1;
    this.home = 0;
    this.offset = offset;
    this.offsetEpoch = -1;
    this.leaderEpoch = -1;
    this.preferred = -1;
    this.preferredUntil = 0;
    this.preferredSince = Number.NEGATIVE_INFINITY;
    this.hesitating = false;
    this.paused = false;
    this.committed = RD_KAFKA_OFFSET_INVALID;
    this.note = null;
    this.notes = 0;
    this.stall = null;
    this.standstill = null;
    this.refusal = 0;
    this.askAt = Number.POSITIVE_INFINITY;
    this.topicId = ZERO_UUID;
    this.missing = 0;
  }
}
