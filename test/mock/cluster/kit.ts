// A mock cluster inside the test's own process, and raw requests to its brokers.
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ApiName } from '../../../src/defs/api_name.ts';
import { MockCluster, type MockClusterOptions } from '../../../src/mock/cluster.ts';
import { COMMANDS } from '../../../src/mock/commands.ts';
import { APIS } from '../../../src/protocol/api.ts';
import { type Body, decodeResponse } from '../../../src/protocol/compile.ts';
import { FrameSplitter, readResponseHeader, requestFrame } from '../../../src/protocol/frame.ts';
import type { Messages } from '../../../src/protocol/messages.ts';
import { Reader } from '../../../src/protocol/reader.ts';
import { systemClock } from '../../../src/rd/clock.ts';

export interface TestCluster {
  readonly cluster: MockCluster;
  readonly bootstrap: string;
  /** What was logged at level 5 or worse. */
  readonly complaints: string[];
  readonly commands: typeof COMMANDS;
}

/** A started cluster that closes with the test; groups do not wait for more members. */
export async function aMockCluster(options: Partial<MockClusterOptions> = {}): Promise<TestCluster> {
  const complaints: string[] = [];
  const cluster = new MockCluster({
    brokers: 1,
    groupInitialRebalanceDelayMs: 0,
    clock: systemClock,
    log: (level, _fac, text) => {
      if (level <= 5) complaints.push(text);
      if (process.env.TEST_DEBUG !== undefined) console.log(level, text);
    },
    ...options,
  });
  await cluster.start();
  onTestFinished(() => cluster.close());
  return { cluster, bootstrap: cluster.bootstraps(), complaints, commands: COMMANDS };
}

/** One connection that sends requests by our own schemas and waits for their answers in order. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** Correlation ids in the order of their answers. */
  readonly answered: number[] = [];
  #next = 1;
  readonly #waiting: Map<
    number,
    { name: ApiName; version: number; done: (response: any) => void; failed: (error: Error) => void }
  > = new Map();

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    const splitter = new FrameSplitter(100 * 1024 * 1024);
    this.socket.on('data', (chunk) => splitter.push(chunk, (frame) => this.#answer(frame)));
    this.socket.on('error', () => {});
    this.closed = new Promise((done) => {
      this.socket.on('close', () => {
        for (const { failed } of this.#waiting.values()) failed(new Error('connection closed'));
        this.#waiting.clear();
        done();
      });
    });
    onTestFinished(() => {
      this.socket.destroy();
    });
  }

  /** @param version the highest by default */
  send<N extends ApiName>(
    name: N,
    body: Body<Messages[N]['request']>,
    version: number = APIS[name].max,
  ): Promise<Messages[N]['response']> {
    const correlationId = this.#next++;
    this.socket.write(requestFrame(name, version, correlationId, 'raw', body));
    return new Promise((done, failed) => this.#waiting.set(correlationId, { name, version, done, failed }));
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

/** A connection to broker `id`. */
export function rawClient({ cluster }: TestCluster, id = 1): RawClient {
  return new RawClient(cluster.broker(id)?.port as number);
}
