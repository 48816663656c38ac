// Every public function, each parameter in turn null, of the wrong type, NaN, 2^53, destroyed: it ends as api.md's rules
// 5 and 6 say, nothing has happened, and the handle still delivers a message.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KafkaError } from '../../src/defs/kafka_error.ts';
import * as k from '../../src/rdkafka.ts';
import * as mock from '../../src/rdkafka_mock.ts';
import { type FunctionRow, type Param, signatureOf, twinOf } from '../header_rules.ts';
import {
  type Call,
  type Case,
  casesOf,
  publicFunctions,
  restCasesOf,
  validArguments,
  type World,
} from '../kit/misuse_values.ts';

const functions = publicFunctions(table());

let world: World;
let reports = 0;

beforeAll(() => {
  const base = handle(k.RD_KAFKA_PRODUCER, {});
  const cluster = mock.rd_kafka_mock_cluster_new(base, 1)!;
  mock.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
  mock.rd_kafka_mock_start_request_tracking(cluster);
  const bootstrap = { 'bootstrap.servers': mock.rd_kafka_mock_cluster_bootstraps(cluster) };
  const destroyedMock = mock.rd_kafka_mock_cluster_new(base, 1)!;
  mock.rd_kafka_mock_cluster_destroy(destroyedMock);
  const destroyedHandle = handle(k.RD_KAFKA_PRODUCER, {});
  k.rd_kafka_destroy(destroyedHandle);
  const producer = handle(k.RD_KAFKA_PRODUCER, bootstrap);
  const simple = handle(k.RD_KAFKA_CONSUMER, bootstrap);
  const [event, destroyedEvent] = events(producer, simple);
  k.rd_kafka_event_destroy(destroyedEvent);
  world = {
    producer,
    simple,
    event,
    destroyedEvent,
    consumer: handle(k.RD_KAFKA_CONSUMER, { ...bootstrap, 'group.id': 'misuse', 'auto.offset.reset': 'earliest' }),
    destroyedHandle,
    mock: cluster,
    destroyedMock,
  };
  deliver();
});

afterAll(() => {
  const base = mock.rd_kafka_mock_cluster_handle(world.mock);
  for (const rk of [world.consumer, world.simple, world.producer, base]) rk[Symbol.dispose]();
});

function handle(type: 0 | 1, properties: Record<string, string>): k.rd_kafka_t {
  const conf = k.rd_kafka_conf_new();
  for (const [name, value] of Object.entries({ log_level: '0', ...properties })) k.rd_kafka_conf_set(conf, name, value);
  if (properties['group.id'] === undefined) k.rd_kafka_conf_set_consume_cb(conf, () => {});
  if (type === k.RD_KAFKA_PRODUCER)
    k.rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => {
      if (message.err === 0) reports++;
    });
  return k.rd_kafka_new(type, conf)!;
}

/** Two events that a simple consumer is left with, fetching. */
function events(producer: k.rd_kafka_t, simple: k.rd_kafka_t): [k.rd_kafka_event_t, k.rd_kafka_event_t] {
  for (const value of ['a', 'b'])
    k.rd_kafka_producev(producer, k.RD_KAFKA_V_TOPIC('misuse'), k.RD_KAFKA_V_PARTITION(0), k.RD_KAFKA_V_VALUE(value));
  expect(k.rd_kafka_flush(producer, 15_000)).toBe(0);
  const queue = k.rd_kafka_queue_new(simple);
  k.rd_kafka_consume_start_queue(k.rd_kafka_topic_new(simple, 'misuse', null)!, 0, 0, queue);
  return [k.rd_kafka_queue_poll(queue, 15_000)!, k.rd_kafka_queue_poll(queue, 15_000)!];
}

