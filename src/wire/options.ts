// What a connection is made of, and what it tells its maker. @thread main|broker
import type { Random } from '../rd/backoff.ts';
import type { Clock } from '../rd/clock.ts';
import type { Dialer } from '../transport/transport.ts';
import type { ConnectionSettings } from './settings.ts';
import type { BrokerState } from './states.ts';

/** `debugContext` is one of RD_KAFKA_DBG_* for a debug line (level 7), else 0. `text` begins with the broker's name. */
export type BrokerLog = (level: number, fac: string, text: string, debugContext: number) => void;

/**
 * Told of each step, from inside whatever caused it (also a call of Connection). `errorCode` and `reason` say why it
 * went DOWN; `planned` is true for a DOWN that is no sign of a broken broker (idle, address changed, our own wish).
 */
export type StateListener = (
  state: BrokerState,
  previous: BrokerState,
  errorCode: number,
  reason: string,
  planned: boolean,
) => void;

export interface ConnectionOptions {
  /** '' if not known yet: it waits for setAddress. */
  readonly host: string;
  readonly port: number;
  /** `host:port/id`, `host:port/bootstrap` or the name of a logical broker: stands in all texts. */
  readonly name: string;
  readonly clientId: string | null;
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BrokerLog;
  /** Bits RD_KAFKA_DBG_*: which debug lines to make. Default 0. */
  readonly debug?: number;
  readonly onState?: StateListener;
  /** A failure that the application should hear of (error_cb): `text` is `<name>: <reason> (after <n>ms in state <S>)`. */
  readonly onError?: (errorCode: number, text: string) => void;
  /** The broker asked to be spared for so many ms; 0 when it did before and does no more. */
  readonly onThrottle?: (ms: number) => void;
  /** Memory for a frame of that size that lies unused, or null: large answers then need no new memory. */
  readonly spare?: (size: number) => Uint8Array | null;
  /** Default: TCP. */
  readonly createDialer?: (settings: ConnectionSettings, clock: Clock) => Dialer;
}

/** What happened on a connection since it was made; for statistics. */
export interface ConnectionCounters {
  connects: number;
  disconnects: number;
  tx: number;
  txbytes: number;
  rx: number;
  rxbytes: number;
  req_timeouts: number;
}
