// Clients and mock clusters for tests, with their own cleanup: ended after the test in the reverse order of making, then
// nothing may be left. When the test fails, the last log lines of its clients are printed. @thread app
import type { TestContext } from 'vitest';
import {
  type ErrorCb,
  type OffsetCommitCb,
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PRODUCER,
  type RebalanceCb,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_conf_set_error_cb,
  rd_kafka_conf_set_log_cb,
  rd_kafka_conf_set_offset_commit_cb,
  rd_kafka_conf_set_opaque,
  rd_kafka_conf_set_rebalance_cb,
  type rd_kafka_conf_t,
  rd_kafka_name,
  rd_kafka_new,
  type rd_kafka_t,
} from '../../src/rdkafka.ts';
import {
  rd_kafka_mock_cluster_bootstraps,
  rd_kafka_mock_cluster_destroy,
  rd_kafka_mock_cluster_new,
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_group_initial_rebalance_delay_ms,
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms,
} from '../../src/rdkafka_mock.ts';
import { DebugRing, debugContexts } from './debug_ring.ts';
import { nothingLeft } from './nothing_left.ts';
import { ReportLog } from './reports.ts';
import { nothingAdded, type Resources, resources } from './resources.ts';

const CONSUMER_PROTOCOL = process.env['TEST_GROUP_PROTOCOL'] === 'consumer';

export type Config = Readonly<Record<string, string | number | boolean>>;

/** Callbacks a test wants to see; logs and reports are taken by the builder. */
export interface TestCallbacks {
  rebalance_cb?: RebalanceCb;
  offset_commit_cb?: OffsetCommitCb;
  error_cb?: ErrorCb;
  /** Sees each log line besides the ring. */
  log?: (level: number, fac: string, text: string) => void;
  opaque?: unknown;
}

export interface TestProducer {
  readonly rk: rd_kafka_t;
  readonly reports: ReportLog;
}

export interface TestCluster {
  readonly mock: rd_kafka_mock_cluster_t;
  readonly bootstrap: string;
}

/** What one test has made. */
class Belongings {
  readonly ring: DebugRing;
  consumerProtocol: boolean;
  private readonly before: Resources;
  private readonly enders: (() => void)[];

  constructor(t: TestContext) {
    this.ring = new DebugRing();
    this.consumerProtocol = CONSUMER_PROTOCOL;
    this.before = resources();
    this.enders = [];
    t.onTestFinished(async () => {
      try {
        await this.end();
      } finally {
        if (t.task.result?.state === 'fail') this.print(t.task.name);
      }
    });
  }

  add(end: () => void): void {
    this.enders.push(end);
  }

  private async end(): Promise<void> {
    let failed: unknown = null;
    for (const end of this.enders.reverse()) {
      try {
        end();
      } catch (error) {
        failed ??= error;
      }
    }
    if (failed !== null) throw failed;
    await nothingLeft();
    await nothingAdded(this.before);
  }

  private print(name: string): void {
    const text = this.ring.text();
    const hint = debugContexts() === null ? ' (TEST_DEBUG=all gives more)' : '';
    if (text !== '') console.error(`the last log lines of "${name}"${hint}:\n${text}`);
  }
}

const belongings = new WeakMap<TestContext, Belongings>();

function of(t: TestContext): Belongings {
  const known = belongings.get(t) ?? new Belongings(t);
  belongings.set(t, known);
  return known;
}

/** Calls `end` after the test, before what was made earlier is ended. */
export function belongs(t: TestContext, end: () => void): void {
  of(t).add(end);
}

/** With group.protocol=consumer these are the coordinator's, and refused. */
const CLASSIC_ONLY: readonly string[] = [
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'partition.assignment.strategy',
];

/** `config` as one of group.protocol=consumer. */
export function consumerProtocol(config: Config): Config {
  const left = Object.entries(config).filter(([name]) => !CLASSIC_ONLY.includes(name));
  return { ...Object.fromEntries(left), 'group.protocol': 'consumer' };
}

