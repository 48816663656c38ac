import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { outcomes, pollUntil, produceNumbers, reportFaults } from '../../kit/producing.ts';
import { readTopic } from '../../kit/read_topic.ts';
import { aMock, type MockEnv } from './kit.ts';

const PRODUCE = mock.RD_KAFKAP_Produce;
/** Retries soon, so that tests are quick. */
const FAST = {
  'retry.backoff.ms': '10',
  'retry.backoff.max.ms': '20',
  'reconnect.backoff.ms': '10',
  'reconnect.backoff.max.ms': '50',
};

/** Long enough for what can be delivered, on a slow machine too; the tests that see messages end wait for it. */
const TIMEOUT_MS = '3000';

/** Numbers in the log of each partition, in order of offset. */
async function logged(env: MockEnv): Promise<Map<number, number[]>> {
  const { records } = await readTopic(env.bootstrap, env.topic);
  const all = new Map<number, number[]>();
  for (const { partition, value } of records) {
    if (!all.has(partition)) all.set(partition, []);
    all.get(partition)!.push(Number.parseInt(value!.toString(), 10));
  }
  return all;
}

const sum = (log: Map<number, number[]>): number => [...log.values()].reduce((n, numbers) => n + numbers.length, 0);

for (const [name, code] of [
  ['NOT_ENOUGH_REPLICAS', rk.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS],
  ['NOT_LEADER_FOR_PARTITION', rk.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION],
  ['LEADER_NOT_AVAILABLE', rk.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE],
  ['UNKNOWN_TOPIC_OR_PART', rk.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART],
  ['REQUEST_TIMED_OUT', rk.RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', rk.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND],
  ['_TRANSPORT', rk.RD_KAFKA_RESP_ERR__TRANSPORT],
] as const)
  test(`${name} is tried again until it works`, async () => {
    const env = aMock();
    const p = env.producer(FAST);
    mock.rd_kafka_mock_push_request_errors(env.mock, PRODUCE, 3, code, code, code);
    produceNumbers(p, 't', 20, { partition: 0 });
    expect(rk.flush(p.handle, 20_000)).toBe(0);
    expect(outcomes(p.reports)).toBe('ok x 20');
    expect(reportFaults(p.reports, 20)).toBe('');
    expect(await logged(env)).toEqual(new Map([[0, Array.from({ length: 20 }, (_, i) => i)]]));
  });

test('a permanent error is reported at once with its code', () => {
  const env = aMock();
  const p = env.producer(FAST);
  const code = rk.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  mock.rd_kafka_mock_push_request_errors(env.mock, PRODUCE, 1, code);
  produceNumbers(p, 't', 5, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('TOPIC_AUTHORIZATION_FAILED x 5');
  expect(p.reports.map(({ status }) => status)).toEqual(Array(5).fill(rk.RD_KAFKA_MSG_STATUS_NOT_PERSISTED));
});

test('retries run out, and the last error is the report', () => {
  const env = aMock();
  const p = env.producer({ ...FAST, retries: '2' });
  const code = rk.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
  mock.rd_kafka_mock_push_request_errors(env.mock, PRODUCE, 3, code, code, code);
  produceNumbers(p, 't', 3, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('NOT_ENOUGH_REPLICAS x 3');
  produceNumbers(p, 't', 1, { first: 3, partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(p.reports[3]!.err).toBe(0);
});

test('what may have been stored is reported as possibly persisted', () => {
  const env = aMock();
  const p = env.producer({ ...FAST, retries: '0' });
  mock.rd_kafka_mock_push_request_errors(env.mock, PRODUCE, 1, rk.RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
  produceNumbers(p, 't', 3, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('REQUEST_TIMED_OUT x 3');
  expect(p.reports[0]!.status).toBe(rk.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
});

test('an error of one partition leaves the others alone', () => {
  const env = aMock();
  const p = env.producer({ ...FAST, 'linger.ms': '50' });
  const code = rk.RD_KAFKA_RESP_ERR_INVALID_RECORD;
  mock.rd_kafka_mock_partition_push_request_errors(env.mock, 't', 2, PRODUCE, 1, code);
  for (let partition = 0; partition < 4; partition++) produceNumbers(p, 't', 1, { first: partition, partition });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  const errors = [...p.reports].sort((a, b) => a.partition - b.partition).map(({ err }) => err);
  expect(errors).toEqual([0, 0, code, 0]);
});

test('message.timeout.ms ends messages whose brokers are down', () => {
  const env = aMock();
  const p = env.producer({ ...FAST, 'message.timeout.ms': TIMEOUT_MS });
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  mock.rd_kafka_mock_broker_set_down(env.mock, 1);
  produceNumbers(p, 't', 50, { first: 1 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('_MSG_TIMED_OUT x 50, ok x 1');
  expect(reportFaults(p.reports, 51)).toBe('');
});

test('message.timeout.ms ends messages that wait for metadata', () => {
  const env = aMock();
  mock.rd_kafka_mock_broker_set_down(env.mock, 1);
  const p = env.producer({ ...FAST, 'message.timeout.ms': '1000' });
  produceNumbers(p, 't', 50);
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('_MSG_TIMED_OUT x 50');
});

test('message.timeout.ms ends messages of a partition without a leader, and others go on', () => {
  const env = aMock(2);
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 1, -1);
  const p = env.producer({ ...FAST, 'message.timeout.ms': TIMEOUT_MS });
  for (let i = 0; i < 40; i++) produceNumbers(p, 't', 1, { first: i, partition: i % 4 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('_MSG_TIMED_OUT x 10, ok x 30');
  for (const { partition, err } of p.reports) expect(err === 0).toBe(partition !== 1);
  expect(p.reports.find(({ err }) => err !== 0)!.status).toBe(rk.RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
});

test('a partition that gets its leader later is served then', () => {
  const env = aMock(2);
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 1, -1);
  const p = env.producer(FAST);
  produceNumbers(p, 't', 10, { partition: 1 });
  rk.poll(p.handle, 300);
  expect(p.reports.length).toBe(0);
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 1, 2);
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('ok x 10');
});

test('message.timeout.ms ends messages in flight, possibly persisted', () => {
  const env = aMock();
  const p = env.producer({ ...FAST, 'message.timeout.ms': TIMEOUT_MS });
  mock.rd_kafka_mock_broker_push_request_error_rtts(env.mock, 1, PRODUCE, 1, 0, 60_000);
  produceNumbers(p, 't', 5, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(outcomes(p.reports)).toBe('_MSG_TIMED_OUT x 5');
  expect(p.reports[0]!.status).toBe(rk.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
});

test('leaders move under load: nothing lost or doubled, order kept', async () => {
  const env = aMock(3);
  const p = env.producer({ ...FAST, 'linger.ms': '2' });
  const count = 20_000;
  for (let first = 0; first < count; first += 500) {
    produceNumbers(p, 't', 500, { first, key: (i) => `k${i % 31}`, size: 50 });
    if (first % 2000 === 0) {
      const turn = first / 2000;
      mock.rd_kafka_mock_partition_set_leader(env.mock, 't', turn % 4, 1 + (turn % 3));
    }
    rk.poll(p.handle, 5);
  }
  expect(rk.flush(p.handle, 25_000)).toBe(0);
  expect(outcomes(p.reports)).toBe(`ok x ${count}`);
  expect(reportFaults(p.reports, count)).toBe('');
  const log = await logged(env);
  expect(sum(log)).toBe(count);
  for (const numbers of log.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
});

test('a broker goes down and comes back under load: every message is delivered', async () => {
  const env = aMock(3);
  const p = env.producer({ ...FAST, 'linger.ms': '2' });
  const count = 10_000;
  for (let first = 0; first < count; first += 500) {
    produceNumbers(p, 't', 500, { first, key: (i) => `k${i % 31}`, size: 50 });
    if (first === 3000) mock.rd_kafka_mock_broker_set_down(env.mock, 1);
    if (first === 7000) mock.rd_kafka_mock_broker_set_up(env.mock, 1);
    rk.poll(p.handle, 20);
  }
  expect(rk.flush(p.handle, 25_000)).toBe(0);
  expect(outcomes(p.reports)).toBe(`ok x ${count}`);
  expect(reportFaults(p.reports, count)).toBe('');
  const log = await logged(env);
  // A request that was on its way when the broker went may have been stored, and is sent again.
  expect(new Set([...log.values()].flat()).size).toBe(count);
});

test('purge of the queue reports what was not sent', () => {
  const env = aMock();
  const p = env.producer({ 'linger.ms': '60000' });
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  produceNumbers(p, 't', 99, { first: 1 });
  expect(rk.purge(p.handle, rk.RD_KAFKA_PURGE_F_QUEUE)).toBe(0);
  rk.poll(p.handle, 0);
  expect(outcomes(p.reports)).toBe('_PURGE_QUEUE x 99, ok x 1');
  expect(reportFaults(p.reports, 100)).toBe('');
  expect(rk.outq_len(p.handle)).toBe(0);
});

test('purge of what waits for metadata', () => {
  const env = aMock();
  mock.rd_kafka_mock_broker_set_down(env.mock, 1);
  const p = env.producer(FAST);
  produceNumbers(p, 't', 100);
  expect(rk.purge(p.handle, rk.RD_KAFKA_PURGE_F_QUEUE)).toBe(0);
  rk.poll(p.handle, 0);
  expect(outcomes(p.reports)).toBe('_PURGE_QUEUE x 100');
  expect(p.reports[0]!.status).toBe(rk.RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
  // The topic stays open: what comes later is delivered.
  mock.rd_kafka_mock_broker_set_up(env.mock, 1);
  produceNumbers(p, 't', 1, { first: 100 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(p.reports[100]!.err).toBe(0);
});

test('purge in flight reports what was sent and leaves the queue', () => {
  const env = aMock();
  const p = env.producer({ 'linger.ms': '0' });
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  mock.rd_kafka_mock_start_request_tracking(env.mock);
  mock.rd_kafka_mock_broker_push_request_error_rtts(env.mock, 1, PRODUCE, 1, 0, 5000);
  produceNumbers(p, 't', 10, { first: 1, partition: 0 });
  pollUntil(
    p,
    () =>
      mock
        .rd_kafka_mock_get_requests(env.mock)
        .some((request) => mock.rd_kafka_mock_request_api_key(request) === PRODUCE),
    'the request at the broker',
  );
  expect(rk.purge(p.handle, rk.RD_KAFKA_PURGE_F_INFLIGHT)).toBe(0);
  rk.poll(p.handle, 0);
  const purged = p.reports.filter(({ err }) => err === rk.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  expect(purged.length).toBeGreaterThan(0);
  expect(purged[0]!.status).toBe(rk.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(reportFaults(p.reports, 11)).toBe('');
});

/**
 * Puts a relay of this thread's before the broker. It gives a function that lets it read once more, when something comes,
 * and then never again; what that gives resolves then.
 */
async function relayBefore(env: MockEnv): Promise<() => Promise<void>> {
  const port = Number(env.bootstrap.split(':')[1]);
  const sockets = new Set<Socket>();
  let stuck: (() => void) | null = null;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          near.destroy();
          far.destroy();
        });
    }
    near.on('data', (chunk) => {
      far.write(chunk);
      if (stuck === null) return;
      near.pause();
      stuck();
    });
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  mock.rd_kafka_mock_broker_set_host_port(env.mock, 1, '127.0.0.1', (server.address() as AddressInfo).port);
  return () =>
    new Promise<void>((resolve) => {
      stuck = resolve;
    });
}

for (const [name, end] of [
  ['purge', (handle: rk.rd_kafka_t) => rk.purge(handle, rk.RD_KAFKA_PURGE_F_QUEUE | rk.RD_KAFKA_PURGE_F_INFLIGHT)],
  ['destroy', (handle: rk.rd_kafka_t) => rk.destroy(handle)],
] as const)
  test(`${name} ends though the broker does not read what is being written`, async () => {
    const env = aMock();
    const stick = await relayBefore(env);
    const p = env.producer({ 'linger.ms': '0' });
    produceNumbers(p, 't', 1, { partition: 0 });
    await rk.flush_async(p.handle, 20_000);
    // More than the buffers of sockets take.
    const stuck = stick();
    produceNumbers(p, 't', 60, { first: 1, partition: 0, size: 900_000 });
    await stuck;
    end(p.handle);
    if (name === 'purge') rk.poll(p.handle, 0);
    expect(reportFaults(p.reports, 61)).toBe('');
    expect(p.reports.some(({ err }) => err === rk.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)).toBe(true);
  });

test('purge refuses unknown flags, takes none, and does not wait when told so', () => {
  const env = aMock();
  const p = env.producer({ 'linger.ms': '60000' });
  expect(rk.purge(p.handle, 64)).toBe(rk.RD_KAFKA_RESP_ERR__INVALID_ARG);
  expect(rk.purge(p.handle, 0)).toBe(0);
  produceNumbers(p, 't', 10);
  expect(
    rk.purge(p.handle, rk.RD_KAFKA_PURGE_F_QUEUE | rk.RD_KAFKA_PURGE_F_INFLIGHT | rk.RD_KAFKA_PURGE_F_NON_BLOCKING),
  ).toBe(0);
  pollUntil(p, () => p.reports.length === 10, 'ten reports');
  expect(outcomes(p.reports)).toBe('_PURGE_QUEUE x 10');
});

test('destroy in mid-flight reports each message once, as purged', () => {
  const env = aMock(3);
  const p = env.producer({ 'linger.ms': '0' });
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  for (let broker = 1; broker <= 3; broker++) mock.rd_kafka_mock_broker_set_rtt(env.mock, broker, 60_000);
  produceNumbers(p, 't', 2000, { first: 1, key: (i) => `${i}` });
  const before = p.reports.length;
  rk.destroy(p.handle);
  expect(before).toBe(1);
  expect(reportFaults(p.reports, 2001)).toBe('');
  const codes = new Set(p.reports.slice(1).map(({ err }) => err));
  for (const code of codes)
    expect([rk.RD_KAFKA_RESP_ERR__PURGE_QUEUE, rk.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT]).toContain(code);
});

test('destroy while the brokers are down reports each message once', () => {
  const env = aMock();
  const p = env.producer(FAST);
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  mock.rd_kafka_mock_broker_set_down(env.mock, 1);
  produceNumbers(p, 't', 500, { first: 1 });
  rk.poll(p.handle, 100);
  rk.destroy(p.handle);
  expect(reportFaults(p.reports, 501)).toBe('');
  expect(outcomes(p.reports)).toMatch(
    /^_PURGE_QUEUE x \d+, ok x 1$|^_PURGE_INFLIGHT x \d+, _PURGE_QUEUE x \d+, ok x 1$/,
  );
});
