// One broker: its connection, made when somebody needs it and made again when it breaks; requests wait in order until
// it is up. @thread main|broker: each thread has its own, a thread may have many.

import type { ApiName } from '../defs/api_name.ts';
import { RD_KAFKA_DBG_BROKER, RD_KAFKA_DBG_PROTOCOL } from '../defs/debug_contexts.generated.ts';
import {
  RD_KAFKA_RESP_ERR__BAD_MSG as BAD_MSG,
  RD_KAFKA_RESP_ERR__DESTROY as DESTROY,
  RD_KAFKA_RESP_ERR__INVALID_ARG as INVALID_ARG,
  RD_KAFKA_RESP_ERR_NO_ERROR as NO_ERROR,
  RD_KAFKA_RESP_ERR__RESOLVE as RESOLVE,
  RD_KAFKA_RESP_ERR__TIMED_OUT as TIMED_OUT,
  RD_KAFKA_RESP_ERR__TRANSPORT as TRANSPORT,
  RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE as UNSUPPORTED_FEATURE,
} from '../defs/enums.generated.ts';
import { APIS } from '../protocol/api.ts';
import { FrameSplitter } from '../protocol/frame_splitter.ts';
import { ReconnectBackoff } from '../rd/backoff.ts';
import type { Clock } from '../rd/clock.ts';
import { StateMachine } from '../rd/state_machine.ts';
import { TcpDialer } from '../transport/tcp.ts';
import type { Dialer, FailureKind } from '../transport/transport.ts';
import { Alarm, Deadlines } from './deadlines.ts';
import { disconnectHint, disconnectLevel, Failures } from './failure.ts';
import { Link, type LinkOwner } from './link.ts';
import type { ConnectionCounters, ConnectionOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Deliveries, type Expirer, Pending, type WireRequest } from './requests.ts';
import type { ConnectionSettings } from './settings.ts';
import { Silence } from './silence.ts';
import { BROKER_STEPS, type BrokerState } from './states.ts';
import { VersionQuery } from './version_query.ts';
import { commonVersion, type VersionRange } from './versions.ts';

const ERR = 3;
const WARNING = 4;
const DEBUG = 7;
const HIGHEST_VERSION = 0x7fff;
const IDLE_JITTER_MS = 2000;

/**
 * Calls from inside done(), onState and the other listeners are allowed. Nothing here blocks.
 */
export class Connection implements LinkOwner, Expirer {
  readonly deadlines: Deadlines;
  readonly deliveries: Deliveries;
  readonly counters: ConnectionCounters;
  private readonly options: ConnectionOptions;
  private readonly settings: ConnectionSettings;
  private readonly clock: Clock;
  private readonly machine: StateMachine<BrokerState>;
  private readonly dialer: Dialer;
  private readonly failures: Failures;
  private readonly outbox: Outbox;
  private readonly setupAlarm: Alarm;
  private readonly retryAlarm: Alarm;
  private readonly idleAlarm: Alarm;
  private readonly idleAfter: number;
  private backoff: ReconnectBackoff;
  private brokerHost: string;
  private brokerPort: number;
  private brokerName: string;
  private readonly query: VersionQuery;
  private link: Link | null;
  /** Condemned links whose sockets are not closed yet. */
  private readonly dying: Set<Link>;
  private keep: boolean;
  /** connect() was called and it has not been UP since. */
  private asked: boolean;
  private correlationId: number;
  private enteredAt: number;
  private lastSentAt: number;
  private lastActivityAt: number;
  private throttleMs: number;
  private readonly silence: Silence;
  private downCode: number;
  private downPlanned: boolean;
  private closing: Promise<void> | null;
  private closed: (() => void) | null;

