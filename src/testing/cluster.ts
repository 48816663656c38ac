// The cluster that a test holds: checks what it is given, asks the mock worker, and says in words what went wrong.
// @thread app
import { randomUUID } from 'node:crypto';
import type { Birth } from '../app/birth.ts';
import { type Answer, type MockCluster as Control, type MockOptions, openMock } from '../app/mock_control.ts';
import { runAsync } from '../app/steps.ts';
import type { Properties } from '../conf/settings.ts';
import type { ApiName } from '../defs/api_name.ts';
import { type ErrorType, RD_KAFKA_RESP_ERR__TRANSPORT } from '../defs/enums.ts';
import type { SeenRow, StoredRow } from '../defs/mock_rows.ts';
import type { rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import type { Wait } from '../promise/options.ts';
import type { ProduceMessage } from '../promise/produce_async.ts';
import { checkInt, checkSize, checkString, destroyedError, GONE } from '../rd/check.ts';
import {
  type CheckedOptions,
  checkBroker,
  checkDelay,
  checkError,
  checkPartition,
  checkWait,
  checkWhere,
  MAX_PARTITIONS,
} from './check.ts';
import { CONSUMER_HEARTBEAT_MS, CONSUMER_SESSION_MS, configFor } from './config.ts';
import { errorAt, type Place, placeBelow } from './failure.ts';
import { rowToPut, storedOf } from './records.ts';
import type { MockCluster, RequestSeen, StoredRecord, Where } from './types.ts';

/** What a partition keeps: enough for a test, and a bound for one that runs away. */
const LOG_LIMITS = { maxBytes: 256 * 1024 * 1024, maxBatches: 10_000_000 } as const;

/** How a wait ended, as the worker tells it. */
interface Ended {
  readonly ended: 'held' | 'late' | 'over';
  readonly value?: any;
  readonly text?: string;
}

interface Fault {
  readonly error: number;
  readonly rtt: number;
  readonly loseAnswer: boolean;
}

/** A call that waits: what is waited for, in words. */
interface Waiting {
  readonly fn: string;
  readonly place: Place;
  readonly what: string;
  readonly command: string;
  readonly args: readonly unknown[];
}

export class TestCluster implements MockCluster {
  private readonly options: CheckedOptions;
  private readonly born: Birth;
  /** null before `open`. */
  private control: Control | null;
  private nextWait: number;
  /** Promises of calls that wait. */
  private readonly waiting: Set<{ promise: Promise<unknown> | null }>;

  constructor(options: CheckedOptions, born: Birth) {
    this.options = options;
    this.born = born;
    this.control = null;
    this.nextWait = 1;
    this.waiting = new Set();
  }

  // ---- its life

  /** Begins to listen. Rejects with a KafkaError when it can't; nothing is left then. */
  async open(): Promise<void> {
    const control = openMock(null, mockOptions(this.options), this.born);
    this.control = control;
    await runAsync(control.thread, control.port, control.opened());
  }

  get isOpen(): boolean {
    return this.control !== null && this.control[GONE] === '';
  }

  async close(): Promise<void> {
    const { control } = this;
    if (control === null || !this.isOpen) return;
    this.letGo();
    await runAsync(control.thread, control.port, control.closeSteps());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async reset(): Promise<void> {
    const place = placeBelow(this.reset);
    this.living('reset');
    this.letGo();
    await this.ask('reset', place, 'reset');
  }

  // ---- what it is

  get bootstrap(): string {
    return this.begun('bootstrap').bootstraps;
  }

  get handle(): rd_kafka_mock_cluster_t {
    return this.begun('handle');
  }

  config(extra?: Properties): Properties {
    return configFor('config', this.living('config').bootstraps, extra);
  }

  // ---- topics and records

  async topic(partitions: number = 1): Promise<string> {
    const place = placeBelow(this.topic);
    checkInt('topic', 'partitions', partitions, 1, MAX_PARTITIONS);
    const name = `topic-${randomUUID()}`;
    await this.ask('topic', place, 'new_topic', name, partitions);
    return name;
  }

  async put(topic: string, ...m: (string | Omit<ProduceMessage, 'topic'>)[]): Promise<void> {
    const place = placeBelow(this.put);
    checkString('put', 'topic', topic);
    const rows = m.map((one, i) => rowToPut('put', `m[${i}]`, one));
    await this.ask('put', place, 'put_records', topic, rows);
  }

  async records(topic: string): Promise<StoredRecord[]> {
    const place = placeBelow(this.records);
    const rows = await this.ask('records', place, 'stored', checkString('records', 'topic', topic));
    return storedOf(topic, rows);
  }

  // ---- what is waited for

  received(topic: string, count: number, w?: Wait): Promise<StoredRecord[]> {
    const fn = 'received';
    const place = placeBelow(this.received);
    return this.waits(async () => {
      const args = [checkString(fn, 'topic', topic), checkSize(fn, 'count', count)];
      const what = `${count} ${count === 1 ? 'record' : 'records'} in topic ${topic}`;
      const rows: readonly StoredRow[] = await this.until({ fn, place, what, command: 'wait_records', args }, w);
      return storedOf(topic, rows);
    });
  }

  committed(group: string, topic: string, partition: number, offset: number, w?: Wait): Promise<void> {
    const fn = 'committed';
    const place = placeBelow(this.committed);
    return this.waits(async () => {
      const args = [
        checkString(fn, 'group', group),
        checkString(fn, 'topic', topic),
        checkPartition(fn, 'partition', partition),
        checkSize(fn, 'offset', offset),
      ];
      const what = `group ${group} to have committed offset ${offset} of ${topic} [${partition}]`;
      await this.until({ fn, place, what, command: 'wait_committed', args }, w);
    });
  }

  stable(group: string, members: number, w?: Wait): Promise<void> {
    const fn = 'stable';
    const place = placeBelow(this.stable);
    return this.waits(async () => {
      const args = [checkString(fn, 'group', group), checkSize(fn, 'members', members)];
      const what = `group ${group} to be at rest with ${members} ${members === 1 ? 'member' : 'members'}`;
      await this.until({ fn, place, what, command: 'wait_group', args }, w);
    });
  }

  // ---- faults

  async fail(api: ApiName, error: ErrorType, w?: Where): Promise<void> {
    const place = placeBelow(this.fail);
    checkString('fail', 'api', api);
    await this.tie('fail', place, api, { ...NO_FAULT, error: checkError('fail', error) }, w);
  }

  async delay(api: ApiName, ms: number, w?: Where): Promise<void> {
    const place = placeBelow(this.delay);
    checkString('delay', 'api', api);
    await this.tie('delay', place, api, { ...NO_FAULT, rtt: checkDelay('delay', ms) }, w);
  }

  async lose_answer(api: ApiName, w?: Where): Promise<void> {
    const place = placeBelow(this.lose_answer);
    await this.tie('lose_answer', place, api, { ...NO_FAULT, loseAnswer: true }, w);
  }

  async refuse(api: ApiName, w?: Where): Promise<void> {
    const place = placeBelow(this.refuse);
    await this.tie('refuse', place, api, { ...NO_FAULT, error: RD_KAFKA_RESP_ERR__TRANSPORT }, w);
  }

  async down(broker: number): Promise<void> {
    const place = placeBelow(this.down);
    await this.ask('down', place, 'broker_down', checkBroker('down', 'broker', broker));
  }

  async up(broker: number): Promise<void> {
    const place = placeBelow(this.up);
    await this.ask('up', place, 'broker_up', checkBroker('up', 'broker', broker));
  }

  async move_leader(topic: string, partition: number, broker: number): Promise<void> {
    const fn = 'move_leader';
    const place = placeBelow(this.move_leader);
    const args = [
      checkString(fn, 'topic', topic),
      checkPartition(fn, 'partition', partition),
      checkBroker(fn, 'broker', broker),
    ];
    await this.ask(fn, place, 'lead', ...args);
  }

  async rebalance(group: string): Promise<void> {
    const place = placeBelow(this.rebalance);
    await this.ask('rebalance', place, 'rejoin', checkString('rebalance', 'group', group));
  }

  async requests(api?: ApiName): Promise<RequestSeen[]> {
    const place = placeBelow(this.requests);
    const wanted = api === undefined ? null : checkString('requests', 'api', api);
    const rows = await this.ask('requests', place, 'seen_requests', wanted);
    return Array.from(rows as readonly SeenRow[], ({ clientId, at, ...row }) => ({
      ...row,
      client_id: clientId,
      at_ms: at,
    }));
  }

  // ---- how it is asked

  /** Before `open` there is nothing: fields and methods of suite_cluster's cluster say so. */
  private begun(fn: string): Control {
    if (this.control !== null) return this.control;
    throw new Error(`${fn}: the cluster is there once beforeAll has run: use it in tests and hooks`);
  }

  private living(fn: string): Control {
    const control = this.begun(fn);
    if (!this.isOpen) throw destroyedError(fn, 'this cluster', 'has been closed');
    return control;
  }

  private async ask(fn: string, place: Place, command: string, ...args: readonly unknown[]): Promise<any> {
    return gained(fn, place, await this.living(fn).answerAsync(undefined, 0, command, ...args));
  }

  private async tie(fn: string, place: Place, api: ApiName, fault: Fault, w: Where | undefined): Promise<void> {
    checkString(fn, 'api', api);
    const { where, times } = checkWhere(fn, w);
    await this.ask(fn, place, 'tie_fault', api, where, fault, times);
  }

  private async until({ fn, place, what, command, args }: Waiting, w: Wait | undefined): Promise<any> {
    const { timeoutMs, signal } = checkWait(fn, w);
    const control = this.living(fn);
    const id = this.nextWait++;
    let answer: Answer;
    try {
      answer = await control.answerAsync(signal, timeoutMs, command, id, timeoutMs, ...args);
    } catch (error) {
      // An abort: nobody is to look out for it any more.
      if (this.isOpen) void control.answerAsync(undefined, 0, 'cancel_wait', id);
      throw error;
    }
    const { ended, value, text } = gained(fn, place, answer) as Ended;
    if (ended === 'held') return value;
    if (ended === 'over') throw errorAt(place, `${fn}: ${text} while it waited for ${what}`);
    throw errorAt(place, `${fn}: waited ${timeoutMs} ms for ${what}: ${text}`);
  }

  /** The promise of a call that waits: `letGo` knows it until it settles. */
  private waits<T>(work: () => Promise<T>): Promise<T> {
    const entry: { promise: Promise<unknown> | null } = { promise: null };
    const settled = async (): Promise<T> => {
      try {
        return await work();
      } finally {
        this.waiting.delete(entry);
      }
    };
    const promise = settled();
    entry.promise = promise;
    this.waiting.add(entry);
    return promise;
  }

  /** Who waits is about to be rejected by the end of a test: a test that has failed need not hear of that as well. */
  private letGo(): void {
    for (const { promise } of this.waiting) promise?.catch(ignore);
  }
}

const NO_FAULT: Fault = { error: 0, rtt: 0, loseAnswer: false };

function ignore(): void {}

function mockOptions({ brokers, topics }: CheckedOptions): MockOptions {
  return {
    brokers,
    topics,
    defaultPartitions: 1,
    groupInitialRebalanceDelayMs: 0,
    consumerSessionTimeoutMs: CONSUMER_SESSION_MS,
    consumerHeartbeatIntervalMs: CONSUMER_HEARTBEAT_MS,
    keepRequests: true,
    logLimits: LOG_LIMITS,
  };
}

function gained(fn: string, place: Place, { err, text, value }: Answer): any {
  if (err === 0) return value;
  throw errorAt(place, `${fn}: ${text}`);
}
