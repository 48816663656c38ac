// Who the cluster's brokers are, and main's own connections to them: for metadata, coordinators and whatever else is
// neither produce nor fetch.
// @thread main
//
// Connections go by address, so that a bootstrap server and the node it turns out to be share one. They are sparse
// (unless told otherwise): made when a request wants one; a request to any broker waits for the first that comes up.

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import type { Clock } from '../rd/clock.ts';
import { hostPort } from '../rd/host_port.ts';
import { Connection } from '../wire/connection.ts';
import { SILENCE_MS, withoutAge } from '../wire/failure.ts';
import type { WireRequest } from '../wire/requests.ts';
import { type Address, Bootstrap, type Canonical } from './bootstrap.ts';

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
  /** Of `bootstrap.servers`; null: they are used as they stand. */
  readonly canonical: Canonical | null;
  /** `thread`: in place of main's name. */
  log(level: number, fac: string, text: string, thread?: string): void;
  error(err: number, text: string): void;
  /** A broker wants to be spared; with 0 ms no more. Null: nobody wants to know. */
  readonly throttled: ((name: string, broker: number, ms: number) => void) | null;
  nodesChanged(): void;
  /** A connection came up. */
  up(): void;
  /** A node can't be reached any more. */
  nodeDown(id: number): void;
  /** Metadata is to be had from the bootstrap servers. */
  rebootstrap(): void;
  soon(): void;
}

/** What a worker says of its connection to a node; `at`: since when (`clock.now()`). */
export interface NodeState {
  readonly up: boolean;
  readonly at: number;
  readonly err: number;
  readonly text: string;
}

interface Waiting {
  readonly request: WireRequest;
  readonly until: number;
  readonly via: ((host: string, port: number) => void) | undefined;
}

/** An attempt that takes longer than this does not keep the next address from being tried. */
const STAGGER_MS = 250;
/** A failed attempt says so long that a node is down. */
const DOWN_MS = 30_000;
const DEBUG = 7;

/** down: no known broker can be reached | silent: none has answered for long | required: a broker wants it so */
export type RebootstrapCause = 'down' | 'silent' | 'required';

const CAUSES: Readonly<Record<RebootstrapCause, string>> = {
  down: 'all known brokers are down',
  silent: 'no metadata for metadata.recovery.rebootstrap.trigger.ms',
  required: 'a broker requires it',
};

export class Brokers {
  readonly nodes: Map<number, Node>;
  private readonly env: BrokersEnv;
  private readonly bootstrap: Bootstrap;
  /** Bootstrap servers count: nobody has named the cluster's own brokers yet, or those named can't be relied on. */
  private bootstrapping: boolean;
  /** Bootstrap servers, after a new start, that have not failed since; nobody else is asked while there is one. */
  private readonly first: Set<string>;
  private readonly connections: Map<string, Connection>;
  private coordinator: Connection | null;
  /** Addresses that could not be reached when last tried, and when that was. */
  private readonly unreachable: Map<string, number>;
  /** Those that failed since one last came up. */
  private readonly down: Set<string>;
  private allDownTold: boolean;
  /** When one last came up. */
  private upAt: number;
  /** Of each broker by its name, the last failure that the application was told of. */
  private readonly told: Map<string, { err: number; reason: string; until: number }>;
  private waiting: Waiting[];
  /** Connections to brokers that nobody names any more, which end when nothing waits for an answer on them. */
  private readonly strangers: Set<Connection>;
  /** Connections that were dropped and have sockets to close. */
  private readonly leaving: Set<Promise<void>>;
  private closing: boolean;

  constructor(env: BrokersEnv) {
    this.env = env;
    this.nodes = new Map();
    this.bootstrap = new Bootstrap({
      canonical: env.canonical,
      log: (level, fac, text) => env.log(level, fac, text),
      resolved: () => {
        this.connectAll();
        if (this.waiting.length > 0) this.connectAny();
      },
    });
    this.bootstrapping = true;
    this.first = new Set();
    this.connections = new Map();
    this.coordinator = null;
    this.unreachable = new Map();
    this.down = new Set();
    this.allDownTold = false;
    this.upAt = Number.NEGATIVE_INFINITY;
    this.told = new Map();
    this.waiting = [];
    this.strangers = new Set();
    this.leaving = new Set();
    this.closing = false;
  }

  /** Adds bootstrap servers, up to the first that can't be read; `property`: those of `bootstrap.servers`. */
  add(list: string, property: boolean): void {
    this.bootstrap.add(list, property);
    this.bootstrapping = true;
    this.connectAll();
    if (!this.known) this.env.error(E.RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, 'no broker is configured');
    this.env.soon();
  }

  /** There is somebody to ask. */
  get known(): boolean {
    return this.bootstrap.any || this.nodes.size > 0;
  }

