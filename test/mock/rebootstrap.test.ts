// Metadata from the bootstrap servers again (KIP-899, KIP-1102): when the brokers that the cluster has named are gone,
// say nothing, or say that it is time.
import { expect, type TestContext, test } from 'vitest';
import * as k from '../../src/rdkafka.ts';
import * as m from '../../src/rdkafka_mock.ts';
import { aCluster, aProducer, type Config, type TestProducer } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { produceMessages, queueMessages } from '../kit/reports.ts';
import { requestsOf } from '../kit/requests_seen.ts';
import { metadataNow } from '../kit/scenarios/metadata.ts';

const QUICK = { 'reconnect.backoff.ms': 10, 'reconnect.backoff.max.ms': 100, 'retry.backoff.ms': 10 };

interface Moved {
  readonly p: TestProducer;
  readonly mock: m.rd_kafka_mock_cluster_t;
  readonly log: string[];
  readonly errors: number[];
}

/**
 * A producer whose bootstrap server, broker 1, is not in metadata, so that it knows of broker 2 alone, which leads topic
 * t; one message has gone there.
 */
function knowsOnlyTwo(t: TestContext, config: Config = {}): Moved {
  const { mock, bootstrap } = aCluster(t, 2);
  m.rd_kafka_mock_topic_create(mock, 't', 1, 1);
  m.rd_kafka_mock_partition_set_leader(mock, 't', 0, 2);
  m.rd_kafka_mock_broker_remove_from_metadata(mock, 1);
  const log: string[] = [];
  const errors: number[] = [];
  const p = aProducer(
    t,
    { 'bootstrap.servers': bootstrap.split(',')[0] as string, debug: 'broker', ...QUICK, ...config },
    { log: (_level, fac, text) => void log.push(`${fac} ${text}`), error_cb: (_rk, err) => void errors.push(err) },
  );
  produceMessages(p, 't', 0, 0, 1);
  expect(k.rd_kafka_brokers_learned_ids(p.rk)).toEqual([2]);
  return { p, mock, log, errors };
}

/** Broker 3 takes over from broker 2, and only broker 1 could tell of it. */
function moveToThree(mock: m.rd_kafka_mock_cluster_t): void {
  m.rd_kafka_mock_broker_add(mock, 3);
  m.rd_kafka_mock_partition_set_leader(mock, 't', 0, 3);
}

/** Broker 2 sends whoever asks it for metadata back, so many times. */
function sendBack({ mock }: Moved, times: number): void {
  const err = k.RD_KAFKA_RESP_ERR_REBOOTSTRAP_REQUIRED;
  for (let i = 0; i < times; i++)
    m.rd_kafka_mock_broker_push_request_error_rtts(mock, 2, m.RD_KAFKAP_Metadata, 1, err, 0);
}

const starts = ({ log }: Moved): string[] => log.filter((line) => line.startsWith('REBOOTSTRAP '));

function reported(moved: Moved, count: number): void {
  pollUntil(
    `${count} reports`,
    () => k.rd_kafka_poll(moved.p.rk, 50),
    () => moved.p.reports.all.length === count,
  );
}

test('when all brokers that are known are down the bootstrap servers are asked', (t) => {
  const moved = knowsOnlyTwo(t);
  m.rd_kafka_mock_broker_set_down(moved.mock, 2);
  moveToThree(moved.mock);

  const { opaques } = queueMessages(moved.p, 't', 0, 1, 1);
  reported(moved, 2);

  moved.p.reports.verify(opaques);
  expect(k.rd_kafka_brokers_learned_ids(moved.p.rk)).toEqual([3]);
  expect(starts(moved)[0]).toContain('all known brokers are down');
  expect(moved.errors.filter((err) => err === k.RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN).length).toBe(1);
});

