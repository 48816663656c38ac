// Finds the broker that coordinates a group (or a transactional id) and remembers it until it is known to be wrong.
// @thread main
import { RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE } from '../defs/enums.ts';
import { errorName, errorText } from '../defs/errors.ts';
import type { FindCoordinatorResponse } from '../protocol/messages.ts';
import { retryBackoff } from '../rd/backoff.ts';
import { StateMachine } from '../rd/state_machine.ts';
import type { Call, Calls } from './group/calls.ts';
import { remedyOf } from './group/errors.ts';
import { findCoordinator } from './group/requests.ts';
import type { GroupEnv } from './group_env.ts';

export type CoordinatorState = 'unknown' | 'querying' | 'known';

export type CoordinatorEnv = Pick<GroupEnv, 'settings' | 'random' | 'log' | 'coordinatorAddress'>;

/** No more than two questions a second, whatever happens. */
const QUERY_MAX_MS = 500;

interface Found {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export class Coordinator {
  private readonly env: CoordinatorEnv;
  private readonly calls: Calls;
  private readonly key: string;
  private readonly keyType: 0 | 1;
  private readonly failed: (err: number, text: string) => void;
  private readonly machine: StateMachine<CoordinatorState>;
  private nodeId = -1;
  private queryAt = Number.NEGATIVE_INFINITY;
  private queriedAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private lastError = 0;
  private call: Call | null = null;
  private stopped = false;
  private waiters: ((node: number) => void)[] = [];

  /**
   * @param keyType 0: `key` is a group.id, 1: a transactional.id.
   * @param failed told of an error that asking again will not mend, once per change; asking goes on all the same.
   */
  constructor(
    env: CoordinatorEnv,
    calls: Calls,
    key: string,
    keyType: 0 | 1,
    failed: (err: number, text: string) => void,
  ) {
    this.env = env;
    this.calls = calls;
    this.key = key;
    this.keyType = keyType;
    this.failed = failed;
    this.machine = new StateMachine(
      `coordinator of "${key}"`,
      { unknown: ['querying'], querying: ['known', 'unknown'], known: ['unknown'] },
      'unknown',
      (to, from, reason) => env.log(7, 'CGRPCOORD', `Coordinator of "${key}": ${from} -> ${to}: ${reason}`, 'cgrp'),
    );
  }

  get state(): CoordinatorState {
    return this.machine.state;
  }

  /** The coordinator's node id, null while it is not known. */
  get node(): number | null {
    return this.machine.state === 'known' ? this.nodeId : null;
  }

  /** Calls `found` once with the node, in a poll; at once if it is known. */
  whenKnown(found: (node: number) => void): void {
    if (this.node !== null) found(this.node);
    else this.waiters.push(found);
  }

  /** `node` is not the coordinator (any more), or can't be reached. A node that has been replaced meanwhile is overlooked. */
  lost(now: number, node: number, reason: string): void {
    if (this.machine.state !== 'known' || node !== this.nodeId) return;
    this.machine.enter('unknown', reason);
    this.nodeId = -1;
    // At once, unless this happens all the time (a dead broker that the others still name).
    this.queryAt = Math.max(now, this.queriedAt + this.jitter(QUERY_MAX_MS));
  }

  /** A broker has come up: ask it now instead of when the current wait is over. */
  brokerUp(): void {
    this.calls.later((now) => {
      if (this.machine.state === 'unknown' && this.failures > 0) this.queryAt = now;
    });
  }

  /** Asks when it is time. Returns when to be polled next. */
  poll(now: number): number {
    if (this.stopped || this.call !== null) return Number.POSITIVE_INFINITY;
    if (now < this.queryAt) return this.queryAt;
    if (this.machine.state === 'unknown') this.machine.enter('querying', 'asking for it');
    this.queriedAt = now;
    const request = findCoordinator(this.env.settings, this.key, this.keyType);
    this.call = this.calls.send(now, { any: true }, request, (at, error, response, version) => {
      this.call = null;
      this.answered(at, error, response, version);
    });
    return Number.POSITIVE_INFINITY;
  }

  /** Asks no more, for good. */
  stop(): void {
    this.stopped = true;
    this.call?.cancel();
    this.call = null;
    this.waiters = [];
  }

  private jitter(ms: number): number {
    return ms * (0.8 + 0.4 * this.env.random());
  }

  private answered(now: number, error: number, response: FindCoordinatorResponse | null, version: number): void {
    const found = error === 0 ? this.read(response, version) : null;
    if (found !== null && found.errorCode === 0) this.found(now, found);
    else this.notFound(now, found?.errorCode ?? error, found?.errorMessage ?? null);
  }

  private read(response: FindCoordinatorResponse | null, version: number): Found {
    const none = { errorMessage: null, nodeId: -1, host: '', port: -1 };
    if (response === null) return { ...none, errorCode: RD_KAFKA_RESP_ERR__BAD_MSG };
    const found = version >= 4 ? response.coordinators.find((each) => each.key === this.key) : response;
    if (found === undefined) return { ...none, errorCode: RD_KAFKA_RESP_ERR__BAD_MSG };
    if (found.errorCode === 0 && (found.nodeId < 0 || found.host === '' || found.port <= 0 || found.port > 65535)) {
      return { ...none, errorCode: RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE };
    }
    return found;
  }

  private found(now: number, { nodeId, host, port }: Found): void {
    this.failures = 0;
    this.lastError = 0;
    this.queryAt = now + this.env.settings['coordinator.query.interval.ms'];
    this.env.coordinatorAddress(nodeId, host, port);
    if (this.machine.state === 'known') {
      if (nodeId === this.nodeId) return;
      this.machine.enter('unknown', `it is no longer node ${this.nodeId}`);
    }
    // Also when it was lost while a routine question was on its way.
    if (this.machine.state === 'unknown') this.machine.enter('querying', 'the answer is here');
    this.nodeId = nodeId;
    this.machine.enter('known', `it is ${host}:${port}, node ${nodeId}`);
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter(nodeId);
  }

  private notFound(now: number, err: number, message: string | null): void {
    const { settings, random } = this.env;
    const text = message ?? errorText(err);
    this.failures++;
    this.queryAt = now + retryBackoff(this.failures, settings['retry.backoff.ms'], this.jitter(QUERY_MAX_MS), random);
    if (this.machine.state === 'querying') this.machine.enter('unknown', `${errorName(err)}: ${text}`);
    const remedy = remedyOf(err);
    if (remedy !== 'permanent' || err === this.lastError) return;
    this.lastError = err;
    this.failed(err, `Could not find the coordinator of "${this.key}": ${text}`);
  }
}
