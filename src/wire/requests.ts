// A request on its way: what the caller asked for, and how far it is. @thread main|broker
import type { ApiName } from '../defs/api_name.ts';
import type { Deadline } from './deadlines.ts';

/** What callers hand to Connection.send(). Give either `body` or `frame`. */
export interface WireRequest {
  readonly name: ApiName;
  /** Lowest and highest version that the caller can use, both included; default all that we speak. */
  readonly minVersion?: number;
  readonly maxVersion?: number;
  /**
   * ms from writing to answer; 0 is socket.timeout.ms. Unless `expireQueued` is false, also from send() to writing. A
   * connection is given up for want of an answer after 3 s (or socket.timeout.ms) at the soonest.
   */
  readonly timeoutMs: number;
  /** false: waits for a connection as long as it takes (or until purged). Default true: _TIMED_OUT_QUEUE after timeoutMs. */
  readonly expireQueued?: boolean;
  /** Encoded by the schema of the version that was negotiated; fields left out take their default. */
  readonly body?: object;
  /**
   * The complete frame (size, header, body) in pieces, which go to the socket without being copied: they must not
   * change until `written` or `done`. Called once, when the request is about to be written.
   */
  readonly frame?: (version: number, correlationId: number) => readonly Uint8Array[];
  /** The broker will not answer (acks=0): done when written. */
  readonly noResponse?: boolean;
  /** 'schema' (default): done gets the decoded body. 'frame': it gets the frame as it came, header included. */
  readonly decode?: 'schema' | 'frame';
  /**
   * Nothing reads the frame any more: every byte has left user land, or the socket is closed. Once, before `done`;
   * not called for a request that was never written.
   */
  readonly written?: () => void;
  /**
   * Called exactly once, never from inside a call of Connection, and never before `written` is due. `error` is 0 or a
   * local code: _TRANSPORT (connection lost, the broker may have done it), _TIMED_OUT, _TIMED_OUT_QUEUE (never
   * written), _UNSUPPORTED_FEATURE (never written), _INVALID_ARG (it could not be encoded), _BAD_MSG, _DESTROY, or what
   * the caller of purgeQueued, abandonInflight, disconnect or close gave. Error codes inside the response are the
   * caller's to find. `version` is -1 if it was never written. `frame` is in memory of its own; bytes in a decoded
   * response are views of it.
   */
  readonly done: (error: number, response: any, version: number, frame: Uint8Array | null) => void;
}

/** Whom a request's deadline concerns. */
export interface Expirer {
  expired(pending: Pending): void;
}

/**
 *     send -> queued -> written to a link, its write pending -> all bytes out -> answered
 *
 * It is `settled` when its outcome is known, and `delivered` when done() was called: the second waits until no write of
 * it is pending.
 */
export class Pending implements Deadline {
  readonly request: WireRequest;
  private readonly expirer: Expirer;
  at: number;
  heapIndex: number;
  heapOrder: number;
  version: number;
  correlationId: number;
  /** Handed to a socket. */
  sent: boolean;
  /** The socket reads its frame no more (or never did, while `sent` is false). */
  free: boolean;
  settled: boolean;
  delivered: boolean;
  error: number;
  response: unknown;
  frame: Uint8Array | null;
  /** What counts it while it is in flight. */
  counter: { inflight: number } | null;

  constructor(request: WireRequest, expirer: Expirer) {
    this.request = request;
    this.expirer = expirer;
    this.at = 0;
    this.heapIndex = -1;
    this.heapOrder = 0;
    this.version = -1;
    this.correlationId = -1;
    this.sent = false;
    this.free = true;
    this.settled = false;
    this.delivered = false;
    this.error = 0;
    this.response = null;
    this.frame = null;
    this.counter = null;
  }

  due(): void {
    this.expirer.expired(this);
  }

  /** Notes the outcome; the first one counts. Gives whether this was the first. */
  settle(error: number, response: unknown = null, frame: Uint8Array | null = null): boolean {
    if (this.settled) return false;
    this.settled = true;
    if (this.counter !== null) this.counter.inflight--;
    this.error = error;
    this.response = response;
    this.frame = frame;
    return true;
  }

  /** Its frame is read no more. */
  release(): void {
    if (this.free) return;
    this.free = true;
    if (this.request.written !== undefined) guarded(this.request.written);
  }

  /** Calls done(), if there is an outcome, its frame is free, and it was not called before. */
  deliver(): void {
    if (!this.settled || !this.free || this.delivered) return;
    this.delivered = true;
    guarded(() => this.request.done(this.error, this.response, this.version, this.frame));
  }
}

/** An error thrown by a handler is a bug of ours: it must not disturb the connection, but surface as uncaught. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/**
 * Hands over outcomes from the event loop, so that done() never runs inside a call of Connection. Keeps their order:
 * who hands over one directly, from the event loop too, calls flush() before.
 */
export class Deliveries {
  private waiting: Pending[];
  private scheduled: boolean;
  private readonly emptied: () => void;

  /** @param emptied called after each round. */
  constructor(emptied: () => void) {
    this.waiting = [];
    this.scheduled = false;
    this.emptied = emptied;
  }

  get idle(): boolean {
    return !this.scheduled;
  }

  /** The pending will be delivered in a later turn, if it can be then. */
  later(pending: Pending): void {
    this.waiting.push(pending);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.run());
  }

  /** Hands over what waits. Only from the event loop. */
  flush(): void {
    if (this.waiting.length === 0) return;
    const batch = this.waiting;
    this.waiting = [];
    for (const pending of batch) pending.deliver();
  }

  private run(): void {
    // What done() adds meanwhile waits for another turn, or a handler that repeats what fails would never end.
    const batch = this.waiting;
    this.waiting = [];
    this.scheduled = false;
    for (const pending of batch) pending.deliver();
    this.emptied();
  }
}
