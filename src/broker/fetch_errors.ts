// What an error in an answer makes of a partition: another look after a pause, another broker, another offset, a word to
// the app. @thread broker

import * as E from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import type { BrokerToAppOp } from '../ops/ops.ts';
import type { FetcherEnv } from './fetch_env.ts';
import type { FetchPartition } from './fetch_partition.ts';

const WARNING = 4;
/** Whoever refuses us rights is not asked again before that. */
const DENIED_MS = 1000;

/** What the error of a partition in a Fetch or ListOffsets answer makes the fetcher do. */
type Action = 'stale' | 'reset' | 'denied' | 'retry' | 'silent' | 'report';

const ACTIONS: ReadonlyMap<number, Action> = new Map<number, Action>([
  [E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 'stale'],
  [E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, 'stale'],
  [E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 'stale'],
  [E.RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, 'stale'],
  [E.RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, 'stale'],
  [E.RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, 'stale'],
  [E.RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, 'stale'],
  [E.RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, 'stale'],
  [E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID, 'stale'],
  [E.RD_KAFKA_RESP_ERR_INCONSISTENT_TOPIC_ID, 'stale'],
  // The leader may be another by now.
  [E.RD_KAFKA_RESP_ERR__TRANSPORT, 'stale'],
  [E.RD_KAFKA_RESP_ERR__TIMED_OUT, 'stale'],
  [E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, 'stale'],
  [E.RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, 'stale'],
  [E.RD_KAFKA_RESP_ERR__DESTROY, 'silent'],
  [E.RD_KAFKA_RESP_ERR__BAD_MSG, 'silent'],
  [E.RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, 'reset'],
  [E.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 'denied'],
]);

export class FetchErrors {
  private readonly env: FetcherEnv;

  constructor(env: FetcherEnv) {
    this.env = env;
  }

  /** `highWatermark` as a Fetch answer has it, -1 where it names none. */
  failed(part: FetchPartition, code: number, request: string, highWatermark = -1): void {
    const { env } = this;
    const backoff = env.settings['fetch.error.backoff.ms'];
    const action = ACTIONS.get(code) ?? 'report';
    part.notBefore = env.now() + backoff;
    part.failing = code;
    switch (action) {
      case 'stale':
        if (!part.leader) env.prefer(part, -1);
        env.leaderStale(part.topic, part.number, code);
        return;
      case 'reset':
        if (!part.leader && part.offset > highWatermark) this.askLeader(part, highWatermark);
        else this.reset(part, errorText(code), part.offset);
        return;
      case 'denied':
        part.notBefore = env.now() + Math.max(DENIED_MS, backoff * 10);
        this.report(part, code, `${request} refused`);
        return;
      case 'report':
        this.report(part, code, `${request} failed with ${code}`);
    }
  }

  /** ListOffsets failed: with auto.offset.reset=error that is an end, unless the error may pass. */
  notListed(part: FetchPartition, code: number): void {
    this.failed(part, code, 'ListOffsets');
    const action = ACTIONS.get(code) ?? 'report';
    if (part.reset !== null || (action !== 'denied' && action !== 'report')) return;
    this.reset(part, `its logical offset can't be looked up: ${errorText(code)}`, E.RD_KAFKA_OFFSET_INVALID);
  }

  /** A follower may lag behind. */
  private askLeader(part: FetchPartition, highWatermark: number): void {
    const text = `offset ${part.offset} is out of range at a follower (its end is ${highWatermark}): back to the leader`;
    this.env.log(WARNING, 'FETCH', `${part.topic} [${part.number}]: ${text}`);
    this.env.prefer(part, -1);
  }

  /** As auto.offset.reset wants it. `offset` is that of the error, if it is one. */
  reset(part: FetchPartition, why: string, offset: number): void {
    if (part.reset === null) {
      this.report(part, E.RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, `${why}, and auto.offset.reset=error`, offset);
      part.unchecked = false;
      part.notBefore = Number.POSITIVE_INFINITY;
      return;
    }
    const from = `offset ${part.offset} (leader epoch ${part.offsetEpoch})`;
    this.warn(part, `${from} is given up for auto.offset.reset: ${why}`);
    part.ask(part.reset);
  }

  warn(part: FetchPartition, text: string): void {
    this.env.log(WARNING, 'OFFSET', `${part.topic} [${part.number}]: ${text}`);
  }

  /** Tells the app once for each error that is new at this position; into `later`, where order matters. */
  report(
    part: FetchPartition,
    err: number,
    text: string,
    offset: number = part.offset,
    later: BrokerToAppOp[] | null = null,
  ): void {
    const what = `${err} ${offset}`;
    if (part.lastError === what) return;
    part.lastError = what;
    const where = `${part.topic} [${part.number}] at offset ${part.logical ?? part.offset}`;
    const op: BrokerToAppOp = {
      type: 'fetch_error',
      cell: part.cell.id,
      home: part.home,
      err,
      text: `${where}: ${text}`,
      offset,
    };
    if (later === null) this.env.toApp(op);
    else later.push(op);
  }
}
