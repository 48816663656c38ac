// The states of a broker connection and the legal steps between them. @thread main|broker
import type { Steps } from '../rd/state_machine.ts';

/** librdkafka's names: they appear in logs and statistics. */
export type BrokerState =
  | 'INIT'
  | 'DOWN'
  | 'TRY_CONNECT'
  | 'CONNECT'
  | 'SSL_HANDSHAKE'
  | 'APIVERSION_QUERY'
  | 'AUTH_HANDSHAKE'
  | 'AUTH_REQ'
  | 'UP'
  | 'REAUTH';

/**
 *     INIT ---> TRY_CONNECT ---> CONNECT ---> APIVERSION_QUERY ---> UP
 *      ^         |  (backoff)       |               |               |
 *      |<--------+                  v               v               v
 *      +------------------------- DOWN <----------------------------+
 *
 * INIT: nobody wants it. TRY_CONNECT: wanted, waiting for the backoff or for an address. CONNECT: resolving and
 * connecting. DOWN lasts only as long as it takes to tell. SSL_HANDSHAKE, AUTH_* and REAUTH have no code yet.
 */
export const BROKER_STEPS: Steps<BrokerState> = {
  INIT: ['TRY_CONNECT', 'DOWN'],
  DOWN: ['INIT'],
  TRY_CONNECT: ['CONNECT', 'INIT', 'DOWN'],
  CONNECT: ['SSL_HANDSHAKE', 'APIVERSION_QUERY', 'DOWN'],
  SSL_HANDSHAKE: ['APIVERSION_QUERY', 'DOWN'],
  APIVERSION_QUERY: ['AUTH_HANDSHAKE', 'AUTH_REQ', 'UP', 'DOWN'],
  AUTH_HANDSHAKE: ['AUTH_REQ', 'DOWN'],
  AUTH_REQ: ['UP', 'DOWN'],
  UP: ['REAUTH', 'DOWN'],
  REAUTH: ['UP', 'DOWN'],
};
