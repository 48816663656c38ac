// For each C type of a parameter: values that are fine, and values that are not and how they have to end. A new type is
// added to MAKERS. @thread app
import { readFileSync } from 'node:fs';
import * as k from '../../src/rdkafka.ts';
import * as mock from '../../src/rdkafka_mock.ts';
import type { FunctionRow, Param } from '../header_rules.ts';

/** type: TypeError | range: RangeError | gone: ERR_RDKAFKA_DESTROYED | fine: no such error, perhaps a code */
export type Verdict = 'type' | 'range' | 'gone' | 'fine';

export interface Case {
  readonly what: string;
  readonly value: unknown;
  readonly verdict: Verdict;
}

/** What all cases share. */
export interface World {
  readonly producer: k.rd_kafka_t;
  readonly consumer: k.rd_kafka_t;
  /** Without a group; it consumes partition 0 of `misuse`. */
  readonly simple: k.rd_kafka_t;
  readonly event: k.rd_kafka_event_t;
  readonly destroyedEvent: k.rd_kafka_event_t;
  readonly destroyedHandle: k.rd_kafka_t;
  readonly mock: mock.rd_kafka_mock_cluster_t;
  readonly destroyedMock: mock.rd_kafka_mock_cluster_t;
}

/** By brand: makes a living one, and a destroyed one. */
const MAKERS: Readonly<Record<string, (world: World, fn: string, dead: boolean) => unknown>> = {
  rd_kafka_t: ({ producer, consumer, destroyedHandle }, fn, dead) => {
    const isConsumers =
      /^(subscri|unsubscribe|consumer|assign|incremental|commit|position|poll_set|rebalance|memberid|seek|offsets_store|pause|resume)/;
    return dead ? destroyedHandle : isConsumers.test(fn) ? consumer : producer;
  },
  rd_kafka_conf_t: (_world, _fn, dead) => ended(k.rd_kafka_conf_new(), k.rd_kafka_conf_destroy, dead),
  rd_kafka_topic_conf_t: (_world, _fn, dead) => ended(k.rd_kafka_topic_conf_new(), k.rd_kafka_topic_conf_destroy, dead),
  rd_kafka_topic_t: ({ producer, simple }, fn, dead) => {
    const rk = /^(consume|seek)/.test(fn) ? simple : producer;
    if (!dead) return k.rd_kafka_topic_new(rk, 'misuse', null);
    return ended(k.rd_kafka_topic_new(rk, 'misuse-destroyed', null)!, k.rd_kafka_topic_destroy, true);
  },
  rd_kafka_queue_t: ({ simple }, _fn, dead) => ended(k.rd_kafka_queue_new(simple), k.rd_kafka_queue_destroy, dead),
  rd_kafka_event_t: ({ event, destroyedEvent }, _fn, dead) => (dead ? destroyedEvent : event),
  rd_kafka_topic_partition_list_t: (_world, _fn, dead) => {
    const list = k.rd_kafka_topic_partition_list_new(1);
    k.rd_kafka_topic_partition_list_add(list, 'misuse', 0);
    return ended(list, k.rd_kafka_topic_partition_list_destroy, dead);
  },
  rd_kafka_topic_partition_t: (_world, _fn, dead) => {
    const list = k.rd_kafka_topic_partition_list_new(1);
    return ended(k.rd_kafka_topic_partition_list_add(list, 'misuse', 0), k.rd_kafka_topic_partition_destroy, dead);
  },
  rd_kafka_headers_t: (_world, _fn, dead) => ended(k.rd_kafka_headers_new(1), k.rd_kafka_headers_destroy, dead),
  rd_kafka_Uuid_t: (_world, _fn, dead) => ended(k.rd_kafka_Uuid_new(1n, 2n), k.rd_kafka_Uuid_destroy, dead),
  rd_kafka_error_t: (_world, _fn, dead) => ended(k.rd_kafka_error_new(-1, 'text'), k.rd_kafka_error_destroy, dead),
  // An error in a message's place: what a consumer without group gets.
  rd_kafka_message_t: ({ producer }, _fn, dead) =>
    ended(k.rd_kafka_consumer_poll(producer, 0)!, k.rd_kafka_message_destroy, dead),
  rd_kafka_metadata: ({ producer }, _fn, dead) => {
    const metadata = k.out<k.rd_kafka_metadata_t>();
    k.rd_kafka_metadata(producer, 0, null, metadata, 15_000);
    return ended(metadata.value, k.rd_kafka_metadata_destroy, dead);
  },
  rd_kafka_group_list: ({ producer }, _fn, dead) => {
    const list = k.out<k.rd_kafka_group_list>();
    k.rd_kafka_list_groups(producer, null, list, 15_000);
    return ended(list.value, k.rd_kafka_group_list_destroy, dead);
  },
  rd_kafka_consumer_group_metadata_t: (_world, _fn, dead) =>
    ended(k.rd_kafka_consumer_group_metadata_new('misuse'), k.rd_kafka_consumer_group_metadata_destroy, dead),
  rd_kafka_mock_cgrp_consumer_target_assignment_t: (_world, _fn, dead) =>
    ended(
      mock.rd_kafka_mock_cgrp_consumer_target_assignment_new([], []),
      mock.rd_kafka_mock_cgrp_consumer_target_assignment_destroy,
      dead,
    ),
  rd_kafka_mock_cluster_t: ({ mock, destroyedMock }, _fn, dead) => (dead ? destroyedMock : mock),
  rd_kafka_mock_request_t: ({ mock: cluster }, _fn, dead) =>
    ended(mock.rd_kafka_mock_get_requests(cluster)[0]!, mock.rd_kafka_mock_request_destroy, dead),
};

