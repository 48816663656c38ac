// A mock cluster as the app thread holds it (rd_kafka_mock_cluster_t): a worker of its own, commands by name.
// @thread app

import { MessageChannel, type Worker } from 'node:worker_threads';
import { RD_KAFKA_DBG_MOCK } from '../defs/debug_contexts.generated.ts';
import * as E from '../defs/enums.ts';
import { KafkaError } from '../defs/kafka_error.ts';
import { Channel } from '../ops/channel.ts';
import { OTHER_BUILD } from '../ops/death.ts';
import type { LogOp, MockCallOp, MockToAppOp, ReplyOp, RootOp } from '../ops/ops.ts';
import type { PortReader } from '../ops/port_reader.ts';
import { startWorker } from '../ops/spawn.ts';
import { DEAD, type ThreadPage } from '../ops/thread_page.ts';
import { GONE } from '../rd/check.ts';
import { type Birth, birth } from './birth.ts';
import type { Handle } from './handle.ts';
import { printLine } from './log.ts';
import { OTHER_BUILD_TEXT, workerCode } from './mains.ts';
import { run, runAsync, type Steps } from './steps.ts';
import { type AppThread, appThread, type Member } from './thread.ts';

/** Commands are quick; a mock worker that takes longer hangs. */
const COMMAND_MS = 30_000;
/** Closing sockets on this machine; what is left after that ends with the worker. */
const CLOSE_MS = 5000;

const LOG_CRIT = 2;
const LOG_ERR = 3;
const LOG_INFO = 6;

export interface MockOptions {
  readonly brokers: number;
  readonly port?: number;
  /** ms by which the brokers that it begins with hold back each answer. */
  readonly rtt?: number;
  readonly groupInitialRebalanceDelayMs?: number;
  /** Of KIP-848 groups, as mock_set_group_consumer_session_timeout_ms and ..._heartbeat_interval_ms; also after a reset. */
  readonly consumerSessionTimeoutMs?: number;
  readonly consumerHeartbeatIntervalMs?: number;
  /** Partitions of a topic that its first use makes; librdkafka's 4 without it. */
  readonly defaultPartitions?: number;
  /** Whether all requests are kept, for `seen_requests`. */
  readonly keepRequests?: boolean;
  /** Topics to begin with: name -> number of partitions. */
  readonly topics?: Readonly<Record<string, number>>;
  /** What each partition keeps at most; librdkafka's 5 MiB or 100,000 batches without it. */
  readonly logLimits?: { readonly maxBytes: number; readonly maxBatches: number };
}

/** What came of a command: its value, or an error with a text. */
export interface Answer {
  readonly err: number;
  readonly text: string;
  readonly value: any;
}

const ENDED: Answer = endedBy('it has ended');
const SILENT: Answer = { err: E.RD_KAFKA_RESP_ERR__TIMED_OUT, text: 'it did not answer', value: null };

/** The one mock worker of a thread, ended with its last cluster. */
interface MockWorker {
  readonly worker: Worker;
  readonly root: Channel<RootOp>;
  readonly page: ThreadPage;
  clusters: number;
}

export class MockCluster implements Member {
  readonly rk: Handle | null;
  readonly thread: AppThread;
  readonly brokers: number;
  /** Where it was made. */
  readonly born: Birth;
  bootstraps: string;
  '~gone': string;
  readonly armed: boolean;
  readonly dueAt: number;
  private readonly host: MockWorker;
  private readonly channel: Channel<MockCallOp>;
  private readonly reader: PortReader<MockToAppOp>;
  private readonly answers: Map<number, Answer | null>;
  /** What rk.onClosed holds of this. */
  private readonly ended: () => Steps<void>;
  private nextCall: number;
  private dead: boolean;
  /** The answer to all that comes after its death. */
  private epitaph: Answer;