  constructor(options: ConnectionOptions) {
    const { settings, clock } = options;
    this.options = options;
    this.settings = settings;
    this.clock = clock;
    this.deadlines = new Deadlines(clock, () => this.afterTimeouts());
    this.deliveries = new Deliveries(() => this.finishClose());
    this.counters = { connects: 0, disconnects: 0, tx: 0, txbytes: 0, rx: 0, rxbytes: 0, req_timeouts: 0 };
    this.machine = new StateMachine<BrokerState>('broker', BROKER_STEPS, 'INIT', (to, from, reason) =>
      this.entered(to, from, reason),
    );
    this.dialer = options.createDialer?.(settings, clock) ?? new TcpDialer(settings, clock);
    this.failures = new Failures(options);
    this.outbox = new Outbox(this.deadlines, this.deliveries);
    this.setupAlarm = new Alarm(() =>
      this.fail(WARNING, TRANSPORT, `Connection setup timed out in state ${this.state}`),
    );
    this.retryAlarm = new Alarm(() => this.advance());
    this.idleAlarm = new Alarm(() => this.checkIdle());
    this.idleAfter = idleLimit(settings['connections.max.idle.ms'], options.random);
    this.backoff = this.newBackoff();
    this.brokerHost = options.host;
    this.brokerPort = options.port;
    this.brokerName = options.name;
    this.query = new VersionQuery(settings, {
      ask: (request, version) => this.put(new Pending(request, this), version),
      unusable: (level, code, reason) => this.fail(level, code, reason),
      answered: () => this.becomeUp(),
    });
    this.link = null;
    this.dying = new Set();
    this.keep = false;
    this.asked = false;
    this.correlationId = 0;
    this.enteredAt = clock.now();
    this.lastSentAt = 0;
    this.lastActivityAt = 0;
    this.throttleMs = 0;
    this.silence = new Silence(settings);
    this.downCode = NO_ERROR;
    this.downPlanned = false;
    this.closing = null;
    this.closed = null;
  }
  get state(): BrokerState {
    return this.machine.state;
  }

  /** ms since the state was entered. */
  get stateAge(): number {
    return this.clock.now() - this.enteredAt;
  }

  get name(): string {
    return this.brokerName;
  }

  get host(): string {
    return this.brokerHost;
  }

  get port(): number {
    return this.brokerPort;
  }

  /** Requests that wait for being written. */
  get queuedCount(): number {
    return this.outbox.size;
  }

  /** Requests written that have neither an answer nor another outcome (timed out, abandoned). */
  get inflightCount(): number {
    return this.link?.inflight ?? 0;
  }

  /** Requests on the present socket whose write callback has not come (queue.buffering.backpressure.threshold). */
  get writingCount(): number {
    return this.link?.writingCount ?? 0;
  }

  /** Whether it shall be kept up: reconnected whenever it breaks, until this is set to false. */
  get wanted(): boolean {
    return this.keep;
  }

  set wanted(keep: boolean) {
    this.keep = keep;
    this.advance();
  }

  /** Asks for a connection: it tries, with backoff, until it is UP once. Asking again changes nothing. */
  connect(): void {
    if (this.state === 'UP') return;
    this.asked = true;
    this.advance();
  }

  /**
   * The cluster says that this broker is alive (it leads a partition now): a connection that waits for its backoff is
   * tried at once, and the backoff begins anew.
   */
  hurry(): void {
    if (this.state !== 'TRY_CONNECT') return;
    this.backoff = this.newBackoff();
    this.advance();
  }

  /**
   * The broker is elsewhere now: a connection to the old address ends (its open requests get _TRANSPORT), queued
   * requests go to the new one. The same address changes nothing but the name.
   */
  setAddress(host: string, port: number, name?: string): void {
    if (name !== undefined) this.brokerName = name;
    if (host === this.brokerHost && port === this.brokerPort) return;
    this.brokerHost = host;
    this.brokerPort = port;
    this.backoff = this.newBackoff();
    if (this.link !== null) this.fail(DEBUG, TRANSPORT, 'Address has changed', true);
    else this.advance();
  }