/** Nothing that exists makes one yet. */
const NOT_MADE_YET: ReadonlySet<string> = new Set(['rd_kafka_Node_t']);

function ended<T>(object: T, destroy: (object: T) => void, dead: boolean): T {
  if (dead) destroy(object);
  return object;
}

const ENUMS: ReadonlySet<string> = new Set(
  readFileSync(new URL('../../reference/constants.tsv', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([kind]) => kind === 'enum')
    .map(([, group]) => group as string),
);

const HUGE = 2 ** 53;
const bad = (what: string, value: unknown, verdict: Verdict = 'type'): Case => ({ what, value, verdict });
const isNull = (verdict: Verdict): Case[] => [bad('null', null, verdict), bad('undefined', undefined, verdict)];
const NUMBERS: readonly Case[] = [bad('42', 42), bad('NaN', Number.NaN), bad('2^53', HUGE)];
const NOT_A_NUMBER: readonly Case[] = [bad("'x'", 'x'), bad('{}', {})];
const OUT_OF_RANGE: readonly Case[] = [
  bad('NaN', Number.NaN, 'range'),
  bad('2^53', HUGE, 'range'),
  bad('1.5', 1.5, 'range'),
  bad('Infinity', Number.POSITIVE_INFINITY, 'range'),
];

/** What a twin takes last: only what is wrong, since with what is right destroy_async would destroy. */
const OPTIONS: readonly Case[] = [
  bad('null', null),
  bad('42', 42),
  bad("'x'", 'x'),
  bad('[]', []),
  bad('a signal', new AbortController().signal),
  bad('{ timeout_ms: 1 }', { timeout_ms: 1 }),
  bad('{ signal: null }', { signal: null }),
  bad('{ signal: 42 }', { signal: 42 }),
  bad('{ signal: {} }', { signal: {} }),
];

/** Every wrong value of this parameter, and those that are right though they look wrong. Throws for a type it does not know. */
export function casesOf(world: World, fn: string, param: Param): readonly Case[] {
  let type = param.type ?? 'any';
  let none: Verdict = param.optional ? 'fine' : 'type';
  if (type.startsWith('MaybeNull<')) {
    type = type.slice('MaybeNull<'.length, -1);
    none = 'fine';
  }
  if (type.endsWith(' | null')) {
    type = type.slice(0, -' | null'.length);
    none = 'fine';
  }
  if (type === 'any') return [];
  if (param.name === 'o') return OPTIONS;
  const maker = MAKERS[type];
  if (maker !== undefined) return [...isNull(none), ...NUMBERS, ...NOT_A_NUMBER, ...others(world, fn, type, maker)];
  if (NOT_MADE_YET.has(type)) return [...isNull(none), ...NUMBERS, ...NOT_A_NUMBER];
  // Without its timeout a call waits for ever.
  if (ENUMS.has(type) || type === 'number')
    return [
      ...numberNull(none).slice(0, param.name === 'timeout_ms' && param.optional ? 1 : 2),
      ...NOT_A_NUMBER,
      ...OUT_OF_RANGE,
    ];
  return plainCases(world, fn, type, none) ?? unknownType(fn, param);
}

function unknownType(fn: string, { name, type }: Param): never {
  throw new Error(`${fn}: ${name} is ${type}: tell test/kit/misuse_values.ts what is wrong for it`);
}

/** Of a rest parameter: what one argument of it may not be. */
export function restCasesOf(param: Param): readonly Case[] {
  if (param.type !== 'number[]' && !ENUMS.has((param.type ?? '').replace('[]', '')))
    return [bad('null', null), bad('undefined', undefined), ...NUMBERS, bad("'x'", 'x')];
  return [bad('null', null), bad('undefined', undefined), ...NOT_A_NUMBER, ...OUT_OF_RANGE];
}

/** An optional number is left out, not null. */
function numberNull(none: Verdict): Case[] {
  return [bad('null', null), bad('undefined', undefined, none)];
}

function others(world: World, fn: string, type: string, maker: (typeof MAKERS)[string]): Case[] {
  const stranger = type === 'rd_kafka_conf_t' ? k.rd_kafka_headers_new(0) : k.rd_kafka_conf_new();
  return [bad('an object of another type', stranger), bad('destroyed', maker(world, fn, true), 'gone')];
}

/** What is in their array is overwritten. */
const LENT: ReadonlySet<string> = new Set(['consume_batch', 'consume_batch_queue', 'event_message_array']);

function plainCases(world: World, fn: string, type: string, none: Verdict): Case[] | null {
  if (type === 'string') return [...isNull(none), ...NUMBERS, bad('{}', {}), bad('a string with NUL', 'a\0b')];
  if (type === 'boolean') return [...isNull('type'), ...NOT_A_NUMBER, ...OUT_OF_RANGE];
  if (type === 'boolean | number') return [...isNull('type'), ...NOT_A_NUMBER, ...OUT_OF_RANGE];
  if (type === 'bigint') return [...isNull('type'), ...NUMBERS, ...NOT_A_NUMBER, bad('2^64', 2n ** 64n, 'range')];
  if (type === 'Bytes')
    return [...isNull('fine'), ...NUMBERS, bad('{}', {}), bad('[1]', [1]), bad('an Uint16Array', new Uint16Array(2))];
  if (type.startsWith('Out<')) return [...isNull('fine'), ...NUMBERS, bad("'x'", 'x')];
  if (/(Cb|Cmp)$/.test(type)) return [...isNull(none), ...NUMBERS, ...NOT_A_NUMBER];
  if (type === '{ write(text: string): unknown }') return [...isNull('type'), ...NUMBERS, ...NOT_A_NUMBER];
  if (/^TopicPartitions(ToFill)?$/.test(type)) return listCases(world, fn, type, none);
  const element = /^(?:readonly )?\(?(.+?)\)?\[\]$/.exec(type)?.[1];
  if (element === undefined) return null;
  const items =
    element === 'number' || ENUMS.has(element) ? [bad('[NaN]', [Number.NaN], 'range')] : [bad('[42]', [42])];
  const lists = [...isNull(none), ...NUMBERS, ...NOT_A_NUMBER];
  return LENT.has(fn) ? lists : [...lists, bad('[null]', [null]), ...items];
}

function listCases(world: World, fn: string, type: string, none: Verdict): Case[] {
  const destroyed = (MAKERS['rd_kafka_topic_partition_list_t'] as (typeof MAKERS)[string])(world, fn, true);
  return [
    ...isNull(none),
    ...NUMBERS,
    ...NOT_A_NUMBER,
    bad('destroyed', destroyed, 'gone'),
    bad('[42]', [42]),
    bad('[null]', [null]),
    bad('[{ topic: null }]', [{ topic: null }]),
    bad('[{ partition: NaN }]', [{ topic: 't', partition: Number.NaN }], 'range'),
    bad('[{ offset: 2^53 }]', [{ topic: 't', partition: 0, offset: HUGE }], 'range'),
    ...(type === 'TopicPartitionsToFill' ? [bad("['t']", ['t'])] : []),
  ];
}

const NUMBER_OF: Readonly<Record<string, number>> = {
  timeout_ms: 10,
  cnt: 1,
  partition_cnt: 1,
  num: 1,
  broker_cnt: 1,
  purge_flags: 1,
};

/** Arguments with which the function would do something harmless. */
export function validArguments(world: World, fn: string, params: readonly Param[]): unknown[] {
  const values: unknown[] = [];
  for (const param of params) {
    if (param.rest) values.push(...(param.type === 'number[]' ? (/rtts$/.test(fn) ? [0, 0] : [0]) : []));
    else values.push(validOne(world, fn, param));
  }
  return values;
}

function validOne(world: World, fn: string, param: Param): unknown {
  const type = (param.type ?? 'any').replace(/^MaybeNull<(.*)>$/, '$1').replace(/ \| null$/, '');
  const maker = MAKERS[type];
  if (maker !== undefined) return maker(world, fn, false);
  if (param.name === 'o') return undefined;
  if (type === 'number' || ENUMS.has(type)) return NUMBER_OF[param.name] ?? 0;
  if (type === 'boolean | number') return 0;
  if (type === 'string') return 'misuse';
  if (type === 'bigint') return 1n;
  if (type.startsWith('Out<')) return {};
  if (/^TopicPartitions/.test(type)) return [{ topic: 'misuse', partition: 0 }];
  if (type.startsWith('{ write')) return { write: () => {} };
  return type.endsWith('[]') ? [] : null;
}

/** Every public function of the two headers that exists: name without prefix, row, function. */
export function publicFunctions(rows: readonly FunctionRow[]): { name: string; row: FunctionRow; call: Call }[] {
  const doors: Record<string, unknown> = { ...k, ...mock };
  return rows.flatMap((row) =>
    [row.name, `${row.name}_async`].flatMap((full) => {
      const call = doors[full];
      return typeof call === 'function' ? [{ name: full.replace('rd_kafka_', ''), row, call: call as Call }] : [];
    }),
  );
}

export type Call = (...args: unknown[]) => unknown;
