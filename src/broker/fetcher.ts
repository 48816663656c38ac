// The way in of one broker: one Fetch request at a time for all its assigned partitions that have room.
// @thread broker

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { type HeadPage, QUEUED_BYTES, QUEUED_MESSAGES } from '../ops/head_page.ts';
import type { BrokerToAppOp, FetchedEntry } from '../ops/ops.ts';
import { decodeResponse } from '../protocol/compile.ts';
import { readResponseHeader } from '../protocol/frame.ts';
import { ProtocolError, Reader } from '../protocol/reader.ts';
import type { Connection } from '../wire/connection.ts';
import type { FetchPartition } from './fetch_partition.ts';
import { type Block, fetchAction, readRecords } from './fetch_response.ts';

/** Record batches of format 2 need version 4; from 13 on topics go by id. */
const MIN_VERSION = 4;
const MAX_VERSION = 12;

/** Beyond this a batch is too large for us, whatever is asked for. */
const MOST_BYTES = 1 << 30;

export interface FetcherEnv {
  readonly settings: Settings;
  readonly head: HeadPage;
  readonly connection: Connection;
  /** ms since the handle started. */
  now(): number;
  /** Something may be due: serve again. */
  soon(): void;
  toApp(op: BrokerToAppOp, transfer?: ArrayBuffer[]): void;
  leaderStale(topic: string, partition: number, error: number): void;
}

export class Fetcher {
  readonly env: FetcherEnv;
  /** By cell. */
  readonly partitions: Map<number, FetchPartition>;
  private fetching: boolean;

