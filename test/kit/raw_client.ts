// One connection to a broker that sends requests by our own schemas: for tests, beside the client that they test.
import { connect, type Socket } from 'node:net';
import type { ApiName } from '../../src/defs/api_name.ts';
import { APIS } from '../../src/protocol/api.ts';
import { type Body, decodeResponse } from '../../src/protocol/compile.ts';
import { FrameSplitter, readResponseHeader, requestFrame } from '../../src/protocol/frame.ts';
import type { Messages } from '../../src/protocol/messages.ts';
import { Reader } from '../../src/protocol/reader.ts';

const MAX_ANSWER = 1 << 27;

interface Waiting {
  readonly name: ApiName;
  readonly version: number;
  done(response: any): void;
  failed(error: Error): void;
}

/** Sends without waiting for the answer before; a broken connection rejects all that wait. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** Correlation ids in the order of their answers. */
  readonly answered: number[] = [];
  #next = 1;
  #error = '';
  readonly #waiting: Map<number, Waiting> = new Map();

  constructor(port: number, host: string = '127.0.0.1') {
    this.socket = connect({ port, host });
    const splitter = new FrameSplitter(MAX_ANSWER);
    this.socket.on('data', (chunk) => splitter.push(chunk, (frame) => this.#answer(frame)));
    this.socket.on('error', (error) => {
      this.#error = `: ${error.message}`;
    });
    this.closed = new Promise((done) => {
      this.socket.on('close', () => {
        for (const { failed } of this.#waiting.values()) failed(this.#hungUp());
        this.#waiting.clear();
        done();
      });
    });
  }

  /** @param version the highest by default */
  send<N extends ApiName>(
    name: N,
    body: Body<Messages[N]['request']>,
    version: number = APIS[name].max,
  ): Promise<Messages[N]['response']> {
    if (this.socket.destroyed) return Promise.reject(this.#hungUp());
    const correlationId = this.#next++;
    this.socket.write(requestFrame(name, version, correlationId, 'raw', body));
    const answer = new Promise<Messages[N]['response']>((done, failed) => {
      this.#waiting.set(correlationId, { name, version, done, failed });
    });
    // Whoever waits hears of it; a test that has failed before does not wait.
    answer.catch(() => {});
    return answer;
  }

  close(): void {
    this.socket.destroy();
  }

  #hungUp(): Error {
    return new Error(`connection closed${this.#error}`);
  }

  #answer(frame: Uint8Array): void {
    const correlationId = new DataView(frame.buffer, frame.byteOffset).getInt32(0);
    const waiting = this.#waiting.get(correlationId);
    if (waiting === undefined) throw new Error(`answer ${correlationId} to nothing`);
    this.#waiting.delete(correlationId);
    this.answered.push(correlationId);
    const reader = new Reader(frame);
    readResponseHeader(waiting.name, waiting.version, reader);
    waiting.done(decodeResponse(waiting.name, waiting.version, reader));
  }
}

/** Opens a connection to `host:port`, lets `use` ask, closes it; a broker that says nothing for so long is an error. */
export async function withClient<T>(
  address: string,
  timeoutMs: number,
  use: (client: RawClient) => Promise<T>,
): Promise<T> {
  const at = address.lastIndexOf(':');
  const client = new RawClient(Number(address.slice(at + 1)), address.slice(0, at).replace(/^\[|\]$/g, ''));
  client.socket.setTimeout(timeoutMs, () => client.socket.destroy(new Error(`${address} says nothing`)));
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