  constructor(thread: AppThread, rk: Handle | null, options: MockOptions, born: Birth = birth()) {
    this.rk = rk;
    this.thread = thread;
    this.brokers = options.brokers;
    this.born = born;
    this.bootstraps = '';
    this[GONE] = '';
    this.armed = false;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.host = hostOf(thread);
    this.answers = new Map([[0, null]]);
    this.nextCall = 1;
    this.dead = false;
    this.epitaph = ENDED;
    this.ended = () => this.closeSteps();
    const { port1, port2 } = new MessageChannel();
    this.channel = new Channel(port1, this.host.page);
    this.reader = thread.reader<MockToAppOp>(
      port1,
      (op) => this.route(op),
      () => this.died(),
    );
    this.host.root.post(
      {
        type: 'mock_open',
        cluster: this.host.clusters,
        debug: ((rk?.settings.debug ?? 0) & RD_KAFKA_DBG_MOCK) !== 0,
        options,
        port: port2,
        appPage: thread.page.buffer as unknown as SharedArrayBuffer,
      },
      [port2],
    );
    thread.members.add(this);
    rk?.onClosed.add(this.ended);
  }

  get '~type'(): 'rd_kafka_mock_cluster_t' {
    return 'rd_kafka_mock_cluster_t';
  }

  get port(): Channel<MockCallOp>['port'] {
    return this.channel.port;
  }

  drain(): void {
    this.reader.drain();
  }

  serveFromLoop(): void {}

  private route(op: MockToAppOp): void {
    if (op.type === 'log') this.logged(op);
    if (op.type !== 'reply') return;
    if (op.call === 0) this.listening(op);
    if (this.answers.has(op.call)) this.answers.set(op.call, { err: op.err, text: op.text, value: op.value });
    // Nobody waits any more (an abort): what failed must not pass in silence.
    else if (op.err !== 0) this.rk?.logs.add(LOG_ERR, 'MOCK', `Mock cluster command failed: ${op.text}`);
  }

  private logged({ level, fac, text, thread }: LogOp): void {
    if (this.rk !== null) this.rk.logs.add(level, fac, text, thread);
    else if (level < LOG_INFO) printLine(level, fac, 'mock', text);
  }

  private listening(op: ReplyOp): void {
    if (op.err !== 0) {
      this.rk?.logs.add(LOG_CRIT, 'MOCK', `Mock cluster can't listen: ${op.text}`);
      return;
    }
    this.bootstraps = op.value as string;
    if (this.rk?.ownMock === this) this.rk.toMain({ type: 'brokers_add', brokers: this.bootstraps });
  }

  private died(): void {
    if (this.dead) return;
    const other = Atomics.load(this.host.page, DEAD) === OTHER_BUILD;
    const text = other ? OTHER_BUILD_TEXT : 'the mock worker died';
    if (this[GONE] === '') this.rk?.logs.add(LOG_CRIT, 'MOCK', text);
    this.epitaph = endedBy(text);
    this.end();
    forget(this.thread, this.host);
  }

  /** Nothing is sent or answered any more: who still waits gets an answer here. */
  private end(): void {
    this.dead = true;
    for (const [call, answer] of this.answers) if (answer === null) this.answers.set(call, this.epitaph);
  }

  /** The answer has come. Its death is also told by the worker's page: a blocked thread sees no port close. */
  private ready(call: number): boolean {
    if (this.answers.get(call) === null && Atomics.load(this.host.page, DEAD) !== 0) {
      this.drain();
      this.died();
    }
    return this.answers.get(call) !== null;
  }

  /** Waits for the answer of a command; throws a KafkaError when there is none, or the command failed by itself. */
  *answered(call: number, timeoutMs: number = COMMAND_MS): Steps<any> {
    const { err, text, value } = yield* this.answerSteps(call, timeoutMs);
    if (err !== 0) throw new KafkaError(err, `mock cluster: ${text}`);
    return value;
  }

  private *answerSteps(call: number, timeoutMs: number): Steps<Answer> {
    try {
      yield { timeoutMs, ready: () => this.ready(call), whole: true };
      return this.answers.get(call) ?? SILENT;
    } finally {
      this.answers.delete(call);
    }
  }

