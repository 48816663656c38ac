// producer_new and consumer_new: clients from an object of typed properties and hooks.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { registry } from '../../../src/app/registry.ts';
import { WORKER_HASH, WORKER_TEXT } from '../../../src/app/worker_text.generated.ts';
import * as rk from '../../../src/index.ts';
import { aCluster } from '../../kit/builders.ts';
import { aNewConsumer, aNewProducer, kafkaError } from '../../kit/clients.ts';
import { PROTOCOLS, subscribed } from '../../kit/scenarios/promise/clients.ts';
import { until } from '../../kit/until.ts';

/** What it throws; a client that comes about is ended, and no answer. */
function thrown(make: () => rk.rd_kafka_t): Error {
  try {
    make()[Symbol.dispose]();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('the configuration', () => {
  test('is checked at compile time: names and types of values', () => {
    const never = (): void => {
      // @ts-expect-error a name that is not there
      rk.producer_new({ 'bootstrap.server': 'a' });
      // @ts-expect-error a number wanted
      rk.producer_new({ 'linger.ms': true });
      // @ts-expect-error one of some words
      rk.producer_new({ 'compression.codec': 'rar' });
      // @ts-expect-error a consumer's hook
      rk.producer_new({ on_assigned: () => {} });
      // @ts-expect-error topics are a consumer's
      rk.producer_new({ topics: ['a'] });
      // @ts-expect-error a list of names
      rk.consumer_new({ 'group.id': 'g', topics: 'a' });
      // @ts-expect-error what it is told is a KafkaError
      rk.consumer_new({ error_cb: (error: string) => error });
      rk.consumer_new({
        'group.id': 'g',
        'enable.auto.commit': false,
        'bootstrap.servers': 'a',
        topics: ['a', /b/],
        on_assigned: async () => {},
        on_revoked: () => {},
      });
    };

    expect(never).toBeTypeOf('function');
  });

  test('takes numbers, booleans and words as they are, and has them', (t) => {
    const conf = { 'linger.ms': 7, 'enable.idempotence': true, acks: 'all', 'client.id': 'mine' } as const;
    const { rk: handle } = aNewProducer(t, conf);

    const dump = new Map<string, string>();
    const flat = rk.conf_dump(rk.conf(handle));
    for (let i = 0; i < flat.length; i += 2) dump.set(flat[i]!, flat[i + 1]!);

    expect(dump.get('queue.buffering.max.ms')).toBe('7');
    expect(dump.get('enable.idempotence')).toBe('true');
    expect(rk.name(handle)).toMatch(/^mine#producer-/);
  });

  test('what is undefined is left out', (t) => {
    aNewProducer(t, { 'linger.ms': undefined, 'client.id': undefined } as never);
  });

  for (const [name, value] of [
    ['no.such.property', 1],
    ['linger.ms', 'soon'],
    ['linger.ms', -5],
    ['compression.codec', 'rar'],
    ['acks', 'some'],
  ] as const)
    test(`a KafkaError says what conf_set says of ${name}=${value}, and nothing is left`, () => {
      const errstr = rk.out('');
      const conf = rk.conf_new();
      expect(rk.conf_set(conf, name, `${value}`, errstr)).not.toBe(rk.RD_KAFKA_CONF_OK);
      const before = registry().handles.size;

      const error = thrown(() => rk.producer_new({ [name]: value } as never));

      expect(error).toBeInstanceOf(rk.KafkaError);
      expect(error.message).toBe(errstr.value);
      expect((error as rk.KafkaError).code).toBe(rk.RD_KAFKA_RESP_ERR__INVALID_ARG);
      expect(registry().handles.size).toBe(before);
    });

  test('rules between properties are those of new', () => {
    const error = thrown(() => rk.producer_new({ 'enable.idempotence': true, acks: 1 }));

    expect(error).toBeInstanceOf(rk.KafkaError);
    expect(error.message).toContain('acks');
  });

  test('what is of a wrong type is a TypeError that names it', () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [null, /^producer_new: conf must be an object of properties/],
      [undefined, /^producer_new: conf must be/],
      ['linger.ms=1', /^producer_new: conf must be/],
      [{ 'linger.ms': {} }, /^producer_new: conf\['linger.ms'\] must be/],
      [{ error_cb: 'x' }, /^producer_new: conf.error_cb must be/],
      [{ log_cb: 5 }, /^producer_new: conf.log_cb must be/],
      [{ stats_cb: {} }, /^producer_new: conf.stats_cb must be/],
      [{ token: 'abc' }, /^producer_new: conf.token must be/],
      [{ worker_url: 5 }, /^producer_new: conf.worker_url must be/],
      [{ on_assigned: () => {} }, /^producer_new: conf\['on_assigned'\] must be/],
      [{ dr_msg_cb: () => {} }, /^producer_new: conf\['dr_msg_cb'\] must be/],
    ];
    for (const [conf, text] of wrong) {
      const error = thrown(() => rk.producer_new(conf as never));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(text);
    }
    for (const conf of [null, undefined, 5, { on_revoked: 'x' }, { on_stalled: 1 }, { topics: 'a' }, { topics: [5] }]) {
      const error = thrown(() => rk.consumer_new(conf as never));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/^consumer_new: conf/);
    }
    expect(registry().handles.size).toBe(0);
  });
});

