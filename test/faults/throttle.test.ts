// throttle_cb: what a broker says of the time that it wants to be spared, in answers of every kind.
import { expect, type TestContext, test } from 'vitest';
import { APIS } from '../../src/protocol/api.ts';
import * as k from '../../src/rdkafka.ts';
import { writeBatch } from '../../src/records/batch_writer.ts';
import { aConf, aHandle, belongs, type Config } from '../kit/builders.ts';
import { until } from '../kit/until.ts';
import { type OnRequest, oneBroker, RawBroker, stored } from './raw_broker.ts';

interface Throttled {
  readonly name: string;
  readonly broker: number;
  readonly ms: number;
  readonly opaque: unknown;
}

/** A handle of a cluster of one raw broker, which answers Produce and Fetch by `own`. */
async function throttled(
  t: TestContext,
  type: 0 | 1,
  own: OnRequest,
): Promise<{ rk: k.rd_kafka_t; broker: RawBroker; seen: Throttled[] }> {
  const broker = new RawBroker();
  broker.onRequest = oneBroker(broker, own);
  await broker.listen(t);
  const seen: Throttled[] = [];
  const group: Config = type === k.RD_KAFKA_CONSUMER ? { 'group.id': 'g', 'enable.auto.commit': false } : {};
  const conf = aConf(t, { 'bootstrap.servers': `127.0.0.1:${broker.port}`, 'linger.ms': 0, ...group });
  k.rd_kafka_conf_set_opaque(conf, 'the opaque');
  k.rd_kafka_conf_set_throttle_cb(
    conf,
    (_rk, name, id, ms, opaque) => void seen.push({ name, broker: id, ms, opaque }),
  );
  return { rk: aHandle(t, type, conf), broker, seen };
}

async function produceOne(rk: k.rd_kafka_t): Promise<void> {
  expect(k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'))).toBe(0);
  await k.rd_kafka_flush_async(rk, 45_000);
}

/** Polls until `cond` holds. */
async function served(rk: k.rd_kafka_t, cond: () => boolean): Promise<void> {
  await until(async () => {
    await k.rd_kafka_poll_async(rk, 10);
    return cond();
  });
}

test('throttle_cb hears of each throttled answer to Produce, and once that it is over', async (t) => {
  const times = [0, 70, 30, 0, 0];
  let stands = 0;
  const { rk, broker, seen } = await throttled(t, k.RD_KAFKA_PRODUCER, (request, peer) => {
    if (request.apiKey === APIS.Produce.key) stored(request, peer, stands++, times.shift());
  });

  for (let i = 0; i < 5; i++) await produceOne(rk);
  await served(rk, () => seen.length >= 3);

  const about = { name: `127.0.0.1:${broker.port}`, broker: 1, opaque: 'the opaque' };
  expect(seen).toEqual([70, 30, 0].map((ms) => ({ ...about, ms })));
});

test('throttle_cb hears of throttled answers to Fetch', async (t) => {
  const times = [40, 0];
  const records = writeBatch([{ value: 'a' }]);
  const { rk, seen } = await throttled(t, k.RD_KAFKA_CONSUMER, (request, peer) => {
    if (request.apiKey !== APIS.Fetch.key) return;
    const throttleTimeMs = times.shift();
    const partition = { partitionIndex: 0, highWatermark: 1, records: throttleTimeMs === undefined ? null : records };
    const answer = { throttleTimeMs, responses: [{ topic: 't', partitions: [partition] }] };
    const later = setTimeout(() => peer.respond(request, 'Fetch', answer), 20);
    belongs(t, () => clearTimeout(later));
  });
  await k.rd_kafka_assign_async(rk, [{ topic: 't', partition: 0, offset: 0 }]);

  await served(rk, () => seen.length >= 2);

  expect(seen.map(({ ms }) => ms)).toEqual([40, 0]);
});

test('that it is over is told by the connection that it was about, and by no other', async (t) => {
  const times = [70, 0];
  const { rk, seen } = await throttled(t, k.RD_KAFKA_PRODUCER, (request, peer) => {
    if (request.apiKey === APIS.Produce.key) stored(request, peer, 0, times.shift());
  });
  await produceOne(rk);
  await served(rk, () => seen.length >= 1);

  await k.rd_kafka_metadata_async(rk, false, null, 45_000);
  await k.rd_kafka_poll_async(rk, 0);
  const between = seen.map(({ ms }) => ms);
  await produceOne(rk);
  await served(rk, () => seen.length >= 2);

  expect(between).toEqual([70]);
  expect(seen.map(({ ms }) => ms)).toEqual([70, 0]);
});

test('a throttled answer to Metadata is told with the broker that gave it', async (t) => {
  const { rk, broker, seen } = await throttled(t, k.RD_KAFKA_PRODUCER, () => {});
  const answered = broker.onRequest;
  broker.onRequest = (request, peer) => {
    if (request.apiKey !== APIS.Metadata.key) answered(request, peer);
    else {
      const brokers = [{ nodeId: 5, host: '127.0.0.1', port: broker.port }];
      peer.respond(request, 'Metadata', { throttleTimeMs: 90, brokers, clusterId: 'c', topics: [] });
    }
  };

  await k.rd_kafka_metadata_async(rk, false, null, 45_000);
  await served(rk, () => seen.length > 0);

  expect(seen[0]).toMatchObject({ name: `127.0.0.1:${broker.port}`, broker: 5, ms: 90 });
});

test('what throttle_cb throws is thrown by the call that served it, and the handle goes on', async (t) => {
  const broker = new RawBroker();
  let stands = 0;
  broker.onRequest = oneBroker(broker, (request, peer) => stored(request, peer, stands++, 10));
  await broker.listen(t);
  const conf = aConf(t, { 'bootstrap.servers': `127.0.0.1:${broker.port}` });
  let calls = 0;
  k.rd_kafka_conf_set_throttle_cb(conf, () => {
    if (++calls === 1) throw new Error('in throttle_cb');
  });
  const rk = aHandle(t, k.RD_KAFKA_PRODUCER, conf);
  const thrown: string[] = [];
  const noted = (call: Promise<unknown>): Promise<unknown> => call.catch((error) => thrown.push(error.message));

  await noted(produceOne(rk));
  await until(async () => {
    await noted(k.rd_kafka_poll_async(rk, 10));
    return thrown.length > 0;
  });
  await produceOne(rk);

  expect(thrown).toEqual(['in throttle_cb']);
  expect(k.rd_kafka_outq_len(rk)).toBe(0);
});
