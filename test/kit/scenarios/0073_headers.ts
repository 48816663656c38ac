// 0073: headers as they were given, in their order, in the report and in what is consumed.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__NOENT,
  RD_KAFKA_V_HEADER,
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_flush,
  rd_kafka_headers_destroy,
  type rd_kafka_headers_t,
  rd_kafka_message_detach_headers,
  type rd_kafka_message_t,
  rd_kafka_producev,
} from '../../../src/rdkafka.ts';
import { assignAll } from '../assign.ts';
import { aConf, aConsumer, aHandle } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer, newTestId, payloadOf } from '../msgver.ts';
import { freshTopic } from '../topics.ts';
import { CARRIED, headersOf, type Pair, pairsOf } from './0072_headers_ut.ts';
import type { Env } from './env.ts';

const COUNT = 10;
/** The first message has none. */
const WANTED: readonly (readonly Pair[] | number)[] = Array.from({ length: COUNT }, (_, i) =>
  i === 0 ? RD_KAFKA_RESP_ERR__NOENT : [['msgid', `${i}`], ...CARRIED],
);

/** Produces the messages, gives what each report said, and a consumer's MsgVer for them. */
function produced(t: TestContext, bootstrap: string, topic: string): { reported: unknown[]; ver: MsgVer } {
  const id = newTestId();
  const reported: unknown[] = [];
  const conf = aConf(t, { 'bootstrap.servers': bootstrap, acks: 'all' });
  rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => {
    reported.push(message.err === 0 ? headersOf(message) : message.err);
  });
  const rk = aHandle(t, RD_KAFKA_PRODUCER, conf);
  for (const [i, headers] of WANTED.entries()) {
    const pairs = typeof headers === 'number' ? [] : headers;
    const err = rd_kafka_producev(
      rk,
      RD_KAFKA_V_TOPIC(topic),
      RD_KAFKA_V_PARTITION(0),
      RD_KAFKA_V_VALUE(payloadOf(id, 0, i)),
      ...pairs.map((pair) => RD_KAFKA_V_HEADER(...pair)),
    );
    expect(err).toBe(0);
  }
  expect(rd_kafka_flush(rk, 45_000)).toBe(0);
  return { reported, ver: new MsgVer(id).expect(0, 0, COUNT) };
}

export async function headersThereAndBack(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const consumed: unknown[] = [];

  const { reported, ver } = produced(t, bootstrap, topic);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  assignAll(c, topic, 1);
  consumeMessages(c, ver, COUNT, { each: (message) => void consumed.push(headersOf(message)) });

  ver.verify('with headers');
  expect(reported).toEqual(WANTED);
  expect(consumed).toEqual(WANTED);
}

/** A consumed message whose headers were taken away still gives them, in a list of its own. */
export async function detachedHeadersComeAgain(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const consumed: unknown[] = [];
  const detach = (message: rd_kafka_message_t): void => {
    const hdrs = out<rd_kafka_headers_t>();
    const err = rd_kafka_message_detach_headers(message, hdrs);
    consumed.push(err === 0 ? pairsOf(hdrs.value) : err);
    if (err === 0) rd_kafka_headers_destroy(hdrs.value);
    consumed.push(headersOf(message));
  };

  const { ver } = produced(t, bootstrap, topic);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  assignAll(c, topic, 1);
  consumeMessages(c, ver, COUNT, { each: detach });

  expect(consumed).toEqual(WANTED.flatMap((one) => [one, one]));
}