function deliver(): void {
  // What looked wrong and was right may have been produced, too.
  expect(k.rd_kafka_flush(world.producer, 15_000)).toBe(0);
  const before = reports;
  expect(k.rd_kafka_producev(world.producer, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'))).toBe(0);
  expect(k.rd_kafka_flush(world.producer, 15_000)).toBe(0);
  expect(reports).toBe(before + 1);
}

/** What could have changed, as text. */
function stateOf(args: readonly unknown[]): string {
  const seen = args.map((arg) => {
    const type = (arg as { '~type'?: string } | null | undefined)?.['~type'];
    if (type === 'rd_kafka_conf_t') return gone(arg) ?? k.rd_kafka_conf_dump(arg as k.rd_kafka_conf_t);
    if (type === 'rd_kafka_topic_conf_t')
      return gone(arg) ?? k.rd_kafka_topic_conf_dump(arg as k.rd_kafka_topic_conf_t);
    if (type === 'rd_kafka_topic_partition_list_t')
      return (arg as k.rd_kafka_topic_partition_list_t).elems.map((each) => ({ ...each }));
    if (type === 'rd_kafka_headers_t') return (arg as { list: unknown }).list;
    return type !== undefined ? gone(arg) : typeof arg === 'bigint' || typeof arg === 'number' ? String(arg) : arg;
  });
  const subscription = k.out<k.rd_kafka_topic_partition_list_t>();
  k.rd_kafka_subscription(world.consumer, subscription);
  const { producer, consumer } = world;
  return JSON.stringify([
    seen,
    args.map((arg) => gone(arg)),
    k.rd_kafka_fatal_error(producer),
    k.rd_kafka_fatal_error(consumer),
    k.rd_kafka_consumer_closed(consumer),
    subscription.value?.elems.map(({ topic }) => topic),
    (producer as unknown as { limits: { messages: number } }).limits.messages,
  ]);
}

function gone(arg: unknown): string | null {
  return (arg as { '~gone'?: string } | null | undefined)?.['~gone'] || null;
}

/** null, or what is wrong with how the call ended. */
async function problemOf(name: string, call: Call, args: unknown[], param: Param, one: Case): Promise<string | null> {
  const before = one.verdict === 'fine' ? '' : stateOf(args);
  const { error, thrown, value } = await ending(name, call, args);
  if (one.verdict === 'fine') {
    if (error !== null && !(error instanceof KafkaError)) return `throws ${String(error)}`;
    const made = value as { '~type'?: string } | null | undefined;
    if (made?.['~type'] === 'rd_kafka_t' && /^new/.test(name)) (made as k.rd_kafka_t)[Symbol.dispose]();
    return null;
  }
  if (error === null) return 'throws nothing';
  if (thrown && name.endsWith('_async')) return 'throws and does not reject';
  const { code, message, name: kind } = error as { code?: string; message: string; name: string };
  if (kind !== (one.verdict === 'range' ? 'RangeError' : 'TypeError')) return `gives ${kind}: ${message}`;
  if ((code === 'ERR_RDKAFKA_DESTROYED') !== (one.verdict === 'gone')) return `has code ${code}: ${message}`;
  // `yield` is the only one with another name here.
  const names = [name, name.replace(/_async$/, ''), `${name}_`];
  if (!names.some((each) => message.startsWith(`${each}: `))) return `does not name the function: ${message}`;
  if (!param.rest && param.name !== '' && !message.includes(param.name))
    return `does not name the parameter: ${message}`;
  const after = stateOf(args);
  return before === after ? null : `something has happened: ${before} -> ${after}`;
}

async function ending(
  name: string,
  call: Call,
  args: unknown[],
): Promise<{ error: unknown; thrown: boolean; value: unknown }> {
  let value: unknown;
  try {
    value = call(...args);
  } catch (error) {
    return { error, thrown: true, value: null };
  }
  if (!name.endsWith('_async') || name === 'share_commit_async') return { error: null, thrown: false, value };
  return (value as Promise<unknown>).then(
    (value) => ({ error: null, thrown: false, value }),
    (error) => ({ error, thrown: false, value: null }),
  );
}

const checked = functions
  .map(({ name, row, call }) => {
    const fn = row.name.replace('rd_kafka_', '');
    return { name, fn, call, params: (name === fn ? signatureOf : twinOf)(row).params };
  })
  .filter(({ params }) => params.some((param) => param.type !== 'any'));

test.each(checked)('$name refuses what is wrong, and the handle delivers', async ({ name, fn, call, params }) => {
  const problems: string[] = [];

  for (const [i, param] of params.entries()) {
    for (const one of param.rest ? restCasesOf(param) : casesOf(world, fn, param)) {
      const args = validArguments(world, fn, params);
      args[i] = one.value;
      const problem = await problemOf(name, call, args, param, one);
      if (problem !== null) problems.push(`${param.name} ${one.what}: ${problem}`);
    }
  }

  expect(problems).toEqual([]);
  deliver();
});

const twins = checked.filter(({ params }) => params.at(-1)?.name === 'o');

test.each(twins)('$name does nothing when it is aborted before it begins', async ({ name, fn, call, params }) => {
  const args = validArguments(world, fn, params);
  const before = stateOf(args);
  args[params.length - 1] = { signal: AbortSignal.abort('enough') };

  const { error } = await ending(name, call, args);

  expect([error, stateOf(args.with(-1, undefined))]).toEqual(['enough', before]);
});

test('there are as many functions as the doors have', () => {
  expect(functions.length).toBeGreaterThan(200);
});

test('after all of it the consumer consumes', () => {
  const { consumer } = world;
  expect(k.rd_kafka_subscribe(consumer, ['t'])).toBe(0);

  let message: k.rd_kafka_message_t | null = null;
  for (let i = 0; i < 450 && message?.err !== 0; i++) message = k.rd_kafka_consumer_poll(consumer, 100);

  expect(message?.value?.toString()).toBe('x');
});

function table(): FunctionRow[] {
  const [head, ...lines] = readFileSync(new URL('../../reference/functions.tsv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  const columns = (head as string).split('\t').map((column) => column.replace(/\(.*/, ''));
  return lines.map((line) => {
    const cells = line.split('\t');
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])) as unknown as FunctionRow;
  });
}
