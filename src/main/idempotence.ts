// The identity of an idempotent producer: asked for at any broker, raised by one epoch when a partition has to begin
// anew, told to all broker workers.
// @thread main

import * as E from '../defs/enums.ts';
import { errorText, isRetriable } from '../defs/errors.ts';
import type { ProducerId } from '../ops/ops.ts';
import { StateMachine, type Steps } from '../rd/state_machine.ts';
import type { WireRequest } from '../wire/requests.ts';

const RETRY_MS = 500;
const REQUEST_TIMEOUT_MS = 10_000;
const HIGHEST_EPOCH = 32_767;
const LOG_ERR = 3;
const LOG_DEBUG = 7;

/** wanted: to be asked for | asked | assigned | fatal: the cluster won't ever give one */
type IdempotenceState = 'wanted' | 'asked' | 'assigned' | 'fatal';

const STEPS: Steps<IdempotenceState> = {
  wanted: ['asked', 'fatal'],
  asked: ['wanted', 'assigned', 'fatal'],
  assigned: ['wanted', 'assigned', 'fatal'],
  fatal: [],
};

/** Asking again can't help. */
const FATAL: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
  E.RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT,
  E.RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  E.RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
]);

export interface IdempotenceEnv {
  now(): number;
  sendAny(request: WireRequest): void;
  log(level: number, fac: string, text: string): void;
  fatal(err: number, text: string): void;
  /** Tells every broker worker that there is. */
  tell(identity: ProducerId): void;
  soon(): void;
}

export class Idempotence {
  private readonly env: IdempotenceEnv;
  private readonly machine: StateMachine<IdempotenceState>;
  private current: ProducerId | null;
  private askAt: number;

  constructor(env: IdempotenceEnv) {
    this.env = env;
    this.machine = new StateMachine<IdempotenceState>('idempotence', STEPS, 'wanted', (to, from, reason) =>
      env.log(LOG_DEBUG, 'IDEMPSTATE', `Idempotent producer state change ${from} -> ${to} (${reason})`),
    );
    this.current = null;
    this.askAt = 0;
  }

  /** What new workers are told; null while there is none. */
  get identity(): ProducerId | null {
    return this.current;
  }

  /** Returns when to be polled next. */
  poll(now: number): number {
    if (this.machine.state !== 'wanted') return Number.POSITIVE_INFINITY;
    if (now < this.askAt) return this.askAt;
    this.ask();
    return Number.POSITIVE_INFINITY;
  }

  /**
   * A partition can't go on in this epoch. The next one needs no broker: a partition learns of an epoch by its first
   * batch (as librdkafka does without transactions). After the last one comes a new id.
   */
  raise(from: ProducerId): void {
    const { current } = this;
    if (this.machine.state !== 'assigned' || current === null) return;
    if (current.id !== from.id || current.epoch !== from.epoch) return;
    if (current.epoch < HIGHEST_EPOCH) {
      this.assign({ id: current.id, epoch: current.epoch + 1 }, 'a partition begins anew');
      return;
    }
    this.machine.enter('wanted', 'no epoch is left');
    this.askAt = 0;
    this.env.soon();
  }

  /** A fatal error of the handle: nothing is asked for any more. */
  stop(): void {
    if (this.machine.state !== 'fatal') this.machine.enter('fatal', 'a fatal error');
  }

  private ask(): void {
    this.machine.enter('asked', 'no producer id');
    this.env.sendAny({
      name: 'InitProducerId',
      timeoutMs: REQUEST_TIMEOUT_MS,
      body: { transactionalId: null, transactionTimeoutMs: -1, producerId: -1, producerEpoch: -1 },
      done: (error, response) => {
        if (this.machine.state !== 'asked') return;
        const err = error !== 0 ? error : (response.errorCode as number);
        if (err !== 0) this.failed(err);
        else this.assign({ id: response.producerId, epoch: response.producerEpoch }, 'acquired');
      },
    });
  }

  private assign(identity: ProducerId, why: string): void {
    this.machine.enter('assigned', why);
    this.current = identity;
    this.env.log(LOG_DEBUG, 'GETPID', `Producer id ${identity.id}, epoch ${identity.epoch}: ${why}`);
    this.env.tell(identity);
  }

  private failed(err: number): void {
    const text = `Failed to acquire idempotence PID: ${errorText(err)}`;
    if (FATAL.has(err)) {
      this.machine.enter('fatal', text);
      this.env.fatal(err, text);
      return;
    }
    const passes = isRetriable(err) || err === E.RD_KAFKA_RESP_ERR__TRANSPORT || err === E.RD_KAFKA_RESP_ERR__TIMED_OUT;
    this.env.log(passes ? LOG_DEBUG : LOG_ERR, 'GETPID', `${text}: retrying`);
    this.machine.enter('wanted', text);
    this.askAt = this.env.now() + RETRY_MS;
    this.env.soon();
  }
}