describe('topics', () => {
  for (const [what, topics] of [
    ['an empty list', []],
    ['an empty name', ['a', '']],
    ['a pattern that is none', ['^a[']],
  ] as const)
    test(`${what} is refused, and leaves no handle behind`, () => {
      const error = thrown(() => rk.consumer_new({ 'group.id': 'g', topics }));

      expect(error).toBeInstanceOf(rk.KafkaError);
      expect(error).toMatchObject({ code: rk.RD_KAFKA_RESP_ERR__INVALID_ARG });
      expect(error.message).toMatch(/^consumer_new: conf\.topics can't be subscribed to/);
      expect(registry().handles.size).toBe(0);
    });

  test('without group.id nothing can be subscribed to', () => {
    const error = thrown(() => rk.consumer_new({ topics: ['a'] }));

    expect(error).toMatchObject({ code: rk.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP });
    expect(registry().handles.size).toBe(0);
  });

  for (const protocol of PROTOCOLS)
    test(`names, patterns and regular expressions are subscribed to at once (${protocol})`, async (t) => {
      await subscribed(t, aCluster(t), protocol);
    });
});

describe('hooks', () => {
  test('error_cb is told a KafkaError', async (t) => {
    const { errors } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });

    await until(() => errors.length > 0);

    expect(errors[0]).toBeInstanceOf(rk.KafkaError);
    expect(['_TRANSPORT', '_ALL_BROKERS_DOWN']).toContain(errors[0]!.type);
    expect(errors[0]!.fatal).toBe(false);
  });

  test('error_cb is told a fatal error with its own code', async (t) => {
    const { rk: handle, errors } = aNewProducer(t, {});

    rk.test_fatal_error(handle, rk.RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, 'mine');
    await until(() => errors.some(({ fatal }) => fatal));

    expect(errors.find(({ fatal }) => fatal)).toMatchObject({ type: 'UNKNOWN_PRODUCER_ID' });
    expect(errors.find(({ fatal }) => fatal)!.message).toContain('mine');
  });

  test('log_cb is told level, facility and text', async (t) => {
    const { logs } = aNewConsumer(t, { debug: 'all' });

    await until(() => logs.length > 0);

    expect(logs[0]).toMatch(/^[0-7] [A-Z_]+ .+/);
  });

  for (const hook of ['stats_cb', 'token'] as const)
    test(`${hook} has no effect yet, and a warning says so`, async (t) => {
      const { logs } = aNewProducer(t, { [hook]: () => {} } as never);

      await until(() => logs.some((line) => line.startsWith('4 CONFWARN')));

      const name = hook === 'token' ? 'oauthbearer_token_refresh_cb' : hook;
      expect(logs.filter((line) => line.startsWith('4 CONFWARN')).join('\n')).toContain(name);
    });

  test('no hook is needed', (t) => {
    const conf = { log_cb: undefined, error_cb: undefined, on_assigned: undefined, topics: undefined };
    aNewConsumer(t, conf as never);
  });
});

describe('worker_url', () => {
  test('names a file, as text or as URL, that is run in place of the worker inside the library', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'worker-'));
    t.onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'worker.cjs');
    const mark = join(folder, 'ran');
    writeFileSync(file, `require('node:fs').appendFileSync(${JSON.stringify(mark)}, 'x');\n${WORKER_TEXT}`);
    expect(WORKER_TEXT).toContain(WORKER_HASH);
    for (const worker_url of [file, pathToFileURL(file), pathToFileURL(file).href]) {
      const handle = rk.producer_new({ ...({ 'test.mock.num.brokers': 1 } as object), log_cb: () => {}, worker_url });
      expect((await rk.produce_async(handle, { topic: 't' })).offset).toBe(0);
      await rk.close_async(handle);
    }
    const { statSync } = await import('node:fs');

    expect(statSync(mark).size).toBeGreaterThanOrEqual(6);
  });

  for (const [what, contents, text] of [
    ['is not there', null, /did not start.*(Cannot find module|no such file)/s],
    ['is of another build', 'other', /not from the same build/],
    ['is none', 'throw new Error("mine")', /did not start.*mine/s],
  ] as const)
    test(`a file that ${what}: each promise says so`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'worker-'));
      t.onTestFinished(() => rmSync(folder, { recursive: true }));
      const file = join(folder, 'worker.cjs');
      if (contents !== null)
        writeFileSync(
          file,
          contents === 'other' ? WORKER_TEXT.replaceAll(WORKER_HASH, '0'.repeat(WORKER_HASH.length)) : contents,
        );
      const { rk: handle, errors } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1', worker_url: file });

      const pending = kafkaError(rk.produce_async(handle, { topic: 't' }));
      const [error] = [await pending];
      const late = await kafkaError(rk.produce_async(handle, { topic: 't' }));
      await until(() => errors.some(({ fatal }) => fatal));

      expect(error.type).toMatch(/^_FATAL|_CRIT_SYS_RESOURCE$/);
      expect(error.message).toMatch(text);
      expect(late).toMatchObject({ type: '_CRIT_SYS_RESOURCE', fatal: true });
      expect(late.message).toMatch(text);
      expect(errors.find(({ fatal }) => fatal)!.message).toMatch(text);
      expect(await rk.close_async(handle)).toEqual({ undelivered: 0, uncommitted: [] });
    });
});
