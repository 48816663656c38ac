// 0072: header lists and the headers of messages, without a broker.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__CONFLICT,
  RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
  RD_KAFKA_RESP_ERR__NOENT,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_V_HEADER,
  RD_KAFKA_V_HEADERS,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_conf_set_dr_msg_cb,
  rd_kafka_flush,
  rd_kafka_header_add,
  rd_kafka_header_cnt,
  rd_kafka_header_get,
  rd_kafka_header_get_all,
  rd_kafka_header_get_last,
  rd_kafka_header_remove,
  rd_kafka_headers_copy,
  rd_kafka_headers_destroy,
  rd_kafka_headers_new,
  type rd_kafka_headers_t,
  rd_kafka_message_headers,
  rd_kafka_message_set_headers,
  type rd_kafka_message_t,
  rd_kafka_producev,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import { aConf, aHandle } from '../builders.ts';

export type Pair = readonly [name: string, value: string | null];

/** What the messages of 0072 and 0073 carry besides their number. */
export const CARRIED: readonly Pair[] = [
  ['static', 'hey'],
  ['multi', 'multi1'],
  ['multi', 'multi2'],
  ['multi', 'multi3'],
  ['null', null],
  ['empty', ''],
];

/** All headers in order, by header_get_all. */
export function pairsOf(hdrs: rd_kafka_headers_t): Pair[] {
  const [name, value] = [out<string>(), out<Buffer | null>()];
  const pairs: Pair[] = [];
  while (rd_kafka_header_get_all(hdrs, pairs.length, name, value) === RD_KAFKA_RESP_ERR_NO_ERROR)
    pairs.push([name.value, value.value === null ? null : value.value.toString()]);
  return pairs;
}

/** Those of a message, or the error of message_headers. */
export function headersOf(message: rd_kafka_message_t): Pair[] | number {
  const hdrs = out<rd_kafka_headers_t>();
  const err = rd_kafka_message_headers(message, hdrs);
  return err === RD_KAFKA_RESP_ERR_NO_ERROR ? pairsOf(hdrs.value) : err;
}

export function listOf(pairs: readonly Pair[]): rd_kafka_headers_t {
  const hdrs = rd_kafka_headers_new(pairs.length);
  for (const [name, value] of pairs) expect(rd_kafka_header_add(hdrs, name, value)).toBe(0);
  return hdrs;
}

/** Values of one name, by header_get. */
function valuesOf(hdrs: rd_kafka_headers_t, name: string): string[] {
  const value = out<Buffer | null>();
  const values: string[] = [];
  while (rd_kafka_header_get(hdrs, values.length, name, value) === RD_KAFKA_RESP_ERR_NO_ERROR)
    values.push(String(value.value));
  return values;
}

/** Adding, removing, counting and finding in a list of several headers of one name. */
export function listKeepsOrderAndDuplicates(): void {
  const empty = rd_kafka_header_cnt(rd_kafka_headers_new(4));
  const hdrs = listOf([['msgid', '1'], ...CARRIED]);
  const counts = [rd_kafka_header_cnt(hdrs)];
  const step = (err: number): void => {
    counts.push(err === 0 ? rd_kafka_header_cnt(hdrs) : err);
  };

  step(rd_kafka_header_add(hdrs, 'multi', 'multi4'));
  const found = [valuesOf(hdrs, 'multi'), valuesOf(hdrs, 'static'), valuesOf(hdrs, 'notexists')];
  step(rd_kafka_header_add(hdrs, 'send1', '1'));
  step(rd_kafka_header_remove(hdrs, 'multi'));
  const again = rd_kafka_header_remove(hdrs, 'multi');
  step(rd_kafka_header_add(hdrs, 'multi', 'multi5'));
  const last = out<Buffer | null>();
  const err = rd_kafka_header_get_last(hdrs, 'multi', last);

  expect(empty).toBe(0);
  expect(counts).toEqual([7, 8, 9, 5, 6]);
  expect(found).toEqual([['multi1', 'multi2', 'multi3', 'multi4'], ['hey'], []]);
  expect([again, err, String(last.value)]).toEqual([RD_KAFKA_RESP_ERR__NOENT, 0, 'multi5']);
  expect(pairsOf(hdrs)).toEqual([
    ['msgid', '1'],
    ['static', 'hey'],
    ['null', null],
    ['empty', ''],
    ['send1', '1'],
    ['multi', 'multi5'],
  ]);
}

/** A producer without brokers, whose messages time out at once. */
function lonely(t: TestContext, report: (message: rd_kafka_message_t) => void): rd_kafka_t {
  const conf = aConf(t, { 'message.timeout.ms': 1 });
  rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => report(message));
  return aHandle(t, RD_KAFKA_PRODUCER, conf);
}

/** Headers given one by one or as a list, not both; a list that was refused is still the caller's. */
export function oneByOneOrAsList(t: TestContext): void {
  const reported: (Pair[] | number)[] = [];
  const rk = lonely(t, (message) => reported.push(headersOf(message)));
  const original = listOf(CARRIED.slice(0, -1));
  const copied = rd_kafka_headers_copy(original);
  rd_kafka_headers_destroy(original);
  const base = [RD_KAFKA_V_TOPIC('t'), RD_KAFKA_V_VALUE('v')] as const;

  const both = rd_kafka_producev(
    rk,
    ...base,
    RD_KAFKA_V_HEADER('will_be_removed', 'yep'),
    RD_KAFKA_V_HEADERS(copied),
    RD_KAFKA_V_HEADER('empty', ''),
  );
  expect(rd_kafka_header_add(copied, 'empty', '')).toBe(0);
  const list = rd_kafka_producev(rk, ...base, RD_KAFKA_V_HEADERS(copied));
  const single = rd_kafka_producev(rk, ...base, ...CARRIED.map((pair) => RD_KAFKA_V_HEADER(...pair)));
  const none = rd_kafka_producev(rk, ...base);
  const flushed = rd_kafka_flush(rk, 45_000);

  expect([both, list, single, none, flushed]).toEqual([RD_KAFKA_RESP_ERR__CONFLICT, 0, 0, 0, 0]);
  expect(reported).toEqual([CARRIED, CARRIED, RD_KAFKA_RESP_ERR__NOENT]);
}

/** The report of a message that failed has its headers, and takes others in their place. */
export function reportTakesOtherHeaders(t: TestContext): void {
  const others: readonly Pair[] = [
    ['new', 'one'],
    ['this is the', null],
    ['replaced headers"', ''],
    ['new', 'right?'],
  ];
  const seen: unknown[] = [];
  const rk = lonely(t, (message) => {
    seen.push(message.err, headersOf(message));
    rd_kafka_message_set_headers(message, listOf(others));
    seen.push(headersOf(message));
  });

  const carried = CARRIED.map((pair) => RD_KAFKA_V_HEADER(...pair));
  const err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC('t'), RD_KAFKA_V_VALUE('v'), ...carried);
  const flushed = rd_kafka_flush(rk, 45_000);

  expect([err, flushed]).toEqual([0, 0]);
  expect(seen).toEqual([RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, CARRIED, others]);
}
