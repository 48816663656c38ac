// Which reports are wanted, and in which form: dr_cb, dr_msg_cb, delivery.report.only.error.
import { expect, type TestContext, test } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import * as m from '../../../src/rdkafka_mock.ts';
import { aCluster, aConf, aHandle, type Config } from '../../kit/builders.ts';

interface Reported {
  readonly payload: string | null;
  readonly len: number;
  readonly err: number;
  readonly opaque: unknown;
  readonly own: unknown;
}

interface Setup {
  readonly conf: k.rd_kafka_conf_t;
  readonly mock: m.rd_kafka_mock_cluster_t;
}

/** A cluster with a topic t of one partition, and a conf for it. */
function aSetup(t: TestContext, config: Config = {}): Setup {
  const { mock, bootstrap } = aCluster(t, 1);
  m.rd_kafka_mock_topic_create(mock, 't', 1, 1);
  return { mock, conf: aConf(t, { 'bootstrap.servers': bootstrap, ...config }) };
}

function produce(rk: k.rd_kafka_t, value: string | null, own: unknown): void {
  const err = k.rd_kafka_producev(
    rk,
    k.RD_KAFKA_V_TOPIC('t'),
    k.RD_KAFKA_V_PARTITION(0),
    k.RD_KAFKA_V_VALUE(value),
    k.RD_KAFKA_V_OPAQUE(own),
  );
  expect(err).toBe(0);
}

/** Fails the next Produce request for good. */
function refuseNext(mock: m.rd_kafka_mock_cluster_t): void {
  const err = k.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  m.rd_kafka_mock_push_request_errors(mock, m.RD_KAFKAP_Produce, 1, err);
}

test('dr_cb is given payload, error, the opaque of the conf and that of the message', (t) => {
  const { conf, mock } = aSetup(t);
  const seen: Reported[] = [];
  k.rd_kafka_conf_set_opaque(conf, 'of the conf');
  k.rd_kafka_conf_set_dr_cb(conf, (_rk, payload, err, opaque, own) => {
    seen.push({ payload: payload === null ? null : String(payload), len: payload?.length ?? 0, err, opaque, own });
  });
  const rk = aHandle(t, k.RD_KAFKA_PRODUCER, conf);

  produce(rk, 'one', 1);
  produce(rk, null, { two: 2 });
  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);
  refuseNext(mock);
  produce(rk, 'three', null);
  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);

  const refused = k.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  expect(seen).toEqual([
    { payload: 'one', len: 3, err: 0, opaque: 'of the conf', own: 1 },
    { payload: null, len: 0, err: 0, opaque: 'of the conf', own: { two: 2 } },
    { payload: 'three', len: 5, err: refused, opaque: 'of the conf', own: null },
  ]);
});

test('of dr_cb and dr_msg_cb the second is called', (t) => {
  const { conf } = aSetup(t);
  const calls: string[] = [];
  k.rd_kafka_conf_set_dr_msg_cb(conf, () => void calls.push('dr_msg_cb'));
  k.rd_kafka_conf_set_dr_cb(conf, () => void calls.push('dr_cb'));
  const rk = aHandle(t, k.RD_KAFKA_PRODUCER, conf);

  produce(rk, 'x', null);
  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);

  expect(calls).toEqual(['dr_msg_cb']);
});

test.for(['dr_cb', 'dr_msg_cb'] as const)(
  'with delivery.report.only.error %s hears of failures only, and every message leaves the queue',
  async (name, t) => {
    const { conf, mock } = aSetup(t, { 'delivery.report.only.error': true, 'linger.ms': 0 });
    const seen: [number, unknown][] = [];
    if (name === 'dr_cb')
      k.rd_kafka_conf_set_dr_cb(conf, (_rk, _payload, err, _opaque, own) => void seen.push([err, own]));
    else k.rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => void seen.push([message.err, message._private]));
    const rk = aHandle(t, k.RD_KAFKA_PRODUCER, conf);

    for (let i = 0; i < 3; i++) produce(rk, 'x', i);
    expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);
    refuseNext(mock);
    produce(rk, 'x', 'refused');
    expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);
    produce(rk, 'x', 4);
    expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);

    expect(seen).toEqual([[k.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 'refused']]);
    expect(k.rd_kafka_outq_len(rk)).toBe(0);
  },
);
