// Who the cluster's brokers are, and main's own connections to them: for metadata, coordinators and whatever else is
// neither produce nor fetch.
// @thread main
//
// Connections go by address, so that a bootstrap server and the node it turns out to be share one. They are sparse:
// made when a request wants one; a request to any broker waits for the first that comes up.

import type { Settings } from '../conf/settings_type.ts';
import { parseBrokerList } from '../defs/broker_list.ts';
import * as E from '../defs/enums.ts';
import type { Clock } from '../rd/clock.ts';
import { hostPort } from '../rd/host_port.ts';
import { Connection } from '../wire/connection.ts';
import type { WireRequest } from '../wire/requests.ts';

export interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface BrokersEnv {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly debug: number;
  log(level: number, fac: string, text: string): void;
  error(err: number, text: string): void;
  nodesChanged(): void;
  /** A connection came up. */
  up(): void;
  soon(): void;
}

interface Waiting {
  readonly request: WireRequest;
  readonly until: number;
}

export class Brokers {
  readonly nodes: Map<number, Node>;
  private readonly env: BrokersEnv;
  private readonly bootstrap: Map<string, { host: string; port: number }>;
  private readonly connections: Map<string, Connection>;
  private coordinator: Connection | null;
  /** Addresses that failed since one last came up. */
  private readonly down: Set<string>;
  private allDownTold: boolean;
  private waiting: Waiting[];
  private closing: boolean;

  constructor(env: BrokersEnv) {
    this.env = env;
    this.nodes = new Map();
    this.bootstrap = new Map();
    this.connections = new Map();
    this.coordinator = null;
    this.down = new Set();
    this.allDownTold = false;
    this.waiting = [];
    this.closing = false;
  }

  /** Adds bootstrap servers; what can't be parsed was told by whoever parsed it first. */
  add(list: string): void {
    for (const { host, port } of parseBrokerList(list).brokers)
      this.bootstrap.set(hostPort(host, port), { host, port });
    this.env.soon();
  }

  get known(): number {
    return this.addresses().length;
  }

  /** What metadata said; brokers that are no longer there are forgotten. */
  setNodes(nodes: readonly Node[]): void {
    let changed = nodes.length !== this.nodes.size;
    for (const node of nodes) {
      const old = this.nodes.get(node.id);
      if (old === undefined || old.host !== node.host || old.port !== node.port) changed = true;
    }
    if (!changed) return;
    this.nodes.clear();
    for (const node of nodes) this.nodes.set(node.id, node);
    this.dropStrangers();
    this.env.nodesChanged();
  }

  /** A node that FindCoordinator named and metadata has not (yet). */
  addNode(id: number, host: string, port: number): void {
    const old = this.nodes.get(id);
    if (old !== undefined && old.host === host && old.port === port) return;
    this.nodes.set(id, { id, host, port, rack: old?.rack ?? null });
    this.env.nodesChanged();
  }

  /** To the broker with that id; _UNKNOWN_BROKER when there is none. `done` never comes within the call. */
  sendTo(id: number, request: WireRequest): void {
    const node = this.nodes.get(id);
    if (node === undefined) {
      setImmediate(() => request.done(E.RD_KAFKA_RESP_ERR__UNKNOWN_BROKER, null, -1, null));
      return;
    }
    this.connection(node.host, node.port).send(request);
  }

  /**
   * The same over a connection that carries nothing else: JoinGroup and SyncGroup keep a broker from answering what
   * comes behind them on one connection, for minutes.
   */
  sendCoordinator(id: number, request: WireRequest): void {
    const node = this.nodes.get(id);
    if (node === undefined) {
      setImmediate(() => request.done(E.RD_KAFKA_RESP_ERR__UNKNOWN_BROKER, null, -1, null));
      return;
    }
    if (this.coordinator === null) this.coordinator = this.open(node.host, node.port, 'GroupCoordinator');
    else this.coordinator.setAddress(node.host, node.port);
    this.coordinator.send(request);
  }

  /** To whichever broker is up first; _TRANSPORT when none came up within the request's timeout. */
  sendAny(request: WireRequest): void {
    const up = [...this.connections.values()].filter((connection) => connection.state === 'UP');
    if (up.length > 0) {
      up[Math.floor(this.env.random() * up.length)]!.send(request);
      return;
    }
    this.waiting.push({ request, until: this.env.clock.now() + request.timeoutMs });
    this.connectAny();
    this.env.soon();
  }

