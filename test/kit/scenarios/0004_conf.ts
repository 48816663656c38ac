// 0004: configuration set, read back, copied and dumped; what rd_kafka_new refuses; default topic conf. Needs no broker.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_CONF_INVALID,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PRODUCER,
  rd_kafka_conf,
  rd_kafka_conf_dump,
  rd_kafka_conf_dup,
  rd_kafka_conf_get,
  rd_kafka_conf_get_default_topic_conf,
  rd_kafka_conf_new,
  rd_kafka_conf_set,
  rd_kafka_conf_set_default_topic_conf,
  rd_kafka_conf_set_dr_cb,
  rd_kafka_conf_set_error_cb,
  rd_kafka_conf_set_log_cb,
  type rd_kafka_conf_t,
  rd_kafka_destroy,
  rd_kafka_new,
  rd_kafka_topic_conf_dump,
  rd_kafka_topic_conf_dup,
  rd_kafka_topic_conf_get,
  rd_kafka_topic_conf_new,
  rd_kafka_topic_conf_set,
  rd_kafka_topic_conf_set_opaque,
  rd_kafka_topic_conf_set_partitioner_cb,
  type rd_kafka_topic_conf_t,
  rd_kafka_topic_destroy,
  rd_kafka_topic_new,
} from '../../../src/rdkafka.ts';
import { aHandle } from '../builders.ts';

export type Pairs = readonly (readonly [string, string])[];

const GLOBAL: Pairs = [
  ['message.max.bytes', '12345'],
  ['client.id', 'my id'],
  ['debug', 'topic,metadata,interceptor'],
  ['topic.blacklist', '__.*'],
  ['compression.codec', 'gzip'],
  ['client.dns.lookup', 'resolve_canonical_bootstrap_servers_only'],
];
const TOPIC: Pairs = [
  ['request.required.acks', '-1'],
  ['auto.commit.enable', 'false'],
  ['auto.offset.reset', 'error'],
  ['offset.store.path', 'my/path'],
];

/** A conf of these properties that logs nothing. */
export function confOf(pairs: Pairs = []): rd_kafka_conf_t {
  const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, null);
  for (const [name, value] of pairs) set(conf, name, value);
  return conf;
}

function set(conf: rd_kafka_conf_t, name: string, value: string | null): void {
  const errstr = out('');
  expect(rd_kafka_conf_set(conf, name, value, errstr), errstr.value).toBe(RD_KAFKA_CONF_OK);
}

function topicConfOf(pairs: Pairs): rd_kafka_topic_conf_t {
  const conf = rd_kafka_topic_conf_new();
  for (const [name, value] of pairs) expect(rd_kafka_topic_conf_set(conf, name, value)).toBe(RD_KAFKA_CONF_OK);
  return conf;
}

export function get(conf: rd_kafka_conf_t, name: string): string {
  const dest = out<string>();
  expect(rd_kafka_conf_get(conf, name, dest)).toBe(RD_KAFKA_CONF_OK);
  return dest.value;
}

function getTopic(conf: rd_kafka_topic_conf_t, name: string): string {
  const dest = out<string>();
  expect(rd_kafka_topic_conf_get(conf, name, dest)).toBe(RD_KAFKA_CONF_OK);
  return dest.value;
}

/** What a dump says of these names. */
function picked(dump: readonly string[], wanted: Pairs): Pairs {
  return wanted.map(([name]) => [name, dump[dump.indexOf(name) + 1]!] as const);
}

/** rd_kafka_new with what it said. */
function tryNew(conf: rd_kafka_conf_t): { ok: boolean; errstr: string } {
  const errstr = out('');
  const rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr);
  if (rk !== null) rd_kafka_destroy(rk);
  return { ok: rk !== null, errstr: errstr.value };
}

