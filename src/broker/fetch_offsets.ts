// Where to begin: logical offsets are asked for (ListOffsets), and after a leader change whether the log still holds what
// came before the position (OffsetForLeaderEpoch, KIP-320). @thread broker

import * as E from '../defs/enums.ts';
import { isDuration } from '../defs/offset_time.ts';
import { partitionKey } from '../defs/partition_key.ts';
import type { FetcherEnv } from './fetch_env.ts';
import type { FetchErrors } from './fetch_errors.ts';
import type { FetchPartition } from './fetch_partition.ts';
import { epochEndsBody, listOffsetsBody } from './fetch_request.ts';

const LATEST = -1;
const CHECK_AGAIN_MS = 500;
/** Version 2 is the first that names our own epoch, so that a broker that is behind does not answer. */
const EPOCH_END_MIN_VERSION = 2;

export class FetchOffsets {
  private readonly env: FetcherEnv;
  private readonly errors: FetchErrors;

  constructor(env: FetcherEnv, errors: FetchErrors) {
    this.env = env;
    this.errors = errors;
  }

  /** Asks for what is due; gives when something else will be. */
  serve(partitions: Iterable<FetchPartition>, now: number): number {
    let wake = Number.POSITIVE_INFINITY;
    let listed: FetchPartition[] | null = null;
    let checked: FetchPartition[] | null = null;
    for (const part of partitions) {
      if (part.resolving || (part.logical === null && !part.unchecked)) continue;
      if (part.notBefore > now) wake = Math.min(wake, part.notBefore);
      else if (!part.leader) this.toLeader(part);
      else if (part.logical !== null) (listed ??= []).push(part);
      else (checked ??= []).push(part);
    }
    if (listed !== null) this.list(listed);
    if (checked !== null) this.check(checked);
    return wake;
  }

  /** Only leaders list offsets. */
  private toLeader(part: FetchPartition): void {
    part.notBefore = this.env.now() + this.env.settings['fetch.error.backoff.ms'];
    this.env.prefer(part, -1);
  }

  // ---- logical offsets

  private list(due: readonly FetchPartition[]): void {
    const { settings } = this.env;
    for (const part of due) part.resolving = true;
    this.env.connection.send({
      name: 'ListOffsets',
      minVersion: 1,
      timeoutMs: settings['socket.timeout.ms'],
      body: listOffsetsBody(settings, due, this.env.wall),
      done: (error, response) => {
        const results = error === 0 ? index(response.topics, 'name', 'partitionIndex') : null;
        for (const part of due) this.found(part, error, results);
        this.env.soon();
      },
    });
  }

  private found(part: FetchPartition, error: number, results: Map<string, any> | null): void {
    part.resolving = false;
    if (part.stopped) return;
    const result = results?.get(`${part.number} ${part.topic}`);
    const code = error !== 0 ? error : (result?.errorCode ?? E.RD_KAFKA_RESP_ERR__BAD_MSG);
    if (code !== 0) this.errors.notListed(part, code);
    // Nothing is as young as that.
    else if (result.offset < 0 && isDuration(part.logical!)) part.logical = LATEST;
    else part.moveTo(Math.max(0, result.offset - part.tail), part.tail > 0 ? -1 : (result.leaderEpoch ?? -1));
  }

  // ---- positions after a leader change

  private check(due: readonly FetchPartition[]): void {
    for (const part of due) part.resolving = true;
    this.env.connection.send({
      name: 'OffsetForLeaderEpoch',
      minVersion: EPOCH_END_MIN_VERSION,
      timeoutMs: this.env.settings['socket.timeout.ms'],
      body: epochEndsBody(due),
      done: (error, response) => {
        const results = error === 0 ? index(response.topics, 'topic', 'partition') : null;
        for (const part of due) this.checked(part, error, results);
        this.env.soon();
      },
    });
  }

  private checked(part: FetchPartition, error: number, results: Map<string, any> | null): void {
    part.resolving = false;
    if (part.stopped || !part.unchecked) return;
    const result = results?.get(`${part.number} ${part.topic}`);
    const code = error !== 0 ? error : (result?.errorCode ?? E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    if (code === E.RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) part.unchecked = false;
    else if (code === 0) this.judge(part, result.endOffset, result.leaderEpoch);
    else if (code !== E.RD_KAFKA_RESP_ERR__DESTROY) {
      // Whatever it is: nothing is given up over an answer that did not come.
      part.notBefore = this.env.now() + CHECK_AGAIN_MS;
      this.env.leaderStale(part.topic, part.number, code);
    }
  }

  /** The broker's log up to the end of our epoch, or of the last one before that, ends at `end`. */
  judge(part: FetchPartition, end: number, epoch: number): void {
    const { errors } = this;
    part.unchecked = false;
    if (end < 0 || epoch < 0) {
      errors.reset(part, 'log truncation: the broker knows nothing of its leader epoch or one before', part.offset);
    } else if (end >= part.offset) {
      // What this leader has up to there is ours, so the next one is asked for that epoch.
      part.offsetEpoch = Math.max(part.offsetEpoch, part.leaderEpoch);
    } else {
      const text = `log truncation: what came before ends at ${end} (leader epoch ${epoch})`;
      if (part.reset === null) {
        errors.reset(part, text, E.RD_KAFKA_OFFSET_INVALID);
        return;
      }
      errors.warn(part, `offset ${part.offset} (leader epoch ${part.offsetEpoch}): ${text}; going on there`);
      part.moveTo(end, epoch);
    }
  }
}

/** By `partition topic`. */
function index(topics: readonly any[], nameField: string, numberField: string): Map<string, any> {
  const found = new Map<string, any>();
  for (const topic of topics)
    for (const partition of topic.partitions)
      found.set(partitionKey(topic[nameField], partition[numberField]), partition);
  return found;
}