  /**
   * Queues a request, or writes it at once if the connection is UP and there is room in flight. Never calls done()
   * before it returns. A queued request makes the connection wanted.
   */
  send(request: WireRequest): void {
    const pending = new Pending(request, this);
    if (this.closing !== null) {
      pending.settle(DESTROY);
      this.deliveries.later(pending);
      return;
    }
    this.outbox.push(pending);
    if (this.state === 'UP') this.flush();
    if (!pending.sent && !pending.settled && request.expireQueued !== false) {
      this.deadlines.set(pending, this.clock.now() + this.timeoutOf(request));
    }
    if (this.state !== 'UP') this.advance();
  }

  /** The versions that the broker has of an API; null if it has none or was never connected. */
  apiVersion(name: ApiName): VersionRange | null {
    return this.query.versions?.get(APIS[name].key) ?? null;
  }

  /** The version that a request limited to `min` to `max` (both included) would have; null if there is none in common. */
  pickVersion(name: ApiName, min: number = 0, max: number = HIGHEST_VERSION): number | null {
    const { versions } = this.query;
    const version = versions === null ? -1 : commonVersion(versions, name, min, max);
    return version < 0 ? null : version;
  }

  /** Ends queued requests, all or those that `filter` picks, with `error`. Gives how many. */
  purgeQueued(error: number, filter: (request: WireRequest) => boolean = () => true): number {
    return this.outbox.purge(error, filter);
  }

  /**
   * Ends requests that were written and not answered, all or those that `filter` picks, with `error`; their answers
   * will be dropped. done() comes when their write callback has; who can't wait for that calls disconnect(). Gives how
   * many there were.
   */
  abandonInflight(error: number, filter: (request: WireRequest) => boolean = () => true): number {
    const count = this.link?.abandon(error, (pending) => filter(pending.request)) ?? 0;
    this.flush();
    return count;
  }

  /** Ends the present connection quietly; its open requests get `error`. It is made again if something needs it. */
  disconnect(error: number, reason: string): void {
    this.asked = false;
    if (this.link !== null) this.fail(DEBUG, error, reason, true, error);
    else this.advance();
  }

  /**
   * The end: queued and open requests get `error`, further ones _DESTROY. Resolves when all of them are done and no
   * socket, timer or listener is left. Again: the same promise.
   */
  close(error: number = DESTROY): Promise<void> {
    if (this.closing !== null) return this.closing;
    this.closing = new Promise((resolve) => {
      this.closed = resolve;
    });
    this.purgeQueued(error);
    if (this.state !== 'DOWN') this.fail(DEBUG, error, 'Closed', true, error);
    this.deadlines.clear();
    setImmediate(() => this.finishClose());
    return this.closing;
  }

  linkConnected(): void {
    this.machine.enter('APIVERSION_QUERY', 'connected');
    this.query.start();
  }

  linkFailed(_link: Link, kind: FailureKind, reason: string): void {
    if (kind !== 'lost') {
      this.fail(ERR, kind === 'resolve' ? RESOLVE : TRANSPORT, reason);
      return;
    }
    if (this.state === 'APIVERSION_QUERY') this.query.hungUp();
    const idle = this.clock.now() - this.lastSentAt;
    const { 'log.connection.close': logClose, 'socket.timeout.ms': timeout } = this.settings;
    const level = disconnectLevel(logClose, this.stateAge, idle, this.inflightCount + this.outbox.size, timeout);
    this.fail(level, TRANSPORT, reason + disconnectHint(this.state, this.stateAge));
  }

  linkBroken(_link: Link, reason: string): void {
    this.fail(ERR, BAD_MSG, `Protocol error: ${reason}`);
  }

  linkReceived(bytes: number): void {
    this.counters.rxbytes += bytes;
    this.lastActivityAt = this.clock.now();
  }

  linkAnswered(_link: Link, throttleMs: number): void {
    this.counters.rx++;
    if (throttleMs > 0 || (throttleMs === 0 && this.throttleMs > 0)) {
      this.throttleMs = throttleMs;
      this.options.onThrottle?.(throttleMs);
    }
    this.flush();
  }

  linkClosed(link: Link): void {
    this.dying.delete(link);
    this.finishClose();
  }

