// A broker made of a TCP server and a handful of lines: it answers ApiVersions, records the rest, and does to the
// bytes what a test wants. @thread any
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ApiName } from '../../src/defs/api_name.ts';
import { APIS } from '../../src/protocol/api.ts';
import { FrameSplitter, type RequestHeader, readRequestHeader, responseFrame } from '../../src/protocol/frame.ts';
import { Reader } from '../../src/protocol/reader.ts';

/** A request as it came. */
export interface Received extends RequestHeader {
  readonly peer: Peer;
  readonly frame: Uint8Array;
}

/** One accepted connection. */
export class Peer {
  readonly socket: Socket;
  readonly requests: Received[] = [];
  ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Answers a request by the schema. */
  respond(request: RequestHeader, name: ApiName, body: object): void {
    this.socket.write(responseFrame(name, request.apiVersion, request.correlationId, body as never));
  }
}

export type OnRequest = (request: Received, peer: Peer) => void;

/** `apis` as key -> [min, max]. */
export type Ranges = Readonly<Record<number, readonly [number, number]>>;

const DEFAULT_APIS: Ranges = { 0: [3, 9], 1: [4, 11], 3: [0, 9], 10: [0, 3], 12: [0, 4], 18: [0, 3] };

export function apiVersionsBody(apis: Ranges = DEFAULT_APIS, errorCode = 0): object {
  const apiKeys = Object.entries(apis).map(([key, [minVersion, maxVersion]]) => ({
    apiKey: Number(key),
    minVersion,
    maxVersion,
  }));
  return { errorCode, apiKeys };
}

export class RawBroker {
  readonly peers: Peer[] = [];
  /** Called for each request. Default: ApiVersions is answered, all else only recorded. */
  onRequest: OnRequest = answerApiVersions;
  /** Called for each new connection, before it is read; false: its bytes are left unread. */
  onPeer: (peer: Peer) => boolean = () => true;
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) => this.accept(socket));
  }

  /** Starts it on a free port of 127.0.0.1, or the one given; ended when the test is. */
  async listen(t: { onTestFinished(fn: () => Promise<void>): void }, port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    t.onTestFinished(() => this.stop());
    return this;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** All requests of all connections but ApiVersions. */
  get requests(): Received[] {
    return this.peers.flatMap((peer) => peer.requests).filter((request) => request.apiKey !== APIS.ApiVersions.key);
  }

  get queries(): Received[] {
    return this.peers.flatMap((peer) => peer.requests).filter((request) => request.apiKey === APIS.ApiVersions.key);
  }

  get last(): Peer {
    return this.peers.at(-1) as Peer;
  }

  async stop(): Promise<void> {
    for (const peer of this.peers) peer.socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    const peer = new Peer(socket);
    this.peers.push(peer);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      peer.ended = true;
    });
    if (!this.onPeer(peer)) {
      socket.pause();
      return;
    }
    const splitter = new FrameSplitter(100_000_000);
    socket.on('data', (chunk) => splitter.push(chunk, (frame) => this.receive(peer, frame)));
  }

  private receive(peer: Peer, frame: Uint8Array): void {
    const request: Received = { ...readRequestHeader(new Reader(frame)), peer, frame };
    peer.requests.push(request);
    this.onRequest(request, peer);
  }
}

export const answerApiVersions: OnRequest = (request, peer) => {
  if (request.apiKey === APIS.ApiVersions.key) peer.respond(request, 'ApiVersions', apiVersionsBody());
};

/** Answers ApiVersions, and every Metadata and FindCoordinator request with an answer that repeats its correlation id. */
export const answerAll: OnRequest = (request, peer) => {
  answerApiVersions(request, peer);
  if (request.apiKey === APIS.Metadata.key) {
    peer.respond(request, 'Metadata', { brokers: [], clusterId: `${request.correlationId}`, topics: [] });
  }
};

/** Answers as the only broker of a cluster with topic t of one partition; Produce and Fetch are `own`'s. */
export function oneBroker(broker: RawBroker, own: OnRequest): OnRequest {
  return (request, peer) => {
    if (request.apiKey === APIS.ApiVersions.key)
      peer.respond(request, 'ApiVersions', apiVersionsBody({ 0: [7, 7], 1: [11, 11], 3: [9, 9], 18: [0, 3] }));
    else if (request.apiKey === APIS.Metadata.key)
      peer.respond(request, 'Metadata', {
        brokers: [{ nodeId: 1, host: '127.0.0.1', port: broker.port }],
        clusterId: 'raw',
        controllerId: 1,
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, leaderId: 1, replicaNodes: [1], isrNodes: [1] }] }],
      });
    else own(request, peer);
  };
}

/** Says of a Produce request that it is stored at `baseOffset` of t [0]. */
export function stored(request: RequestHeader, peer: Peer, baseOffset: number, throttleTimeMs = 0): void {
  peer.respond(request, 'Produce', {
    responses: [{ name: 't', partitionResponses: [{ index: 0, errorCode: 0, baseOffset }] }],
    throttleTimeMs,
  });
}

/**
 * A port where nobody listens. Not one of those that the system hands out: somebody else may be given it, and a client that
 * connects to one is now and then given that very port as its own, and talks to itself.
 */
export const NOBODY = 1;

/** True if somebody accepts connections at the port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => resolve(false));
    socket.once('close', (hadError) => resolve(!hadError));
  });
}