  /** Waits until the listeners are bound. Throws what failed, and the cluster is closed then. */
  *opened(): Steps<this> {
    if (this.bootstraps !== '') return this;
    try {
      yield* this.answered(0);
    } catch (error) {
      yield* this.closeSteps();
      throw error;
    }
    return this;
  }

  /** Posts a command whose answer will be waited for by `answered`. */
  send(command: string, args: readonly unknown[]): number {
    const call = this.nextCall++;
    this.answers.set(call, this.dead ? this.epitaph : null);
    if (!this.dead) this.channel.post({ type: 'mock_call', call, command, args });
    return call;
  }

  /** A command and its value; blocks until it is done. */
  command(command: string, ...args: readonly unknown[]): any {
    return run(this.thread, this.answered(this.send(command, args)));
  }

  /** `command` as a promise. Aborted before, it sends nothing; later, the command is done all the same. */
  async commandAsync(signal: AbortSignal | undefined, command: string, ...args: readonly unknown[]): Promise<any> {
    signal?.throwIfAborted();
    return runAsync(this.thread, this.port, this.answered(this.send(command, args)), signal);
  }

  /**
   * What came of a command that may take so long by itself (ms, negative: for ever). Throws nothing but the reason of an
   * abort, after which the command goes on.
   */
  async answerAsync(
    signal: AbortSignal | undefined,
    takesMs: number,
    command: string,
    ...args: readonly unknown[]
  ): Promise<Answer> {
    signal?.throwIfAborted();
    const timeoutMs = takesMs < 0 ? -1 : takesMs + COMMAND_MS;
    return runAsync(this.thread, this.port, this.answerSteps(this.send(command, args), timeoutMs), signal);
  }

  /** Closes listeners, connections and, with the last cluster of this thread, the worker. Throws nothing but an abort. */
  *closeSteps(): Steps<void> {
    if (this[GONE] !== '') return;
    this[GONE] = 'has been destroyed';
    this.rk?.onClosed.delete(this.ended);
    if (this.rk?.ownMock === this) this.rk.ownMock = null;
    try {
      if (!this.dead) yield* this.answered(this.send('close', []), CLOSE_MS);
    } catch (error) {
      // Hanging or dead: closing its port ends it. An abort goes on, after the same.
      if (!(error instanceof KafkaError)) throw error;
    } finally {
      this.end();
      this.reader.close();
      this.thread.members.delete(this);
      release(this.thread, this.host);
    }
  }

  [Symbol.dispose](): void {
    run(this.thread, this.closeSteps());
  }
}

function endedBy(text: string): Answer {
  return { err: E.RD_KAFKA_RESP_ERR__DESTROY, text, value: null };
}

function hostOf(thread: AppThread): MockWorker {
  thread.mock ??= start(thread);
  const host = thread.mock as MockWorker;
  host.clusters++;
  return host;
}

function start(thread: AppThread): MockWorker {
  const { worker, root, page } = startWorker('mock', workerCode(null), thread.page, [thread.page]);
  root.unref();
  return { worker, root: new Channel(root, page), page, clusters: 0 };
}

/** The next cluster of this thread starts a worker of its own. */
function forget(thread: AppThread, host: MockWorker): void {
  if (thread.mock === host) thread.mock = null;
}

function release(thread: AppThread, host: MockWorker): void {
  if (--host.clusters > 0) return;
  forget(thread, host);
  host.root.port.close();
  void host.worker.terminate();
}

/** rd_kafka_mock_cluster_new without waiting; `rk` ends it with itself. */
export function openMock(rk: Handle | null, options: MockOptions, born?: Birth): MockCluster {
  return new MockCluster(appThread(), rk, options, born);
}

/** `test.mock.num.brokers`: the handle's own cluster, whose brokers it is told of as soon as they listen. */
export function openTestMock(rk: Handle): void {
  const { settings } = rk;
  rk.ownMock = openMock(rk, { brokers: settings['test.mock.num.brokers'], rtt: settings['test.mock.broker.rtt'] });
  rk.logs.add(5, 'MOCK', `Mock cluster enabled: original bootstrap.servers and security.protocol ignored and replaced`);
}