  /** True when some connection of main's is up. */
  get anyUp(): boolean {
    for (const connection of this.connections.values()) if (connection.state === 'UP') return true;
    return false;
  }

  poll(now: number): number {
    let wake = Number.POSITIVE_INFINITY;
    if (this.waiting.length === 0) return wake;
    const late = this.waiting.filter((entry) => entry.until <= now);
    this.waiting = this.waiting.filter((entry) => entry.until > now);
    for (const { request } of late) request.done(E.RD_KAFKA_RESP_ERR__TRANSPORT, null, -1, null);
    for (const { until } of this.waiting) wake = Math.min(wake, until);
    if (this.waiting.length > 0) {
      this.connectAny();
      wake = Math.min(wake, now + 100);
    }
    return wake;
  }

  /** Told by an I/O worker of its connection to a node. */
  nodeState(id: number, up: boolean, err: number, text: string): void {
    const node = this.nodes.get(id);
    if (node === undefined) return;
    if (up) this.cameUp();
    else this.failed(hostPort(node.host, node.port), err, text);
  }

  /** Ends all connections; requests that wait get _DESTROY. */
  close(done: () => void): void {
    this.closing = true;
    for (const { request } of this.waiting.splice(0)) request.done(E.RD_KAFKA_RESP_ERR__DESTROY, null, -1, null);
    const all = [...this.connections.values()];
    if (this.coordinator !== null) all.push(this.coordinator);
    const closed = all.map((connection) => connection.close());
    void Promise.all(closed).then(done);
  }

  private addresses(): { host: string; port: number }[] {
    const all = new Map(this.bootstrap);
    for (const node of this.nodes.values()) all.set(hostPort(node.host, node.port), node);
    return [...all.values()];
  }

  /** One attempt at a time; an address that failed goes on by itself, with its backoff, while the next is tried. */
  private connectAny(): void {
    if (this.closing) return;
    let idle: { host: string; port: number }[] = [];
    for (const { host, port } of this.addresses()) {
      const state = this.connections.get(hostPort(host, port))?.state ?? 'INIT';
      if (state === 'INIT') idle.push({ host, port });
      else if (state !== 'TRY_CONNECT') return;
    }
    const fresh = idle.filter(({ host, port }) => !this.down.has(hostPort(host, port)));
    if (fresh.length > 0) idle = fresh;
    if (idle.length === 0) return;
    const { host, port } = idle[Math.floor(this.env.random() * idle.length)]!;
    this.connection(host, port).connect();
  }

  private connection(host: string, port: number): Connection {
    const address = hostPort(host, port);
    const known = this.connections.get(address);
    if (known !== undefined) return known;
    const node = [...this.nodes.values()].find((each) => each.host === host && each.port === port);
    const connection = this.open(host, port, node === undefined ? 'bootstrap' : String(node.id));
    this.connections.set(address, connection);
    return connection;
  }

  private open(host: string, port: number, what: string): Connection {
    const { env } = this;
    const connection: Connection = new Connection({
      host,
      port,
      name: `${hostPort(host, port)}/${what}`,
      clientId: env.settings['client.id'],
      settings: env.settings,
      clock: env.clock,
      random: env.random,
      debug: env.debug,
      log: (level, fac, text) => env.log(level, fac, text),
      onState: (state) => {
        if (state === 'UP') {
          this.cameUp();
          if (connection !== this.coordinator) this.flushWaiting(connection);
        }
        env.soon();
      },
      onError: (err, text) => this.failed(hostPort(connection.host, connection.port), err, text),
    });
    return connection;
  }

  private flushWaiting(connection: Connection): void {
    for (const { request } of this.waiting.splice(0)) connection.send(request);
    this.env.up();
  }

  private cameUp(): void {
    this.down.clear();
    this.allDownTold = false;
  }

  private failed(address: string, err: number, text: string): void {
    if (this.closing) return;
    this.env.error(err, text);
    this.down.add(address);
    const all = this.addresses();
    const down = all.filter(({ host, port }) => this.down.has(hostPort(host, port))).length;
    if (this.allDownTold || down < all.length) return;
    this.allDownTold = true;
    this.env.error(E.RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, `${down}/${all.length} brokers are down`);
  }

  /** Connections to addresses that neither metadata nor the bootstrap list names any more. */
  private dropStrangers(): void {
    const named = new Set(this.addresses().map(({ host, port }) => hostPort(host, port)));
    for (const [address, connection] of this.connections) {
      if (named.has(address)) continue;
      this.connections.delete(address);
      this.down.delete(address);
      void connection.close();
    }
  }
}
