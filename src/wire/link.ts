// One socket's life: frames out, frames in, and which request is where on it. Knows nothing of reconnecting.
// @thread main|broker
import {
  RD_KAFKA_RESP_ERR__BAD_MSG as BAD_MSG,
  RD_KAFKA_RESP_ERR_NO_ERROR as NO_ERROR,
} from '../defs/enums.generated.ts';
import { decodeResponse } from '../protocol/compile.ts';
import { type FrameSplitter, readResponseHeader, requestFrame } from '../protocol/frame.ts';
import { ProtocolError, Reader } from '../protocol/reader.ts';
import { Fifo } from '../rd/fifo.ts';
import { sizeOf } from '../rd/shared_copy.ts';
import type { Dialer, FailureKind, Transport, TransportEvents } from '../transport/transport.ts';
import type { Deadlines } from './deadlines.ts';
import type { Deliveries, Pending } from './requests.ts';

/** The connection, as its link sees it. Nothing of a link that is not the current one matters but linkClosed. */
export interface LinkOwner {
  readonly deadlines: Deadlines;
  readonly deliveries: Deliveries;
  linkConnected(link: Link): void;
  /** The transport ended by itself. The owner calls condemn(). */
  linkFailed(link: Link, kind: FailureKind, reason: string): void;
  /** The broker sent what it may not. The owner calls condemn(). */
  linkBroken(link: Link, reason: string): void;
  /** `bytes` have come. */
  linkReceived(bytes: number): void;
  /** A response has come, `throttleMs` as it said, -1 if it says none. There may be room for another request. */
  linkAnswered(link: Link, throttleMs: number): void;
  /** The last event. */
  linkClosed(link: Link): void;
}

/**
 * A request that was written is in one or both of two queues, each in the order of writing:
 *
 *     waiting   not answered yet (a settled one only keeps its place, since answers come in order)
 *     writing   its write callback has not come, the socket may read its frame
 */
export class Link implements TransportEvents {
  private readonly owner: LinkOwner;
  private readonly clientId: string | null;
  private readonly splitter: FrameSplitter;
  private readonly transport: Transport;
  private readonly waiting: Fifo<Pending>;
  private readonly writing: Fifo<Pending>;
  private readonly onFrame: (frame: Uint8Array) => void;
  private condemned: boolean;
  /** Requests written and without outcome; one that timed out or was abandoned takes no room from others. */
  inflight: number;

  /** Starts to connect to `host`:`port`. */
  constructor(
    owner: LinkOwner,
    dialer: Dialer,
    host: string,
    port: number,
    clientId: string | null,
    splitter: FrameSplitter,
  ) {
    this.owner = owner;
    this.clientId = clientId;
    this.splitter = splitter;
    this.waiting = new Fifo();
    this.writing = new Fifo();
    this.onFrame = (frame) => this.frame(frame);
    this.condemned = false;
    this.inflight = 0;
    this.transport = dialer.dial(host, port, this);
  }

  /** Requests whose write callback has not come. */
  get writingCount(): number {
    return this.writing.size;
  }

  /** Bytes that have not left user land. */
  get bytesPending(): number {
    return this.transport.bytesPending;
  }

  /** True if somebody still waits for the outcome of a request. */
  get busy(): boolean {
    return this.openPendings().some((pending) => !pending.settled);
  }

  /**
   * Encodes and writes a request; gives its size in bytes. Throws (RangeError of the encoder, or whatever frame()
   * throws) with nothing written.
   */
  transmit(pending: Pending, version: number, correlationId: number): number {
    const { request } = pending;
    const pieces = request.frame?.(version, correlationId) ?? [
      requestFrame(request.name, version, correlationId, this.clientId, (request.body ?? {}) as never),
    ];
    pending.version = version;
    pending.correlationId = correlationId;
    pending.sent = true;
    pending.free = false;
    this.writing.push(pending);
    if (request.noResponse !== true) {
      this.waiting.push(pending);
      pending.counter = this;
      this.inflight++;
    }
    this.transport.write(pieces, () => this.wrote());
    return sizeOf(pieces);
  }

  /** Ends it: the socket goes, and every request without outcome gets `error`, once its frame is free. */
  condemn(error: number): void {
    if (this.condemned) return;
    this.condemned = true;
    this.transport.destroy();
    for (const pending of this.openPendings()) this.settle(pending, error);
  }

