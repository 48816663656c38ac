// The properties that a connection reads, under their names in Settings. @thread main|broker
import type { TcpSettings } from '../transport/tcp.ts';

/** Settings fits this; times in ms. */
export interface ConnectionSettings extends TcpSettings {
  readonly 'api.version.request.timeout.ms': number;
  readonly 'client.software.name': string;
  readonly 'client.software.version': string | null;
  readonly 'connections.max.idle.ms': number;
  readonly 'log.connection.close': boolean;
  readonly 'max.in.flight.requests.per.connection': number;
  readonly 'receive.message.max.bytes': number;
  readonly 'reconnect.backoff.max.ms': number;
  readonly 'reconnect.backoff.ms': number;
  readonly 'socket.connection.setup.timeout.ms': number;
  readonly 'socket.max.fails': number;
  readonly 'socket.timeout.ms': number;
}