  expired(pending: Pending): void {
    if (!pending.settled) this.silence.late++;
    if (!pending.sent) {
      this.outbox.expired(pending);
      return;
    }
    const rest = this.state === 'UP' ? this.silence.rest(pending, this.timeoutOf(pending.request)) : 0;
    if (pending.settle(TIMED_OUT)) this.deliveries.later(pending);
    if (rest > 0) this.deadlines.set(pending, this.clock.now() + rest);
    else this.silence.count(pending);
  }

  private newBackoff(): ReconnectBackoff {
    const { 'reconnect.backoff.ms': base, 'reconnect.backoff.max.ms': max } = this.settings;
    return new ReconnectBackoff(base, max, this.options.random);
  }

  private timeoutOf(request: WireRequest): number {
    return request.timeoutMs > 0 ? request.timeoutMs : this.settings['socket.timeout.ms'];
  }

  private needed(): boolean {
    return this.closing === null && (this.keep || this.asked || this.outbox.size > 0);
  }

  /** Goes as far towards a connection as it may now: the next step is an event or an alarm. */
  private advance(): void {
    if (this.state === 'INIT' && this.needed()) this.machine.enter('TRY_CONNECT', 'connection needed');
    if (this.state !== 'TRY_CONNECT') return;
    if (!this.needed()) {
      this.deadlines.cancel(this.retryAlarm);
      this.machine.enter('INIT', 'no longer needed');
      return;
    }
    if (this.brokerHost === '') return;
    const now = this.clock.now();
    const wait = this.dialer.moreAddresses ? 0 : this.backoff.remaining(now);
    if (wait > 0) this.deadlines.set(this.retryAlarm, now + wait);
    else this.dial();
  }

  private dial(): void {
    this.deadlines.cancel(this.retryAlarm);
    this.machine.enter('CONNECT', 'connecting');
    // A listener may have had other ideas.
    if (this.state !== 'CONNECT' || this.link !== null) return;
    const now = this.clock.now();
    if (!this.dialer.moreAddresses) this.backoff.attempt(now);
    this.counters.connects++;
    this.deadlines.set(this.setupAlarm, now + this.settings['socket.connection.setup.timeout.ms']);
    const { clientId, spare } = this.options;
    const splitter = new FrameSplitter(this.settings['receive.message.max.bytes'], undefined, spare);
    this.link = new Link(this, this.dialer, this.brokerHost, this.brokerPort, clientId, splitter);
  }

  private becomeUp(): void {
    this.asked = false;
    this.deadlines.cancel(this.setupAlarm);
    if (this.idleAfter > 0) this.deadlines.set(this.idleAlarm, this.clock.now() + this.idleAfter);
    this.machine.enter('UP', 'ready');
    this.flush();
  }

  /** Writes what may be written. */
  private flush(): void {
    const most = this.settings['max.in.flight.requests.per.connection'];
    while (this.state === 'UP' && this.link !== null && this.link.inflight < most) {
      const pending = this.outbox.shift();
      if (pending === undefined) return;
      const { name, minVersion = 0, maxVersion = HIGHEST_VERSION } = pending.request;
      const version = this.pickVersion(name, minVersion, maxVersion);
      if (version !== null) this.put(pending, version);
      else this.refuse(pending, UNSUPPORTED_FEATURE, 'the broker has no version of it that we could use');
    }
  }

  private put(pending: Pending, version: number): void {
    const link = this.link as Link;
    this.correlationId = (this.correlationId + 1) & 0x7fffffff;
    try {
      this.counters.txbytes += link.transmit(pending, version, this.correlationId);
    } catch (error) {
      this.options.log(ERR, 'ENCODE', `${this.brokerName}: ${(error as Error).message}`, 0);
      this.refuse(pending, INVALID_ARG, (error as Error).message);
      return;
    }
    const now = this.clock.now();
    this.counters.tx++;
    this.lastSentAt = now;
    this.lastActivityAt = now;
    this.deadlines.set(pending, now + this.timeoutOf(pending.request));
    // Not even the text is made on the hot path.
    if (this.debugs(RD_KAFKA_DBG_PROTOCOL))
      this.debug(RD_KAFKA_DBG_PROTOCOL, 'SEND', `${pending.request.name} v${version}, id ${this.correlationId}`);
  }