  constructor(env: FetcherEnv) {
    this.env = env;
    this.partitions = new Map();
    this.fetching = false;
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

  get pending(): boolean {
    return this.partitions.size > 0;
  }

  /** Sends what is due; gives the time (of `env.now`) at which something else may be. */
  serve(now: number): number {
    if (this.partitions.size === 0) return Number.POSITIVE_INFINITY;
    const { connection } = this.env;
    if (connection.state !== 'UP') {
      connection.connect();
      return Number.POSITIVE_INFINITY;
    }
    const wake = this.resolve(now);
    return this.fetching ? wake : Math.min(wake, this.fetch(now));
  }

  // ---- offsets

  private resolve(now: number): number {
    let wake = Number.POSITIVE_INFINITY;
    const due: FetchPartition[] = [];
    for (const part of this.partitions.values()) {
      if (part.logical === null || part.resolving) continue;
      if (part.notBefore > now) wake = Math.min(wake, part.notBefore);
      else due.push(part);
    }
    if (due.length === 0) return wake;
    for (const part of due) part.resolving = true;
    this.env.connection.send({
      name: 'ListOffsets',
      minVersion: 1,
      timeoutMs: this.env.settings['socket.timeout.ms'],
      body: {
        replicaId: -1,
        isolationLevel: 0,
        topics: byTopic(due).map(([name, parts]) => ({
          name,
          partitions: parts.map((part) => ({
            partitionIndex: part.number,
            currentLeaderEpoch: part.leaderEpoch,
            timestamp: part.logical,
          })),
        })),
      },
      done: (error, response) => {
        this.resolved(due, error, response);
        this.env.soon();
      },
    });
    return wake;
  }

  private resolved(due: readonly FetchPartition[], error: number, response: any): void {
    const results = error === 0 ? index(response.topics, 'name', 'partitions', 'partitionIndex') : null;
    for (const part of due) {
      part.resolving = false;
      if (part.stopped) continue;
      const result = results?.get(`${part.topic}\n${part.number}`) ?? null;
      const code = error !== 0 ? error : result === null ? E.RD_KAFKA_RESP_ERR__BAD_MSG : result.errorCode;
      if (code === 0) {
        part.offset = Math.max(0, result.offset - part.tail);
        part.logical = null;
        part.tail = 0;
        part.lastError = '';
      } else this.failed(part, code, 'ListOffsets');
    }
  }

  // ---- records

  private fetch(now: number): number {
    const { settings } = this.env;
    let wake = Number.POSITIVE_INFINITY;
    const due: FetchPartition[] = [];
    let queued = 0;
    for (const part of this.partitions.values()) {
      queued += part.queuedMessages;
      if (part.logical !== null) continue;
      if (part.notBefore > now) wake = Math.min(wake, part.notBefore);
      else due.push(part);
    }
    if (due.length === 0) return wake;
    // The limits hold for the handle as a whole, but a broker of which nothing waits may always bring one answer more.
    if (queued > 0 && this.full()) {
      // The block that makes room rings; the timer is for blocks of other brokers.
      return Math.min(wake, now + settings['fetch.queue.backoff.ms']);
    }
    this.fetching = true;
    this.env.connection.send({
      name: 'Fetch',
      minVersion: MIN_VERSION,
      maxVersion: MAX_VERSION,
      timeoutMs: settings['socket.timeout.ms'] + settings['fetch.wait.max.ms'],
      decode: 'frame',
      body: this.request(due),
      done: (error, _response, version, frame) => {
        this.fetched(due, error, version, frame);
        this.env.soon();
      },
    });
    return wake;
  }

  private full(): boolean {
    const { settings, head } = this.env;
    return (
      Atomics.load(head, QUEUED_MESSAGES) >= settings['queued.min.messages'] ||
      Atomics.load(head, QUEUED_BYTES) >>> 0 >= settings['queued.max.messages.kbytes'] * 1024
    );
  }

  private request(due: readonly FetchPartition[]): object {
    const { settings } = this.env;
    return {
      replicaId: -1,
      maxWaitMs: settings['fetch.wait.max.ms'],
      minBytes: settings['fetch.min.bytes'],
      maxBytes: settings['fetch.max.bytes'],
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: byTopic(due).map(([topic, parts]) => ({
        topic,
        partitions: parts.map((part) => ({
          partition: part.number,
          currentLeaderEpoch: part.leaderEpoch,
          fetchOffset: part.offset,
          logStartOffset: -1,
          partitionMaxBytes: part.maxBytes,
        })),
      })),
      forgottenTopicsData: [],
      // Whoever names its rack is sent to the nearest replica, where we don't fetch yet.
      rackId: '',
    };
  }

  private fetched(due: readonly FetchPartition[], error: number, version: number, frame: Uint8Array | null): void {
    this.fetching = false;
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
    if (code !== 0) {
      for (const part of due) if (!part.stopped) this.failed(part, code, 'Fetch');
      return;
    }
    this.deliver(due, response, frame!);
  }

  private deliver(due: readonly FetchPartition[], response: any, frame: Uint8Array): void {
    const block: Block = { buffers: [frame.buffer as ArrayBuffer] };
    const entries: FetchedEntry[] = [];
    const errors: BrokerToAppOp[] = [];
    const results = index(response.responses, 'topic', 'partitions', 'partitionIndex');
    for (const part of due) {
      const result = results.get(`${part.topic}\n${part.number}`);
      if (part.stopped) continue;
      if (result === undefined) {
        this.failed(part, E.RD_KAFKA_RESP_ERR__BAD_MSG, 'Fetch');
        continue;
      }
      if (result.errorCode !== 0) {
        this.failed(part, result.errorCode, 'Fetch');
        continue;
      }
      const entry = this.partitionEntry(part, result, block, errors);
      if (entry === null) continue;
      entries.push(entry);
      // A broker fills its answer from the front: whoever got something stands at the end of the next request.
      this.partitions.delete(part.cell.id);
      this.partitions.set(part.cell.id, part);
    }
    const carried = entries.some((entry) => entry.batches.length > 0);
    const buffers = carried ? block.buffers : [];
    if (entries.length > 0) this.env.toApp({ type: 'fetched', buffers, entries }, buffers);
    for (const op of errors) this.env.toApp(op);
  }

  private partitionEntry(
    part: FetchPartition,
    result: any,
    block: Block,
    errors: BrokerToAppOp[],
  ): FetchedEntry | null {
    const { settings } = this.env;
    const fetchOffset = part.offset;
    const options = {
      checkCrcs: settings['check.crcs'],
      maxDecompressed: settings['receive.message.max.bytes'],
      // At the second look: the first may have met a fault of the wire.
      broken: part.broken,
    };
    const read = result.records === null ? null : readRecords(result.records, fetchOffset, block, options);
    if (read !== null) {
      part.offset = read.nextOffset;
      part.fetchedMessages = (part.fetchedMessages + read.messages) | 0;
      Atomics.add(this.env.head, QUEUED_MESSAGES, read.messages);
      Atomics.add(this.env.head, QUEUED_BYTES, read.bytes);
      if (read.error !== null) {
        part.notBefore = this.env.now() + settings['fetch.error.backoff.ms'];
        this.report(part, read.error.err, read.error.text, errors, read.error.offset);
        if (read.error.err === E.RD_KAFKA_RESP_ERR__BAD_MSG) part.broken = read.error.offset;
      } else if (read.nextOffset > fetchOffset) part.lastError = '';
      else this.noProgress(part, read.partial, result, errors);
    } else part.lastError = '';
    const end = result.highWatermark;
    let eof = -1;
    if (
      settings['enable.partition.eof'] &&
      part.offset >= end &&
      part.lastEof !== part.offset &&
      (read === null || read.error === null)
    ) {
      part.lastEof = eof = part.offset;
    }
    const batches = read === null ? [] : read.batches;
    if (batches.length === 0 && eof < 0) return null;
    return {
      cell: part.cell.id,
      home: part.home,
      fetchOffset,
      batches,
      bytes: read === null ? 0 : read.bytes,
      eof,
      highWatermark: end,
    };
  }

  /** Nothing new came. At the end of the log that is as it should be; all else must not make a loop. */
  private noProgress(part: FetchPartition, bytes: number, result: any, errors: BrokerToAppOp[]): void {
    if (bytes > 0 && part.maxBytes < MOST_BYTES) {
      // Not one whole batch: more is asked for at once, up to a limit.
      part.maxBytes = Math.min(MOST_BYTES, Math.max(1, part.maxBytes) * 2);
      return;
    }
    if (result.records.length === 0 && result.preferredReadReplica < 0) {
      part.lastError = '';
      return;
    }
    part.notBefore = this.env.now() + this.env.settings['fetch.error.backoff.ms'];
    if (bytes === 0) return;
    const text = `no whole batch in ${bytes} bytes: it may be too large to fetch (receive.message.max.bytes)`;
    this.report(part, E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, text, errors);
  }

  /** Tells the app once for each error that is new at this position. */
  private report(
    part: FetchPartition,
    err: number,
    text: string,
    errors: BrokerToAppOp[] | null,
    offset: number = part.offset,
  ): void {
    const what = errorAt(err, offset);
    if (part.lastError === what) return;
    part.lastError = what;
    const where = `${part.topic} [${part.number}] at offset ${part.logical ?? offset}`;
    const op: BrokerToAppOp = {
      type: 'fetch_error',
      cell: part.cell.id,
      home: part.home,
      err,
      text: `${where}: ${text}`,
      offset,
    };
    if (errors === null) this.env.toApp(op);
    else errors.push(op);
  }

  private failed(part: FetchPartition, code: number, request: string): void {
    const now = this.env.now();
    const backoff = this.env.settings['fetch.error.backoff.ms'];
    part.notBefore = now + backoff;
    if (
      code === E.RD_KAFKA_RESP_ERR__TRANSPORT ||
      code === E.RD_KAFKA_RESP_ERR__TIMED_OUT ||
      code === E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE
    ) {
      // The leader may be another by now.
      this.env.leaderStale(part.topic, part.number, code);
      return;
    }
    if (code === E.RD_KAFKA_RESP_ERR__DESTROY || code === E.RD_KAFKA_RESP_ERR__BAD_MSG) return;
    switch (fetchAction(code)) {
      case 'stale':
        this.env.leaderStale(part.topic, part.number, code);
        return;
      case 'retry':
        return;
      case 'reset':
        this.reset(part);
        return;
      case 'denied':
        part.notBefore = now + Math.max(1000, backoff * 10);
        this.report(part, code, `${request} refused`, null);
        return;
      case 'report':
        this.report(part, code, `${request} failed with ${code}`, null);
    }
  }

  private reset(part: FetchPartition): void {
    if (part.reset === null) {
      this.report(
        part,
        E.RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
        'offset out of range, and auto.offset.reset=error',
        null,
      );
      part.notBefore = Number.POSITIVE_INFINITY;
      return;
    }
    part.logical = part.reset;
    part.broken = -1;
    part.notBefore = 0;
  }
}

function errorAt(err: number, offset: number): string {
  return `${err} ${offset}`;
}

function byTopic(parts: readonly FetchPartition[]): [string, FetchPartition[]][] {
  const topics = new Map<string, FetchPartition[]>();
  for (const part of parts) {
    const list = topics.get(part.topic);
    if (list === undefined) topics.set(part.topic, [part]);
    else list.push(part);
  }
  return [...topics];
}

function index(topics: readonly any[], nameField: string, listField: string, numberField: string): Map<string, any> {
  const found = new Map<string, any>();
  for (const topic of topics) {
    for (const partition of topic[listField]) found.set(`${topic[nameField]}\n${partition[numberField]}`, partition);
  }
  return found;
}
