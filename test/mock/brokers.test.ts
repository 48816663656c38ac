// Brokers on the mock cluster: dead ones in the list, ones that go down, come back, move, join and leave.
import { createServer, type Server, type Socket } from 'node:net';
import { expect, type TestContext, test } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
  rd_kafka_brokers_add,
  rd_kafka_brokers_learned_ids,
  rd_kafka_poll,
} from '../../src/rdkafka.ts';
import {
  RD_KAFKAP_ApiVersion,
  RD_KAFKAP_Produce,
  rd_kafka_mock_broker_add,
  rd_kafka_mock_broker_decommission,
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_broker_set_host_port,
  rd_kafka_mock_broker_set_up,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
} from '../../src/rdkafka_mock.ts';
import { aCluster, aProducer, type TestProducer } from '../kit/builders.ts';
import { produceMessages, queueMessages } from '../kit/reports.ts';
import { requestsOf } from '../kit/requests_seen.ts';
import { metadataNow } from '../kit/scenarios/metadata.ts';
import { until } from '../kit/until.ts';

const DEADLINE = { deadline_ms: 45_000 };
/** Tests look again soon after a broker is back. */
const QUICK = { 'reconnect.backoff.ms': 10, 'reconnect.backoff.max.ms': 100, 'retry.backoff.ms': 10 };

interface Seen extends TestProducer {
  readonly errors: { readonly err: number; readonly text: string }[];
  readonly log: string[];
}

/** A producer whose errors and warnings are kept. */
function aSeenProducer(t: TestContext, config: Readonly<Record<string, string | number | boolean>>): Seen {
  const errors: { err: number; text: string }[] = [];
  const log: string[] = [];
  const p = aProducer(t, config, {
    error_cb: (_rk, err, text) => void errors.push({ err, text }),
    log: (_level, fac, text) => void log.push(`${fac} ${text}`),
  });
  return { ...p, errors, log };
}

const allDown = ({ errors }: Seen): number =>
  errors.filter(({ err }) => err === RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN).length;

/** Serves callbacks until `cond` holds. */
function serving(p: TestProducer, what: string, cond: () => boolean): Promise<boolean> {
  return until(
    () => {
      rd_kafka_poll(p.rk, 0);
      return cond();
    },
    { ...DEADLINE, what },
  );
}

/** A port where connections are taken and nothing is ever said; closed with the test. */
async function aSilentPort(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.resume().on('error', () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

test('dead servers in bootstrap.servers do not matter while one lives', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const p = aProducer(t, { 'bootstrap.servers': `127.0.0.1:1,${bootstrap},127.0.0.1:2` });

  produceMessages(p, 'any', 0, 0, 5);

  expect(p.reports.errors).toEqual([]);
});

test('a server that takes connections and says nothing does not hold up the next one', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const port = await aSilentPort(t);
  // Only the silent one can be tried first.
  const { rk } = aProducer(t, {
    'bootstrap.servers': `127.0.0.1:${port}`,
    'socket.connection.setup.timeout.ms': 60_000,
  });

  rd_kafka_brokers_add(rk, bootstrap);

  expect(metadataNow(rk, true).broker_cnt).toBe(1);
});

test('connections are made where something is to be said, and nowhere else', (t) => {
  const { bootstrap, mock } = aCluster(t, 3);
  rd_kafka_mock_topic_create(mock, 'one', 1, 1);
  rd_kafka_mock_partition_set_leader(mock, 'one', 0, 2);
  rd_kafka_mock_start_request_tracking(mock);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap.split(',')[0] as string });

  produceMessages(p, 'one', 0, 0, 5);

  // One for metadata, one to the leader.
  expect(new Set(requestsOf(mock, RD_KAFKAP_ApiVersion))).toEqual(new Set([1, 2]));
  expect(requestsOf(mock, RD_KAFKAP_ApiVersion).length).toBe(2);
});

test('a list of brokers in which none can be read is told, and the next list is taken', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const p = aSeenProducer(t, { 'bootstrap.servers': 'ssl://nowhere:1' });
  await serving(p, 'the error', () => allDown(p) === 1);

  const [bad, good] = [rd_kafka_brokers_add(p.rk, 'a:b'), rd_kafka_brokers_add(p.rk, `${bootstrap},[oops`)];

  produceMessages(p, 'any', 0, 0, 1);
  expect([bad, good]).toEqual([0, 1]);
  expect(p.log.filter((line) => line.startsWith('BROKER ')).length).toBe(3);
  expect(p.log.find((line) => line.includes('ssl://nowhere:1'))).toContain('security.protocol');
});