  /** Ends a request that can't be written. */
  private refuse(pending: Pending, error: number, why: string): void {
    this.debug(RD_KAFKA_DBG_PROTOCOL, 'REFUSE', `${pending.request.name}: ${why}`);
    pending.settle(error);
    this.deadlines.cancel(pending);
    this.deliveries.later(pending);
  }

  /** The connection ends, or the attempt to make one. Open requests get `openError`; queued ones stay. */
  private fail(level: number, code: number, reason: string, planned = false, openError: number = TRANSPORT): void {
    const { link, state } = this;
    this.link = null;
    this.query.stop();
    const text = this.failures.tell(level, code, reason, state, this.stateAge, this.clock.now(), this.brokerName);
    for (const alarm of [this.setupAlarm, this.retryAlarm, this.idleAlarm]) this.deadlines.cancel(alarm);
    if (state === 'UP') this.counters.disconnects++;
    else if (link !== null && !planned && !this.dialer.moreAddresses) this.backoff.postpone(this.clock.now());
    this.silence.clear();
    if (link !== null) {
      this.dying.add(link);
      link.condemn(openError);
    }
    this.downCode = code;
    this.downPlanned = planned;
    this.machine.enter('DOWN', text);
    if (this.closing !== null) return;
    this.machine.enter('INIT', 'down');
    this.advance();
  }

  private debugs(context: number): boolean {
    return ((this.options.debug ?? 0) & context) !== 0;
  }

  private debug(context: number, fac: string, text: string): void {
    if (this.debugs(context)) this.options.log(DEBUG, fac, `${this.brokerName}: ${text}`, context);
  }

  private entered(to: BrokerState, from: BrokerState, reason: string): void {
    this.enteredAt = this.clock.now();
    this.debug(RD_KAFKA_DBG_BROKER, 'STATE', `${from} -> ${to} (${reason})`);
    if (to === 'DOWN') this.options.onState?.(to, from, this.downCode, reason, this.downPlanned);
    else this.options.onState?.(to, from, NO_ERROR, reason, false);
  }

  /** Requests have timed out, all those that were due together. */
  private afterTimeouts(): void {
    const { silence } = this;
    const { late, news } = silence.take();
    this.counters.req_timeouts += late;
    if (late > 0) this.options.log(WARNING, 'REQTMOUT', `${this.brokerName}: ${late} ${requests(late)} timed out`, 0);
    if (this.link === null) return;
    if (this.state !== 'UP') {
      if (news) this.fail(WARNING, TRANSPORT, 'ApiVersions request timed out');
    } else if (silence.isTooLong)
      this.fail(DEBUG, TIMED_OUT, `${silence.requests} ${requests(silence.requests)} timed out`, true);
    else this.flush();
  }

  private checkIdle(): void {
    const now = this.clock.now();
    const idle = now - Math.max(this.lastActivityAt, this.enteredAt);
    if (this.link?.busy || this.outbox.size > 0) this.deadlines.set(this.idleAlarm, now + this.idleAfter);
    else if (idle < this.idleAfter) this.deadlines.set(this.idleAlarm, now + this.idleAfter - idle);
    else {
      this.asked = false;
      this.fail(DEBUG, TRANSPORT, `Idle for ${Math.floor(idle)}ms`, true);
    }
  }

  private finishClose(): void {
    if (this.closed === null || this.dying.size > 0 || !this.deliveries.idle) return;
    this.closed();
    this.closed = null;
  }
}

function requests(count: number): string {
  return count === 1 ? 'request' : 'requests';
}

/** ms without traffic after which a connection ends, 0 for never: with jitter, so that not all end together. */
function idleLimit(setting: number, random: () => number): number {
  return setting >= 2 * IDLE_JITTER_MS ? setting - Math.floor(random() * IDLE_JITTER_MS) : setting;
}