  /**
   * Begins anew with the bootstrap servers, if `metadata.recovery.strategy` lets it: until metadata comes they are asked
   * beside the brokers that are known, and unless those are down anyway, before them.
   */
  rebootstrap(cause: RebootstrapCause): void {
    const { env, bootstrap } = this;
    if (this.closing || !bootstrap.any || env.settings['metadata.recovery.strategy'] === 'none') return;
    if (this.bootstrapping && cause !== 'required') return;
    env.log(DEBUG, 'REBOOTSTRAP', `Starting over from the bootstrap servers: ${CAUSES[cause]}`);
    this.bootstrapping = true;
    bootstrap.lookUpAgain();
    if (cause !== 'down') {
      // One of them may be a bootstrap server, by an address that its name no longer has.
      for (const connection of [...this.connections.values()])
        connection.disconnect(E.RD_KAFKA_RESP_ERR__TRANSPORT, 'starting over from the bootstrap servers');
      for (const { host, port } of bootstrap.addresses()) this.first.add(hostPort(host, port));
    }
    env.rebootstrap();
  }

  /** What metadata said; brokers that are no longer there are forgotten, and so are bootstrap servers that are none. */
  setNodes(nodes: readonly Node[]): void {
    const began = this.bootstrapping;
    this.bootstrapping = false;
    this.first.clear();
    let changed = nodes.length !== this.nodes.size;
    for (const node of nodes) {
      const old = this.nodes.get(node.id);
      if (old === undefined || old.host !== node.host || old.port !== node.port || old.rack !== node.rack)
        changed = true;
    }
    if (changed) {
      this.nodes.clear();
      for (const node of nodes) this.nodes.set(node.id, node);
      this.nameConnections();
    }
    if (changed || began) {
      this.dropStrangers();
      this.connectAll();
    }
    if (changed) this.env.nodesChanged();
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
    else this.coordinator.setAddress(node.host, node.port, `${hostPort(node.host, node.port)}/GroupCoordinator`);
    this.coordinator.send(request);
  }

  /** The connection that sendCoordinator uses is up. */
  get coordinatorUp(): boolean {
    return this.coordinator?.state === 'UP';
  }