export function dumpsOfCopies(): void {
  // A property of topics: read through the conf, and dumped with its topic conf only.
  const conf = confOf([...GLOBAL, ['auto.offset.reset', 'earliest']]);
  rd_kafka_conf_set_dr_cb(conf, () => {});
  rd_kafka_conf_set_error_cb(conf, () => {});
  const topicConf = topicConfOf(TOPIC);
  rd_kafka_topic_conf_set_partitioner_cb(topicConf, () => 0);
  rd_kafka_topic_conf_set_opaque(topicConf, 0xbeef);

  const dump = rd_kafka_conf_dump(conf);
  const copied = rd_kafka_conf_dump(rd_kafka_conf_dup(conf));
  const topicDump = rd_kafka_topic_conf_dump(topicConf);
  const topicCopied = rd_kafka_topic_conf_dump(rd_kafka_topic_conf_dup(topicConf));

  expect(picked(dump, GLOBAL)).toEqual(GLOBAL);
  expect(get(conf, 'auto.offset.reset')).toBe('smallest');
  expect(dump).not.toContain('auto.offset.reset');
  expect(copied).toEqual(dump);
  expect(picked(topicDump, TOPIC)).toEqual(TOPIC);
  expect(topicCopied).toEqual(topicDump);
}

export function handlesOfCopies(t: TestContext): void {
  const conf = confOf(GLOBAL);
  const topicConf = topicConfOf(TOPIC);
  const pairs = [
    [conf, topicConf],
    [rd_kafka_conf_dup(conf), rd_kafka_topic_conf_dup(topicConf)],
  ] as const;

  for (const [own, ownTopic] of pairs) {
    const rk = aHandle(t, RD_KAFKA_PRODUCER, own);
    const rkt = rd_kafka_topic_new(rk, 'copies', ownTopic);
    expect(rkt).not.toBe(null);
    rd_kafka_topic_destroy(rkt!);
  }
}

/** Each value of `debug` set after the other, and what it then is. */
export function debugContextsAddUp(): void {
  const conf = confOf();
  const steps: Pairs = [
    ['generic,broker,queue,cgrp', 'generic,broker,queue,cgrp'],
    ['-broker,+queue,topic', 'generic,topic,queue,cgrp'],
    ['-all,security,-fetch,+metadata', 'metadata,security'],
  ];

  const seen = steps.map(([value]) => {
    set(conf, 'debug', value);
    return [value, get(conf, 'debug')];
  });

  expect(seen).toEqual(steps);
}

export function wrongContextIsNamed(): void {
  const errstr = out('');

  const result = rd_kafka_conf_set(confOf(), 'debug', 'cgrp,invalid-value,topic', errstr);

  expect(result).toBe(RD_KAFKA_CONF_INVALID);
  expect(errstr.value).toContain('invalid-value');
  expect(errstr.value).not.toMatch(/cgrp|topic/);
}

/** [property, value, value read back or null where it is refused, of the topic] */
const CANONICAL: readonly (readonly [string, string, string | null, boolean])[] = [
  ['request.required.acks', '0', '0', true],
  ['request.required.acks', '-1', '-1', true],
  ['request.required.acks', '1', '1', true],
  ['acks', '3', '3', true],
  ['request.required.acks', '393', '393', true],
  ['request.required.acks', 'bad', null, true],
  ['request.required.acks', 'all', '-1', true],
  ['request.required.acks', 'all', '-1', false],
  ['acks', '0', '0', true],
  ['sasl.mechanisms', 'GSSAPI', 'GSSAPI', false],
  ['sasl.mechanisms', 'PLAIN', 'PLAIN', false],
  ['sasl.mechanisms', 'GSSAPI,PLAIN', null, false],
  ['sasl.mechanisms', '', null, false],
  ['linger.ms', '12555.3', '12555.3', false],
  ['linger.ms', '1500.000', '1500', false],
  ['linger.ms', '0.0001', '0.0001', false],
];

export function canonicalValues(): void {
  const conf = confOf();
  const topicConf = rd_kafka_topic_conf_new();

  const seen = CANONICAL.map(([name, value, , ofTopic]) => {
    const result = ofTopic
      ? rd_kafka_topic_conf_set(topicConf, name, value)
      : rd_kafka_conf_set(conf, name, value, null);
    const read = ofTopic ? getTopic(topicConf, name) : get(conf, name);
    return [name, value, result === RD_KAFKA_CONF_OK ? read : null, ofTopic];
  });

  expect(seen).toEqual(CANONICAL);
}

