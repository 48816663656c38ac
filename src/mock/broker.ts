// One broker: its listener and its connections; where it says that it lives. @thread mock
import { randomInt } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { MockCluster } from './cluster.ts';
import { Connection } from './connection.ts';
import { FaultStacks } from './faults.ts';
import { FetchSessions } from './sessions.ts';

/** A port that was ours may be somebody's for a moment after we left it. */
const LISTEN_TRIES = 20;
const LISTEN_AGAIN_MS = 50;
/**
 * Ports that no system hands out by itself (Linux begins at 32768, others at 49152). Else a client that reconnects to
 * a broker that is down gets that very port for its own end now and then, is connected to itself, and holds the port.
 */
const FIRST_PORT = 13_000;
const PORTS = 19_000;
const PORT_TRIES = 50;

export class Broker {
  readonly id: number;
  readonly faults: FaultStacks = new FaultStacks();
  readonly sessions: FetchSessions;
  /** What clients are told; differs from where it listens after mock_broker_set_host_port. */
  advertisedHost: string;
  advertisedPort = 0;
  rack: string | null = null;
  /** Whether Metadata names it. */
  inMetadata = true;
  /** Milliseconds by which each answer is held back. */
  #rtt: number;
  readonly #firstRtt: number;
  readonly #cluster: MockCluster;
  readonly #host: string;
  #port: number;
  #server: Server | null = null;
  readonly #connections: Set<Connection> = new Set();

  /** @param port 0 for any free one. */
  constructor(cluster: MockCluster, id: number, host: string, port: number, rtt: number) {
    this.#cluster = cluster;
    this.id = id;
    this.sessions = new FetchSessions(cluster.maxFetchSessions);
    this.#host = host;
    this.#port = port;
    this.advertisedHost = host;
    this.#rtt = rtt;
    this.#firstRtt = rtt;
  }

  get up(): boolean {
    return this.#server !== null;
  }

  get rtt(): number {
    return this.#rtt;
  }

  /** The port that it listens on, also while it is down. */
  get port(): number {
    return this.#port;
  }

  /** Binds its port and accepts connections. Rejects with the system's error. */
  async start(): Promise<void> {
    if (this.#server !== null) return;
    this.#server = await (this.#port === 0 ? this.#listenAnywhere() : this.#listenAgain());
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    if (this.advertisedPort === 0) this.advertisedPort = this.#port;
  }

  /** Closes listener and connections; the port stays its own for the next start. */
  async stop(reason: string): Promise<void> {
    const server = this.#server;
    this.#server = null;
    // A broker that comes back knows none of them.
    this.sessions.clear();
    for (const connection of [...this.#connections]) connection.close(reason);
    if (server !== null) await new Promise<void>((done) => server.close(() => done()));
  }

  /** Applies to answers that wait already, too. */
  setRtt(ms: number): void {
    this.#rtt = ms;
    for (const connection of [...this.#connections]) connection.flush();
  }

  async #listenAnywhere(): Promise<Server> {
    for (let tries = 0; tries < PORT_TRIES; tries++) {
      try {
        return await this.#listen(FIRST_PORT + randomInt(PORTS));
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
    return this.#listen(0);
  }

  async #listenAgain(): Promise<Server> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#listen(this.#port);
      } catch (error) {
        // A port that was never ours may stay somebody else's for good.
        if (!isTaken(error) || this.advertisedPort === 0 || tries === LISTEN_TRIES) throw error;
        await new Promise<void>((done) => this.#cluster.clock.setTimer(LISTEN_AGAIN_MS, done));
      }
    }
  }

  /** Faults, delays, address and rack as at its start; connections stay, and what is held back is sent. */
  reset(): void {
    this.faults.reset();
    this.sessions.clear();
    this.#rtt = this.#firstRtt;
    for (const connection of [...this.#connections]) connection.release();
    this.advertisedHost = this.#host;
    this.advertisedPort = this.#port;
    this.rack = null;
    this.inMetadata = true;
  }

  #listen(port: number): Promise<Server> {
    return new Promise((done, failed) => {
      const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
      server.once('error', failed);
      server.listen({ port, host: this.#host }, () => {
        server.removeListener('error', failed);
        server.on('error', (error) => this.#cluster.log(3, 'MOCK', `Broker ${this.id}: listener: ${error.message}`));
        done(server);
      });
    });
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this, this.#cluster, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    if (!this.up) connection.close('broker down');
  }
}

function isTaken(error: unknown): boolean {
  return (error as { code?: string }).code === 'EADDRINUSE';
}