  /** Gives `error` to the open requests that `filter` picks; their answers will be dropped. Gives how many. */
  abandon(error: number, filter: (pending: Pending) => boolean): number {
    const picked = this.openPendings().filter((pending) => !pending.settled && filter(pending));
    for (const pending of picked) this.settle(pending, error);
    return picked.length;
  }

  connected(): void {
    if (!this.condemned) this.owner.linkConnected(this);
  }

  failed(kind: FailureKind, reason: string): void {
    if (!this.condemned) this.owner.linkFailed(this, kind, reason);
  }

  data(chunk: Uint8Array): void {
    if (this.condemned) return;
    this.owner.linkReceived(chunk.length);
    try {
      this.splitter.push(chunk, this.onFrame);
    } catch (error) {
      this.broken(error);
    }
  }

  closed(): void {
    for (let pending = this.writing.shift(); pending !== undefined; pending = this.writing.shift()) {
      pending.release();
      this.owner.deliveries.later(pending);
    }
    this.owner.linkClosed(this);
  }

  private wrote(): void {
    this.owner.deliveries.flush();
    const pending = this.writing.shift() as Pending;
    pending.release();
    if (pending.request.noResponse === true) this.outcome(pending, NO_ERROR, null, null);
    pending.deliver();
  }

  private frame(frame: Uint8Array): void {
    this.owner.deliveries.flush();
    // A handler may have ended this link.
    if (this.condemned) return;
    const pending = this.waiting.peek();
    try {
      if (pending === undefined) throw new ProtocolError(`${frame.length} bytes that nobody asked for`, '', 'frame');
      const throttleMs = this.answer(pending, frame);
      if (!this.condemned) this.owner.linkAnswered(this, throttleMs);
    } catch (error) {
      this.broken(error);
    }
  }

  /** Gives the response to its request; its throttle time, -1 for none. Throws if it is not the response to it. */
  private answer(pending: Pending, frame: Uint8Array): number {
    const { request, version } = pending;
    const reader = new Reader(frame);
    const { correlationId } = readResponseHeader(request.name, version, reader);
    if (correlationId !== pending.correlationId) {
      const what = `${request.name} response header`;
      throw new ProtocolError(`${correlationId} instead of ${pending.correlationId}`, 'correlationId', what);
    }
    this.waiting.shift();
    if (pending.settled) {
      this.owner.deadlines.cancel(pending);
      return -1;
    }
    if (request.decode === 'frame') {
      // Before anybody has the frame: who gets it may pass its memory on to another thread.
      const throttleMs = request.name === 'Fetch' ? fetchThrottle(version, reader) : -1;
      this.outcome(pending, NO_ERROR, null, frame);
      pending.deliver();
      return throttleMs;
    }
    const response = this.decode(pending, reader) as { throttleTimeMs?: number };
    this.outcome(pending, NO_ERROR, response, frame);
    pending.deliver();
    return response.throttleTimeMs ?? -1;
  }

  private decode(pending: Pending, reader: Reader): unknown {
    try {
      return decodeResponse(pending.request.name, pending.version, reader);
    } catch (error) {
      this.settle(pending, BAD_MSG);
      throw error;
    }
  }

  private broken(error: unknown): void {
    if (!this.condemned) this.owner.linkBroken(this, (error as Error).message);
  }

  /** Notes an outcome; the first counts. */
  private outcome(pending: Pending, error: number, response: unknown, frame: Uint8Array | null): void {
    pending.settle(error, response, frame);
    this.owner.deadlines.cancel(pending);
  }

  /** Notes an outcome that is told in a later turn, when the frame is free. */
  private settle(pending: Pending, error: number): void {
    this.outcome(pending, error, null, null);
    this.owner.deliveries.later(pending);
  }

  /** All that are in one of the queues, in the order of writing. */
  private openPendings(): Pending[] {
    const all: Pending[] = [];
    for (let i = 0; i < this.waiting.size; i++) all.push(this.waiting.at(i) as Pending);
    for (let i = 0; i < this.writing.size; i++) all.push(this.writing.at(i) as Pending);
    return [...new Set(all)].sort((a, b) => a.correlationId - b.correlationId);
  }
}

/** The one answer that is not decoded here has it in front. */
function fetchThrottle(version: number, reader: Reader): number {
  return version >= 1 && reader.left >= 4 ? reader.int32() : -1;
}
