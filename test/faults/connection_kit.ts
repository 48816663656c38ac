// A connection with its log, its states and the outcomes of its requests at hand; closed when the test is. @thread any
import { errorName } from '../../src/defs/errors.ts';
import { systemClock } from '../../src/rd/clock.ts';
import { Connection } from '../../src/wire/connection.ts';
import type { ConnectionOptions } from '../../src/wire/options.ts';
import type { WireRequest } from '../../src/wire/requests.ts';
import type { ConnectionSettings } from '../../src/wire/settings.ts';
import { until } from '../kit/until.ts';

export const SETTINGS: ConnectionSettings = {
  'api.version.request.timeout.ms': 10_000,
  'broker.address.family': 'any',
  'broker.address.ttl': 1000,
  'client.software.name': 'rdkafka-ts',
  'client.software.version': '0.1.0',
  'connections.max.idle.ms': 0,
  'log.connection.close': true,
  'max.in.flight.requests.per.connection': 1_000_000,
  'receive.message.max.bytes': 100_000_000,
  'reconnect.backoff.max.ms': 10_000,
  'reconnect.backoff.ms': 100,
  'socket.connection.setup.timeout.ms': 30_000,
  'socket.keepalive.enable': false,
  'socket.max.fails': 1,
  'socket.nagle.disable': true,
  'socket.timeout.ms': 60_000,
};

/** How a request ended. */
export interface Outcome {
  readonly label: string;
  readonly error: string;
  readonly response: any;
  readonly version: number;
  readonly frame: Uint8Array | null;
}

export class Client {
  readonly connection: Connection;
  readonly log: string[] = [];
  readonly states: string[] = [];
  readonly errors: string[] = [];
  readonly throttles: number[] = [];
  readonly outcomes: Outcome[] = [];
  /** Labels as written() and done() came: `+label` and `label`. */
  readonly calls: string[] = [];

  constructor(port: number, settings: Partial<ConnectionSettings> = {}, options: Partial<ConnectionOptions> = {}) {
    this.connection = new Connection({
      host: '127.0.0.1',
      port,
      name: 'broker/1',
      clientId: 'test',
      settings: { ...SETTINGS, ...settings },
      clock: systemClock,
      random: () => 0,
      log: (level, fac, text) => this.log.push(`${level} ${fac} ${text}`),
      onState: (state, _previous, code, reason) => this.states.push(code === 0 ? state : `${state}: ${reason}`),
      onError: (code, text) => this.errors.push(`${errorName(code)} ${text}`),
      onThrottle: (ms) => this.throttles.push(ms),
      ...options,
    });
  }

  /** Sends a request, Metadata by default; its outcome goes into `outcomes`. */
  send(label: string, request: Partial<WireRequest> = {}): void {
    this.connection.send({
      name: 'Metadata',
      timeoutMs: 0,
      body: { topics: [] },
      written: () => this.calls.push(`+${label}`),
      done: (error, response, version, frame) => {
        this.calls.push(label);
        this.outcomes.push({ label, error: errorName(error), response, version, frame });
      },
      ...request,
    });
  }

  /** Outcomes as `label: error`. */
  get ended(): string[] {
    return this.outcomes.map(({ label, error }) => `${label}: ${error}`);
  }

  async up(): Promise<void> {
    this.connection.connect();
    await until(() => this.connection.state === 'UP', { what: () => `UP; states: ${this.states.join(' | ')}` });
  }

  async done(count: number): Promise<void> {
    await until(() => this.outcomes.length >= count, {
      what: () => `${count} outcomes; so far ${this.ended.join(', ')}; states: ${this.states.join(' | ')}`,
    });
  }
}

export function aClient(
  t: { onTestFinished(fn: () => Promise<void>): void },
  port: number,
  settings: Partial<ConnectionSettings> = {},
  options: Partial<ConnectionOptions> = {},
): Client {
  const client = new Client(port, settings, options);
  t.onTestFinished(() => client.connection.close());
  return client;
}

/** What keeps this process alive, sockets and timers only. */
export function handles(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|GetAddrInfo|Immediate/.test(kind));
}