test('that all brokers are down is told once each time, and messages wait for the end of it', async (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  const p = aSeenProducer(t, { 'bootstrap.servers': bootstrap, ...QUICK });
  produceMessages(p, 'any', 0, 0, 1);

  for (const round of [1, 2]) {
    rd_kafka_mock_broker_set_down(mock, 1);
    const { opaques } = queueMessages(p, 'any', 0, round, 1);
    await serving(p, `time ${round} that all are down`, () => allDown(p) >= round);
    rd_kafka_mock_broker_set_up(mock, 1);
    await serving(p, `report ${round}`, () => p.reports.all.length === round + 1);
    p.reports.verify(opaques);
    expect(allDown(p)).toBe(round);
  }
});

test('messages go to the new leader when the old one is gone', async (t) => {
  const { bootstrap, mock } = aCluster(t, 3);
  rd_kafka_mock_topic_create(mock, 'fails_over', 1, 3);
  rd_kafka_mock_partition_set_leader(mock, 'fails_over', 0, 1);
  const p = aSeenProducer(t, { 'bootstrap.servers': bootstrap, ...QUICK });
  produceMessages(p, 'fails_over', 0, 0, 1);
  rd_kafka_mock_start_request_tracking(mock);

  rd_kafka_mock_broker_set_down(mock, 1);
  const { opaques } = queueMessages(p, 'fails_over', 0, 1, 3);
  await serving(p, 'the end of the connection', () => p.log.some((line) => line.startsWith('FAIL ')));
  rd_kafka_mock_partition_set_leader(mock, 'fails_over', 0, 2);
  await serving(p, 'the reports', () => p.reports.all.length === 4);

  p.reports.verify(opaques);
  expect(allDown(p)).toBe(0);
  expect(requestsOf(mock, RD_KAFKAP_Produce)).toContain(2);
});

test('a broker that changes its address is found at the new one', async (t) => {
  const { bootstrap, mock } = aCluster(t, 2);
  const port = await aSilentPort(t);
  rd_kafka_mock_topic_create(mock, 'home', 1, 1);
  rd_kafka_mock_partition_set_leader(mock, 'home', 0, 2);
  const own = Number(/:(\d+)$/.exec(bootstrap)?.[1]);
  rd_kafka_mock_broker_set_host_port(mock, 2, '127.0.0.1', port);
  const p = aProducer(t, {
    'bootstrap.servers': bootstrap.split(',')[0] as string,
    'topic.metadata.refresh.interval.ms': 100,
  });
  const { opaques } = queueMessages(p, 'home', 0, 0, 2);
  await serving(p, 'both brokers', () => rd_kafka_brokers_learned_ids(p.rk).length === 2);

  rd_kafka_mock_broker_set_host_port(mock, 2, '127.0.0.1', own);

  await serving(p, 'the reports', () => p.reports.all.length === 2);
  p.reports.verify(opaques);
});

test('a broker that joins is learned, and one that leaves is forgotten', (t) => {
  const { bootstrap, mock } = aCluster(t, 2);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const ids = (): number[] => {
    metadataNow(rk, true);
    return rd_kafka_brokers_learned_ids(rk);
  };
  const before = ids();

  rd_kafka_mock_broker_add(mock, 7);
  const joined = ids();
  rd_kafka_mock_broker_decommission(mock, 1);
  const left = ids();

  expect([before, joined, left]).toEqual([
    [1, 2],
    [1, 2, 7],
    [2, 7],
  ]);
});

test('what a broker led goes to others when it leaves for good', async (t) => {
  const { bootstrap, mock } = aCluster(t, 3);
  rd_kafka_mock_topic_create(mock, 'left', 1, 3);
  rd_kafka_mock_partition_set_leader(mock, 'left', 0, 1);
  const p = aSeenProducer(t, { 'bootstrap.servers': bootstrap, ...QUICK });
  produceMessages(p, 'left', 0, 0, 1);

  rd_kafka_mock_broker_decommission(mock, 1);
  produceMessages(p, 'left', 0, 1, 3);

  expect(rd_kafka_brokers_learned_ids(p.rk)).toEqual([2, 3]);
});

test('messages for a leader of which nobody knows the address go there as soon as it is named', async (t) => {
  const { bootstrap, mock } = aCluster(t, 2);
  rd_kafka_mock_topic_create(mock, 'hidden', 1, 1);
  rd_kafka_mock_partition_set_leader(mock, 'hidden', 0, 2);
  // The mock names no broker that is down, and still has it lead.
  rd_kafka_mock_broker_set_down(mock, 2);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, ...QUICK });
  const { opaques } = queueMessages(p, 'hidden', 0, 0, 2);
  await serving(p, 'the other broker', () => rd_kafka_brokers_learned_ids(p.rk).length === 1);

  rd_kafka_mock_broker_set_up(mock, 2);

  await serving(p, 'the reports', () => p.reports.all.length === 2);
  p.reports.verify(opaques);
});