test('with metadata.recovery.strategy=none only the brokers that are known are tried', (t) => {
  const moved = knowsOnlyTwo(t, { 'metadata.recovery.strategy': 'none', 'message.timeout.ms': 3000 });
  m.rd_kafka_mock_broker_set_down(moved.mock, 2);
  moveToThree(moved.mock);
  m.rd_kafka_mock_start_request_tracking(moved.mock);

  queueMessages(moved.p, 't', 0, 1, 1);
  reported(moved, 2);
  const asked = requestsOf(moved.mock, m.RD_KAFKAP_ApiVersion);
  m.rd_kafka_mock_broker_set_up(moved.mock, 2);
  pollUntil(
    'broker 3',
    () => k.rd_kafka_poll(moved.p.rk, 50),
    () => k.rd_kafka_brokers_learned_ids(moved.p.rk).includes(3),
  );
  produceMessages(moved.p, 't', 0, 2, 1);

  expect(moved.p.reports.all.map(({ err }) => err)).toEqual([0, k.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, 0]);
  expect(asked).toEqual([]);
  expect(starts(moved)).toEqual([]);
});

test('brokers that come back are found among the bootstrap servers', (t) => {
  const moved = knowsOnlyTwo(t);
  m.rd_kafka_mock_broker_set_down(moved.mock, -1);
  queueMessages(moved.p, 't', 0, 1, 1);
  pollUntil(
    'a new start',
    () => k.rd_kafka_poll(moved.p.rk, 50),
    () => starts(moved).length > 0,
  );

  m.rd_kafka_mock_broker_set_up(moved.mock, 2);
  reported(moved, 2);

  expect(moved.p.reports.all[1]?.err).toBe(0);
});

test('after metadata.recovery.rebootstrap.trigger.ms without metadata the bootstrap servers are asked', (t) => {
  const moved = knowsOnlyTwo(t, {
    'metadata.recovery.rebootstrap.trigger.ms': 500,
    'topic.metadata.refresh.interval.ms': 300,
  });
  // It takes connections and requests, and says nothing.
  m.rd_kafka_mock_broker_set_rtt(moved.mock, 2, 60_000);
  moveToThree(moved.mock);

  pollUntil(
    'broker 3',
    () => k.rd_kafka_poll(moved.p.rk, 50),
    () => k.rd_kafka_brokers_learned_ids(moved.p.rk).includes(3),
  );
  produceMessages(moved.p, 't', 0, 1, 1);

  expect(starts(moved)[0]).toContain('metadata.recovery.rebootstrap.trigger.ms');
});

test('a broker that requires it sends the client back to the bootstrap servers, and to nobody else', (t) => {
  const moved = knowsOnlyTwo(t, { 'topic.metadata.refresh.interval.ms': 100 });
  const asked = (): number[] => requestsOf(moved.mock, m.RD_KAFKAP_Metadata);
  sendBack(moved, 50);
  m.rd_kafka_mock_start_request_tracking(moved.mock);

  pollUntil(
    'twenty requests',
    () => k.rd_kafka_poll(moved.p.rk, 50),
    () => asked().length >= 20,
  );

  // Broker 1 names broker 2, which is asked the next time.
  expect(starts(moved)[0]).toContain('requires');
  expect(asked().slice(0, 20)).toEqual(Array.from({ length: 10 }, () => [2, 1]).flat());
});

test('a metadata call tells that starting over is required; the next one is answered by a bootstrap server', (t) => {
  const moved = knowsOnlyTwo(t);
  sendBack(moved, 1);
  moveToThree(moved.mock);

  const err = k.rd_kafka_metadata(moved.p.rk, true, null, k.out<k.rd_kafka_metadata_t>(), 45_000);

  expect(k.rd_kafka_err2name(err)).toBe('REBOOTSTRAP_REQUIRED');
  expect(metadataNow(moved.p.rk, true).brokers.map(({ id }) => id)).toEqual([2, 3]);
});

test('servers that brokers_add adds are tried when nobody else can be reached, whatever the strategy', (t) => {
  const moved = knowsOnlyTwo(t, { 'metadata.recovery.strategy': 'none' });
  const other = aCluster(t, 1);
  m.rd_kafka_mock_topic_create(other.mock, 't', 1, 1);
  m.rd_kafka_mock_broker_set_down(moved.mock, -1);
  queueMessages(moved.p, 't', 0, 1, 1);

  k.rd_kafka_brokers_add(moved.p.rk, other.bootstrap);
  reported(moved, 2);

  expect(moved.p.reports.all[1]?.err).toBe(0);
});
