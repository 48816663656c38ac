// The way in of one broker: one Fetch request at a time for all its assigned partitions that have room.
// @thread broker
//
// fetch_offsets   where to begin, and whether a position still holds after a leader change
// fetch_session   what a request has to name; fetch_request how it says it
// fetch_answer    what an answer brings, as far as there is room; fetch_response the records of one partition
// fetch_errors    what an error makes of a partition
// fetch_stalls    which partitions stand still, and why

import * as E from '../defs/enums.ts';
import { bytesFull, queueFull } from '../ops/queue_limits.ts';
import { decodeResponse } from '../protocol/compile.ts';
import { readResponseHeader } from '../protocol/frame.ts';
import { ProtocolError, Reader } from '../protocol/reader.ts';
import { FetchAnswer } from './fetch_answer.ts';
import type { FetcherEnv } from './fetch_env.ts';
import { FetchErrors } from './fetch_errors.ts';
import { FetchOffsets } from './fetch_offsets.ts';
import type { FetchPartition } from './fetch_partition.ts';
import { byTopicId, FETCH_MIN_VERSION, fetchBody, fetchMaxVersion } from './fetch_request.ts';
import { FetchSession, type FetchTurn } from './fetch_session.ts';
import { type Blockade, FetchStalls } from './fetch_stalls.ts';

/** The broker does not know our fetch session, or not as we do. */
const FETCH_SESSION_TOPIC_ID_ERROR = 106;
const SESSION_ERRORS: readonly number[] = [
  E.RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND,
  E.RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH,
  FETCH_SESSION_TOPIC_ID_ERROR,
];

/** An answer that is so late is missed. */
const GRACE_MS = 1000;

export class Fetcher {
  readonly env: FetcherEnv;
  /** By cell. */
  readonly partitions: Map<number, FetchPartition>;
  private readonly errors: FetchErrors;
  private readonly offsets: FetchOffsets;
  private readonly session: FetchSession;
  private readonly stalls: FetchStalls;
  private readonly blockade: Blockade;
  private fetching: boolean;
  /** Part of it waits for room. */
  private answer: FetchAnswer | null;

  constructor(env: FetcherEnv) {
    this.env = env;
    this.partitions = new Map();
    this.errors = new FetchErrors(env);
    this.offsets = new FetchOffsets(env, this.errors);
    this.session = new FetchSession();
    this.stalls = new FetchStalls((part, cause, err) => env.stalled(part, cause, err));
    this.blockade = { fullSince: Number.POSITIVE_INFINITY, silentSince: Number.POSITIVE_INFINITY };
    this.fetching = false;
    this.answer = null;
  }

  start(part: FetchPartition): void {
    this.partitions.set(part.cell.id, part);
  }

  /** What an answer under way still brings for it is dropped. */
  stop(cell: number): FetchPartition | null {
    const part = this.partitions.get(cell) ?? null;
    if (part !== null) part.stopped = true;
    this.partitions.delete(cell);
    return part;
  }

  /** Leaves it out of requests; an answer under way is still delivered. */
  pause(cell: number, home: number, paused: boolean): void {
    const part = this.partitions.get(cell);
    if (part?.home === home) part.paused = paused;
  }

  get pending(): boolean {
    return this.partitions.size > 0;
  }

  /** Sends what is due; gives the time (of `env.now`) at which something else may be. */
  serve(now: number): number {
    const { connection } = this.env;
    if (this.partitions.size === 0) {
      this.answer?.drop();
      this.answer = null;
      return Number.POSITIVE_INFINITY;
    }
    const stalls = this.stalls.serve(this.partitions.values(), now, this.blockade);
    const full = Math.min(stalls, this.readOn(now));
    if (connection.state !== 'UP') {
      this.blockade.silentSince = Math.min(this.blockade.silentSince, now);
      connection.connect();
      return full;
    }
    if (!this.fetching) this.blockade.silentSince = Number.POSITIVE_INFINITY;
    const wake = Math.min(full, this.offsets.serve(this.partitions.values(), now));
    return this.fetching || this.answer !== null ? wake : Math.min(wake, this.fetch(now));
  }

  // ---- room

  /** Reads on in an answer that waits for room. */
  private readOn(now: number): number {
    if (this.answer === null) return Number.POSITIVE_INFINITY;
    if (bytesFull(this.env.head, this.env.settings) && this.waiting()) return this.lookAgain(now);
    this.blockade.fullSince = Number.POSITIVE_INFINITY;
    if (this.answer.read()) this.answer = null;
    // The next turn looks whether there is room for more.
    else this.env.soon();
    return Number.POSITIVE_INFINITY;
  }

  /** Room that the app makes in a block of ours rings; the timer is for blocks of other brokers. */
  private lookAgain(now: number): number {
    this.blockade.fullSince = Math.min(this.blockade.fullSince, now);
    return now + Math.max(1, this.env.settings['fetch.queue.backoff.ms']);
  }