export function refusedByNew(pairs: Pairs): string {
  const { ok, errstr } = tryNew(confOf(pairs));
  expect(ok, 'rd_kafka_new').toBe(false);
  return errstr;
}

export function confSurvivesRefusal(): void {
  const conf = confOf([['partition.assignment.strategy', 'range,thiswillfail']]);

  const refused = tryNew(conf);
  set(conf, 'partition.assignment.strategy', null);
  const corrected = tryNew(conf);

  expect([refused.ok, corrected.ok]).toEqual([false, true]);
}

/** Properties of Java, and of our insides. */
export function foreignProperties(): void {
  const names = ['ssl.truststore.location', 'sasl.jaas.config', 'interceptors'];

  const seen = names.map((name) => {
    const errstr = out('');
    return { result: rd_kafka_conf_set(confOf(), name, 'abc', errstr), text: errstr.value };
  });

  expect(seen.map(({ result }) => result)).toEqual(names.map(() => RD_KAFKA_CONF_INVALID));
  expect(seen[0]!.text).toContain('http');
  expect(seen[1]!.text).toContain('http');
}

/** What an idempotent producer takes as default topic conf, and for a topic of its own. */
export function idempotenceRules(t: TestContext): void {
  const rules: readonly (readonly [string, string, boolean])[] = [
    ['acks', '1', false],
    ['acks', 'all', true],
    ['queuing.strategy', 'lifo', false],
  ];
  for (const [name, value, ok] of rules) {
    const idempotent: Pairs = [['enable.idempotence', 'true']];
    const rk = aHandle(t, RD_KAFKA_PRODUCER, confOf(idempotent));

    const asDefault = tryNew(confOf([...idempotent, [name, value]])).ok;
    const ofTopic = rd_kafka_topic_new(rk, 'mytopic', topicConfOf([[name, value]])) !== null;

    expect([name, value, asDefault, ofTopic]).toEqual([name, value, ok, ok]);
  }
}

export function confOfHandle(t: TestContext): void {
  const wanted: Pairs = [
    ['linger.ms', '123'],
    ['group.id', 'test1'],
    ['enable.auto.commit', 'false'],
  ];
  const rk = aHandle(t, RD_KAFKA_CONSUMER, confOf(wanted));

  const seen = wanted.map(([name]) => [name, get(rd_kafka_conf(rk), name)]);

  expect(seen).toEqual(wanted);
}

export function defaultTopicConf(): void {
  const conf = confOf([['message.timeout.ms', '1234']]);
  const topicConf = rd_kafka_conf_get_default_topic_conf(conf)!;

  const before = [get(conf, 'message.timeout.ms'), getTopic(topicConf, 'message.timeout.ms')];
  expect(rd_kafka_topic_conf_set(topicConf, 'message.timeout.ms', '4444')).toBe(RD_KAFKA_CONF_OK);
  const after = [get(conf, 'message.timeout.ms'), getTopic(topicConf, 'message.timeout.ms')];

  expect([before, after]).toEqual([
    ['1234', '1234'],
    ['4444', '4444'],
  ]);
}

/** linger.ms, message.timeout.ms ('-': not set), and whether rd_kafka_new takes them. */
export function lingerFitsTimeout(): void {
  const rules: readonly (readonly [string, string, boolean])[] = [
    ['-', '-', true],
    ['100', '-', true],
    ['-', '300000', true],
    ['100', '300000', true],
    ['500000', '-', false],
    ['-', '10', true],
    ['500000', '10', false],
  ];

  const seen = rules.map(([linger, timeout]) => {
    const conf = confOf(linger === '-' ? [] : [['linger.ms', linger]]);
    rd_kafka_conf_set_default_topic_conf(conf, topicConfOf(timeout === '-' ? [] : [['message.timeout.ms', timeout]]));
    return [linger, timeout, tryNew(conf).ok];
  });

  expect(seen).toEqual(rules);
}