  /**
   * To whichever broker is up first; _TRANSPORT when none came up within the request's timeout. `via` hears the
   * address before it is sent.
   */
  sendAny(request: WireRequest, via?: (host: string, port: number) => void): void {
    const up = [...this.connections.values()].filter(
      ({ state, host, port }) => state === 'UP' && this.mayAsk(hostPort(host, port)),
    );
    if (up.length > 0) {
      const connection = up[Math.floor(this.env.random() * up.length)]!;
      via?.(connection.host, connection.port);
      connection.send(request);
      return;
    }
    this.waiting.push({ request, until: this.env.clock.now() + request.timeoutMs, via });
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
    if (this.strangers.size > 0) {
      this.closeStrangers();
      if (this.strangers.size > 0) wake = now + 100;
    }
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
  nodeState(id: number, { up, at, err, text }: NodeState): void {
    const node = this.nodes.get(id);
    if (node === undefined) return;
    if (!up && text !== '') this.tell(err, text);
    if (up) this.cameUp(hostPort(node.host, node.port), at);
    else this.wentDown(hostPort(node.host, node.port), at);
  }

  /**
   * Nobody names an address for the node, or it could not be reached a while ago. Where nobody tries any more (nothing
   * is to be said to it) that is forgotten, or metadata would be asked for it for ever.
   */
  isDown(id: number): boolean {
    const node = this.nodes.get(id);
    if (node === undefined) return true;
    const at = this.unreachable.get(hostPort(node.host, node.port));
    if (at === undefined) return false;
    return this.env.clock.now() - at < Math.max(DOWN_MS, 3 * this.env.settings['reconnect.backoff.max.ms']);
  }

  /** For people: the connections of main's own. */
  describe(): { name: string; state: string; ageMs: number }[] {
    const all = [...this.connections.values()];
    if (this.coordinator !== null) all.push(this.coordinator);
    return all.map(({ name, state, stateAge }) => ({ name, state, ageMs: stateAge }));
  }

  /** Ends all connections; requests that wait get _DESTROY. */
  close(done: () => void): void {
    this.closing = true;
    for (const { request } of this.waiting.splice(0)) request.done(E.RD_KAFKA_RESP_ERR__DESTROY, null, -1, null);
    const all = [...this.connections.values(), ...this.strangers];
    if (this.coordinator !== null) all.push(this.coordinator);
    const closed = all.map((connection) => connection.close());
    void Promise.all([...closed, ...this.leaving]).then(done);
  }

  private addresses(): Address[] {
    const all = new Map<string, Address>();
    if (this.bootstrapping) for (const server of this.bootstrap.addresses()) all.set(addressOf(server), server);
    for (const node of this.nodes.values()) all.set(hostPort(node.host, node.port), node);
    return [...all.values()];
  }

  private mayAsk(address: string): boolean {
    return this.first.size === 0 || this.first.has(address);
  }

  /**
   * One address after the other, the next when an attempt has failed or takes long; one that failed goes on by itself,
   * with its backoff, while the next is tried.
   */
  private connectAny(): void {
    if (this.closing) return;
    let idle: Address[] = [];
    for (const { host, port } of this.addresses()) {
      if (!this.mayAsk(hostPort(host, port))) continue;
      const connection = this.connections.get(hostPort(host, port));
      const state = connection?.state ?? 'INIT';
      if (state === 'INIT') idle.push({ host, port });
      else if (state !== 'TRY_CONNECT' && connection!.stateAge < STAGGER_MS) return;
    }
    const fresh = idle.filter(({ host, port }) => !this.unreachable.has(hostPort(host, port)));
    if (fresh.length > 0) idle = fresh;
    if (idle.length === 0) return;
    const { host, port } = idle[Math.floor(this.env.random() * idle.length)]!;
    this.connection(host, port).connect();
  }

  /** Without `enable.sparse.connections` there is one to each broker that is known, for as long as it is. */
  private connectAll(): void {
    if (this.closing || this.env.settings['enable.sparse.connections']) return;
    for (const { host, port } of this.addresses()) this.connection(host, port).wanted = true;
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
      log: (level, fac, text) => env.log(level, fac, text, connection.name),
      onState: (state, _from, _code, _reason, planned) => {
        const address = addressOf(connection);
        if (state === 'UP') {
          this.cameUp(address, env.clock.now());
          if (connection !== this.coordinator && this.mayAsk(address)) this.flushWaiting(connection);
        } else if (state === 'DOWN') {
          this.first.delete(address);
          if (!planned) this.wentDown(address, env.clock.now());
        }
        env.soon();
      },
      onError: (err, text) => {
        if (!this.closing) this.tell(err, text);
      },
      onThrottle: env.throttled === null ? undefined : (ms) => this.throttled(connection, ms),
    });
    return connection;
  }

  /** Main and a worker may each have a connection to a broker: what both say of it is told once. */
  private tell(err: number, text: string): void {
    const reason = withoutAge(text);
    const name = reason.slice(0, reason.indexOf(': '));
    const last = this.told.get(name);
    const now = this.env.clock.now();
    if (last !== undefined && last.err === err && last.reason === reason && now < last.until) return;
    for (const [each, { until }] of this.told) if (until <= now) this.told.delete(each);
    this.told.set(name, { err, reason, until: now + SILENCE_MS });
    this.env.error(err, text);
  }

  private throttled({ host, port }: Connection, ms: number): void {
    const node = [...this.nodes.values()].find((each) => each.host === host && each.port === port);
    this.env.throttled?.(hostPort(host, port), node?.id ?? -1, ms);
  }

  private flushWaiting(connection: Connection): void {
    for (const { request, via } of this.waiting.splice(0)) {
      via?.(connection.host, connection.port);
      connection.send(request);
    }
    // One is enough: attempts that nothing waits for end.
    for (const other of this.connections.values())
      if (other.state !== 'UP' && other.queuedCount === 0 && !other.wanted)
        other.disconnect(E.RD_KAFKA_RESP_ERR__TRANSPORT, 'another broker is up');
    this.env.up();
  }

  /** What a worker says may be older than what we have seen since. */
  private cameUp(address: string, at: number): void {
    if ((this.unreachable.get(address) ?? Number.NEGATIVE_INFINITY) > at) return;
    this.unreachable.delete(address);
    this.down.clear();
    this.allDownTold = false;
    this.upAt = Math.max(this.upAt, at);
  }

  private wentDown(address: string, at: number): void {
    if (this.closing) return;
    if (at >= this.upAt) this.down.add(address);
    const first = !this.unreachable.has(address);
    this.unreachable.set(address, at);
    if (first) {
      for (const { id, host, port } of this.nodes.values()) if (hostPort(host, port) === address) this.env.nodeDown(id);
    }
    const all = this.addresses();
    if (all.some((each) => !this.down.has(addressOf(each)))) return;
    // Told once, until one comes up again.
    if (!this.allDownTold)
      this.env.error(E.RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, `${all.length}/${all.length} brokers are down`);
    this.allDownTold = true;
    this.rebootstrap('down');
  }

  /** Connections to addresses that metadata does not name, or no more. */
  private dropStrangers(): void {
    const named = new Set(this.addresses().map(addressOf));
    for (const [address, connection] of this.connections) {
      if (named.has(address)) continue;
      this.connections.delete(address);
      this.strangers.add(connection);
    }
    this.closeStrangers();
    for (const known of [this.down, this.unreachable])
      for (const address of [...known.keys()]) if (!named.has(address)) known.delete(address);
  }

  private closeStrangers(): void {
    for (const connection of this.strangers) {
      if (connection.inflightCount + connection.queuedCount > 0) continue;
      this.strangers.delete(connection);
      const closed = connection.close(E.RD_KAFKA_RESP_ERR__TRANSPORT);
      this.leaving.add(closed);
      void closed.then(() => this.leaving.delete(closed));
    }
  }

  /** A bootstrap server is called by its id as soon as that is known. */
  private nameConnections(): void {
    for (const { id, host, port } of this.nodes.values())
      this.connections.get(hostPort(host, port))?.setAddress(host, port, `${hostPort(host, port)}/${id}`);
  }
}

function addressOf({ host, port }: Address): string {
  return hostPort(host, port);
}
