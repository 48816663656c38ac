// One client's connection to one broker: frames in, answers out, strictly in order. The next request is not begun
// before the one before it is answered, as in Kafka; a round-trip delay only holds answers back. @thread mock
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers';
import { FrameSplitter } from '../protocol/frame.ts';
import { ProtocolError } from '../protocol/reader.ts';
import type { Timer } from '../rd/clock.ts';
import type { Broker } from './broker.ts';
import type { MockCluster } from './cluster.ts';
import { type Answered, serveFrame } from './serve.ts';

/** Kafka's socket.request.max.bytes. */
const MAX_FRAME = 100 * 1024 * 1024;
/** Above either of these nothing more is read from the socket until the client has been served. */
const MAX_WAITING_REQUESTS = 256;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Above these no request is begun until the client has read, or the answers held back are sent. */
const MAX_HELD_ANSWERS = 1024;
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
/** Requests served before other connections get their turn. */
const TURN = 64;

interface Held {
  readonly frame: Uint8Array;
  /** Monotonic ms at which it goes out, not counting the broker's round-trip time. */
  readonly at: number;
}

export class Connection {
  readonly clientHost: string;
  readonly broker: Broker;
  readonly #socket: Socket;
  readonly #cluster: MockCluster;
  readonly #splitter: FrameSplitter;
  readonly #onClose: () => void;
  readonly #peer: string;
  #requests: Uint8Array[] = [];
  #requestBytes = 0;
  #busy = false;
  #serving = false;
  #closed = false;
  #abandon: (() => void) | null = null;
  #held: Held[] = [];
  #heldBytes = 0;
  #timer: Timer | null = null;

  constructor(socket: Socket, broker: Broker, cluster: MockCluster, onClose: () => void) {
    this.#socket = socket;
    this.broker = broker;
    this.#cluster = cluster;
    this.#onClose = onClose;
    this.#splitter = new FrameSplitter(MAX_FRAME);
    this.clientHost = `/${socket.remoteAddress ?? 'unknown'}`;
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('disconnected'));
    socket.on('drain', () => this.#serve());
  }

  /** Cuts the connection; answers that are still to come are dropped. A second call does nothing. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cluster.log(7, 'MOCK', `Broker ${this.broker.id}: connection from ${this.#peer} closed: ${reason}`);
    this.#timer?.clear();
    this.#requests = [];
    this.#held = [];
    this.#socket.destroy();
    this.#abandoned();
    this.#onClose();
  }

  /** Sends what is due, and waits for what is not. */
  flush(): void {
    this.#timer?.clear();
    this.#timer = null;
    const { clock } = this.#cluster;
    const { rtt } = this.broker;
    let sent = 0;
    for (const { frame, at } of this.#held) {
      const wait = at + rtt - clock.now();
      if (wait > 0) {
        this.#timer = clock.setTimer(wait, () => this.flush());
        break;
      }
      this.#socket.write(frame);
      this.#heldBytes -= frame.byteLength;
      sent++;
    }
    this.#held.splice(0, sent);
    if (sent > 0 && !this.#serving && this.#requests.length > 0) this.#later();
  }

  /** Sends all that is held back, now. */
  release(): void {
    const now = this.#cluster.clock.now();
    this.#held = this.#held.map(({ frame }) => ({ frame, at: now - this.broker.rtt }));
    this.flush();
  }

  #data(chunk: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#splitter.push(chunk, (frame) => {
        this.#requests.push(frame);
        this.#requestBytes += frame.byteLength;
      });
    } catch (error) {
      this.#refuse(error);
      return;
    }
    this.#serve();
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    let turn = 0;
    while (!this.#closed && !this.#busy && this.#requests.length > 0 && !this.#clogged() && turn++ < TURN) {
      const frame = this.#requests.shift() as Uint8Array;
      this.#requestBytes -= frame.byteLength;
      this.#begin(frame);
    }
    this.#serving = false;
    if (this.#closed) return;
    if (!this.#busy && this.#requests.length > 0 && !this.#clogged()) this.#later();
    const full = this.#requests.length > MAX_WAITING_REQUESTS || this.#requestBytes > MAX_WAITING_BYTES;
    if (full && !this.#socket.isPaused()) this.#socket.pause();
    else if (!full && this.#socket.isPaused()) this.#socket.resume();
  }

  #clogged(): boolean {
    const unsent = this.#heldBytes + this.#socket.writableLength;
    return this.#held.length >= MAX_HELD_ANSWERS || unsent > MAX_UNSENT_BYTES;
  }

  #later(): void {
    setImmediate(() => this.#serve());
  }

  #begin(frame: Uint8Array): void {
    this.#busy = true;
    let open = true;
    const answered: Answered = (answer, rtt) => {
      if (!open) return;
      open = false;
      this.#busy = false;
      this.#abandon = null;
      this.#cluster.waits.touched();
      if (this.#closed) return;
      if (answer !== null) {
        this.#heldBytes += answer.byteLength;
        this.#held.push({ frame: answer, at: this.#cluster.clock.now() + rtt });
        this.flush();
      }
      // The answer of a request that waited comes from within a group or a log: what follows it must not run in there.
      if (!this.#serving) this.#later();
    };
    const served = {
      connection: this,
      onAbandoned: (fn: () => void) => {
        this.#abandon = fn;
      },
    };
    try {
      serveFrame(this.#cluster, this.broker, served, frame, answered);
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** A request that is no request, or a fault of ours: said aloud, and the connection goes. */
  #refuse(error: unknown): void {
    const theirs = error instanceof ProtocolError;
    const reason = theirs ? error.message : `internal error: ${(error as Error).stack ?? error}`;
    if (!this.#closed) this.#cluster.log(theirs ? 4 : 3, 'MOCK', `Broker ${this.broker.id}: ${this.#peer}: ${reason}`);
    this.close(theirs ? reason : 'internal error');
  }

  #abandoned(): void {
    const abandon = this.#abandon;
    this.#abandon = null;
    abandon?.();
  }
}