/**
 * From here on the groups of this test are of group.protocol=consumer. TEST_GROUP_PROTOCOL=consumer does that for all tests,
 * as librdkafka's TEST_CONSUMER_GROUP_PROTOCOL.
 */
export function useConsumerProtocol(t: TestContext): void {
  of(t).consumerProtocol = true;
}

function withGroupProtocol(t: TestContext, config: Config): Config {
  return of(t).consumerProtocol && 'group.id' in config ? consumerProtocol(config) : config;
}

/** A conf with these properties, debug contexts by TEST_DEBUG, and its log lines in the test's ring. */
export function aConf(t: TestContext, config: Config = {}, callbacks: TestCallbacks = {}): rd_kafka_conf_t {
  const { ring } = of(t);
  const conf = rd_kafka_conf_new();
  const debug = debugContexts();
  const all = withGroupProtocol(t, debug === null ? config : { debug, ...config });
  for (const [property, value] of Object.entries(all)) {
    const errstr = out<string>();
    if (rd_kafka_conf_set(conf, property, String(value), errstr) !== RD_KAFKA_CONF_OK) throw new Error(errstr.value);
  }
  // Asked once: the last lines of a handle come when it has no name any more.
  let name = '';
  rd_kafka_conf_set_log_cb(conf, (rk, level, fac, text) => {
    name ||= rd_kafka_name(rk);
    ring.add(`%${level}|${fac}|${name}| ${text}`);
    callbacks.log?.(level, fac, text);
  });
  if (callbacks.rebalance_cb) rd_kafka_conf_set_rebalance_cb(conf, callbacks.rebalance_cb);
  if (callbacks.offset_commit_cb) rd_kafka_conf_set_offset_commit_cb(conf, callbacks.offset_commit_cb);
  if (callbacks.error_cb) rd_kafka_conf_set_error_cb(conf, callbacks.error_cb);
  if ('opaque' in callbacks) rd_kafka_conf_set_opaque(conf, callbacks.opaque);
  return conf;
}

/** A handle that is destroyed after the test unless the test has done so. */
export function aHandle(t: TestContext, type: 0 | 1, conf: rd_kafka_conf_t): rd_kafka_t {
  const errstr = out<string>();
  const rk = rd_kafka_new(type, conf, errstr);
  if (rk === null) throw new Error(`rd_kafka_new: ${errstr.value}`);
  of(t).add(() => {
    // As in `using`: silent where the test has destroyed it.
    rk[Symbol.dispose]();
  });
  return rk;
}

/** A producer whose delivery reports are kept in `reports`. */
export function aProducer(t: TestContext, config: Config = {}, callbacks: TestCallbacks = {}): TestProducer {
  const reports = new ReportLog();
  const conf = aConf(t, config, callbacks);
  rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => reports.take(message));
  return { rk: aHandle(t, RD_KAFKA_PRODUCER, conf), reports };
}

/** A consumer; from the beginning where nothing is committed, and in a group of its own unless `config` names one. */
export function aConsumer(t: TestContext, config: Config = {}, callbacks: TestCallbacks = {}): rd_kafka_t {
  const group = `g-${crypto.randomUUID()}`;
  const conf = aConf(t, { 'group.id': group, 'auto.offset.reset': 'earliest', ...config }, callbacks);
  return aHandle(t, RD_KAFKA_CONSUMER, conf);
}

/** A mock cluster of `brokers` brokers, whose groups do not wait for more members. */
export function aCluster(t: TestContext, brokers: number = 1): TestCluster {
  const rk = aHandle(t, RD_KAFKA_PRODUCER, aConf(t));
  const mock = rd_kafka_mock_cluster_new(rk, brokers);
  if (mock === null) throw new Error('rd_kafka_mock_cluster_new');
  rd_kafka_mock_group_initial_rebalance_delay_ms(mock, 0);
  if (CONSUMER_PROTOCOL) rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(mock, 200);
  let ended = false;
  of(t).add(() => {
    if (!ended) rd_kafka_mock_cluster_destroy(mock);
    ended = true;
  });
  return { mock, bootstrap: rd_kafka_mock_cluster_bootstraps(mock) };
}