  /** The limits hold for the handle as a whole, but a broker of which nothing waits may always bring something more. */
  private waiting(): boolean {
    for (const part of this.partitions.values()) if (!part.paused && part.queuedMessages > 0) return true;
    return false;
  }

  // ---- requests

  private fetch(now: number): number {
    const { settings, connection } = this.env;
    let wake = Number.POSITIVE_INFINITY;
    const due: FetchPartition[] = [];
    for (const part of this.partitions.values()) {
      if (!part.fetchable) continue;
      if (part.notBefore > now) wake = Math.min(wake, part.notBefore);
      else due.push(part);
    }
    if (due.length === 0) return wake;
    if (queueFull(this.env.head, this.env.settings) && this.waiting()) return Math.min(wake, this.lookAgain(now));
    const turn = this.session.next(due, byTopicId(connection, due));
    this.fetching = true;
    this.blockade.fullSince = Number.POSITIVE_INFINITY;
    this.blockade.silentSince = now + settings['fetch.wait.max.ms'] + GRACE_MS;
    connection.send({
      name: 'Fetch',
      minVersion: FETCH_MIN_VERSION,
      maxVersion: fetchMaxVersion(turn.byId),
      timeoutMs: settings['socket.timeout.ms'] + settings['fetch.wait.max.ms'],
      decode: 'frame',
      body: fetchBody(settings, turn),
      done: (error, _response, version, frame) => {
        this.fetching = false;
        this.blockade.silentSince = Number.POSITIVE_INFINITY;
        this.fetched(turn, error, version, frame);
        this.env.soon();
      },
    });
    return wake;
  }

  // ---- answers

  private fetched(turn: FetchTurn, error: number, version: number, frame: Uint8Array | null): void {
    let response: any = null;
    let code = error;
    if (code === 0) {
      try {
        const reader = new Reader(frame!);
        readResponseHeader('Fetch', version, reader);
        response = decodeResponse('Fetch', version, reader);
        code = response.errorCode ?? 0;
      } catch (bad) {
        if (!(bad instanceof ProtocolError)) throw bad;
        code = E.RD_KAFKA_RESP_ERR__BAD_MSG;
        this.env.connection.disconnect(code, bad.message);
      }
    }
    if (code === 0) {
      this.session.answered(turn, response.sessionId ?? 0);
      this.deliver(turn, response, frame!);
    } else this.refused(turn, code, response);
  }

  private refused(turn: FetchTurn, code: number, response: any): void {
    const ofSession = SESSION_ERRORS.includes(code);
    const ends = new Map<FetchPartition | undefined, number>();
    for (const { topic, topicId, partitions } of response?.responses ?? [])
      for (const { partitionIndex, highWatermark } of partitions)
        ends.set(this.session.find(topic, topicId, partitionIndex), highWatermark);
    this.session.failed(ofSession);
    // A session that is lost is begun anew, at once.
    if (ofSession && turn.epoch > 0) return;
    for (const part of turn.due) if (!part.stopped) this.errors.failed(part, code, 'Fetch', ends.get(part));
  }

  private deliver(turn: FetchTurn, response: any, frame: Uint8Array): void {
    const answer = new FetchAnswer(this.env, this.errors, frame);
    for (const { topic, topicId, partitions } of response.responses)
      for (const result of partitions) {
        const part = this.session.find(topic, topicId, result.partitionIndex);
        // Not asked for, or twice in the answer.
        if (part === undefined || part.sent.turn !== turn.number || part.sent.answered === turn.number) continue;
        part.sent.answered = turn.number;
        if (!part.stopped) this.judge(part, result, answer);
      }
    // Nothing is said of a partition only where it was not named.
    for (const part of turn.named)
      if (part.sent.answered !== turn.number && !part.stopped && turn.epoch === 0)
        this.errors.failed(part, E.RD_KAFKA_RESP_ERR__BAD_MSG, 'Fetch');
    if (!answer.read()) this.answer = answer;
  }

  private judge(part: FetchPartition, result: any, answer: FetchAnswer): void {
    const { errorCode, highWatermark, preferredReadReplica, divergingEpoch } = result;
    if (errorCode !== 0) this.errors.failed(part, errorCode, 'Fetch', highWatermark);
    else if (divergingEpoch.endOffset >= 0) this.offsets.judge(part, divergingEpoch.endOffset, divergingEpoch.epoch);
    else if (preferredReadReplica >= 0) {
      // Main stops us when it knows that broker; else the leader is asked again.
      part.notBefore = this.env.now() + this.env.settings['fetch.error.backoff.ms'];
      this.env.prefer(part, preferredReadReplica);
    } else {
      part.failing = 0;
      answer.add(part, result);
      // A broker without a session fills its answer from the front: whoever got something stands at the end of the next.
      if (result.records === null || result.records.length === 0) return;
      this.partitions.delete(part.cell.id);
      this.partitions.set(part.cell.id, part);
    }
  }
}
