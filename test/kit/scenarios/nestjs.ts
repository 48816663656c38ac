// What the NestJS transport of examples/nestjs promises, on any cluster. @thread app
import { randomUUID } from 'node:crypto';
import { ClientKafka, RpcException, Transport } from '@nestjs/microservices';
import { EMPTY, firstValueFrom, lastValueFrom, of, Subject, toArray } from 'rxjs';
import { expect, type TestContext } from 'vitest';
import type { KafkaContext } from '../../../examples/nestjs/kafka_server.ts';
import { ordersClient, startOrders } from '../../../examples/nestjs/orders.ts';
import { aNestClient, aNestService, aService } from '../nest.ts';
import { createTopic, freshTopic } from '../topics.ts';
import { until } from '../until.ts';
import type { Env } from './env.ts';

const DEADLINE = { deadline_ms: 90_000 };

async function names(bootstrap: string) {
  const [requests, replies] = await Promise.all([freshTopic(bootstrap, 2), freshTopic(bootstrap, 2)]);
  return { requests, replies, group: `g-${randomUUID()}` };
}

/** Many at a time, of any value: each gets its own answer. */
export async function requestsAreAnswered(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { requests, replies, group } = await names(bootstrap);
  await aNestService(t, bootstrap, group, { requests: { [requests]: (data) => ({ got: data }) } });
  const clients = [0, 1].map(() => aNestClient(t, bootstrap, { reply_topic: replies, key: () => null }));
  const values = ['text', '12', 7, true, [1, null], { deep: { a: 'ü' } }, ...Array.from({ length: 100 }, (_, i) => i)];

  const answers = await Promise.all(
    values.map((value, i) => lastValueFrom(clients[i % 2]!.send(requests, value).pipe(toArray()))),
  );

  expect(answers).toEqual(values.map((value) => [{ got: value }]));
}

/** What a handler throws, and each value of its stream, in order; of an empty one only the end. */
export async function streamsAndErrors(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { requests, replies, group } = await names(bootstrap);
  const results: Readonly<Record<string, () => unknown>> = {
    many: () => of('a', { b: 1 }, null),
    none: () => EMPTY,
    error: () => {
      throw new RpcException({ code: 'OUT_OF_STOCK' });
    },
    hidden: () => Promise.reject(new Error('a secret')),
    nothing: () => undefined,
  };
  await aNestService(t, bootstrap, group, { requests: { [requests]: (name: string) => results[name]!() } });
  const client = aNestClient(t, bootstrap, { reply_topic: replies });
  const ask = (name: string): Promise<unknown> =>
    lastValueFrom(client.send(requests, name).pipe(toArray())).catch((error: unknown) => ({ error }));

  expect(await Promise.all(Object.keys(results).map(ask))).toEqual([
    ['a', { b: 1 }, null],
    [],
    { error: { code: 'OUT_OF_STOCK' } },
    { error: { status: 'error', message: 'Internal server error' } },
    [],
  ]);
}

/** A handler that throws is asked again, as on_failure says, and keeps its place. */
export async function eventsAreRetried(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const seen: string[] = [];
  const failures: [error: unknown, attempt: number][] = [];
  const paid = async (data: string, context: KafkaContext): Promise<void> => {
    seen.push(data);
    expect([context.getMessage().topic, context.getSignal().aborted]).toEqual([topic, false]);
    if (data === 'one' && seen.length < 3) throw new RpcException(`not now ${seen.length}`);
  };
  await aNestService(
    t,
    bootstrap,
    `g-${randomUUID()}`,
    { events: { [topic]: paid } },
    {
      on_failure: (error, _message, attempt) => {
        failures.push([error, attempt]);
        return { retry_after_ms: 1 };
      },
    },
  );
  const client = aNestClient(t, bootstrap, { key: () => 'k' });

  await lastValueFrom(client.emit(topic, 'one'));
  await lastValueFrom(client.emit(topic, 'two'));
  await until(() => seen.length === 4, DEADLINE);

  expect(seen).toEqual(['one', 'one', 'one', 'two']);
  expect(failures.map(([error, attempt]) => [JSON.stringify(error), attempt])).toEqual([
    [expect.stringContaining('not now 1'), 1],
    [expect.stringContaining('not now 2'), 2],
  ]);
}

/** An event that fails stops the server, which says so; it is not committed, and the next server gets it. */
export async function serverStops(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const group = `g-${randomUUID()}`;
  const bad = await aNestService(t, bootstrap, group, {
    events: { [topic]: () => Promise.reject(new RpcException('broken')) },
  });
  const statuses: string[] = [];
  bad.server.status.subscribe((status) => void statuses.push(status));
  const stopped = new Promise((resolve) => bad.server.on('error', resolve));
  const client = aNestClient(t, bootstrap, {});

  await lastValueFrom(client.emit(topic, { id: 1 }));
  const error = await stopped;
  const seen: unknown[] = [];
  await aNestService(t, bootstrap, group, { events: { [topic]: (data) => void seen.push(data) } });
  await until(() => seen.length > 0, DEADLINE);

  expect(JSON.stringify(error)).toContain('broken');
  expect(statuses).toEqual(['connected', 'crashed', 'disconnected']);
  expect(seen).toEqual([{ id: 1 }]);
}

/** close waits for the handler in work and delivers its answer; the next server begins behind it. */
export async function closesGracefully(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { requests, replies, group } = await names(bootstrap);
  const begun: unknown[] = [];
  const go = new Subject<string>();
  const answer = (data: unknown): Promise<string> => {
    begun.push(data);
    return firstValueFrom(go);
  };
  const { app } = await aNestService(t, bootstrap, group, { requests: { [requests]: answer } });
  const client = aNestClient(t, bootstrap, { reply_topic: replies });

  const asked = firstValueFrom(client.send(requests, 'slow'));
  await until(() => begun.length === 1, DEADLINE);
  const closed = app.close();
  go.next('done');
  await closed;
  const answered = await asked;
  const again: unknown[] = [];
  await aNestService(t, bootstrap, group, {
    requests: {
      [requests]: (data) => {
        again.push(data);
        return 'from the next';
      },
    },
  });
  const next = await firstValueFrom(client.send(requests, 'quick'));

  expect([answered, next]).toEqual(['done', 'from the next']);
  expect([begun, again]).toEqual([['slow'], ['quick']]);
}

/** Whoever waits for an answer when the client is closed hears of it; the client may connect anew. */
export async function clientCloses(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { requests, replies, group } = await names(bootstrap);
  const client = aNestClient(t, bootstrap, { reply_topic: replies });

  const asked = firstValueFrom(client.send(requests, 'early')).catch((error: Error) => error.message);
  await client.connect();
  await client.close();
  const first = await asked;
  await aNestService(t, bootstrap, group, { requests: { [requests]: (data: string) => data.length } });
  const second = await firstValueFrom(client.send(requests, 'again'));

  expect([first, second]).toEqual(['the client was closed before an answer came', 5]);
}

/** Between our transport and Nest's own, which is kafkajs, both ways. */
export async function talksWithNestsOwn(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { requests, replies, group } = await names(bootstrap);
  const theirs = await freshTopic(bootstrap, 1);
  await createTopic(bootstrap, `${requests}.reply`, 1);
  const client = { brokers: bootstrap.split(','), logLevel: 0 };
  const kafka = { client, consumer: { groupId: `g-${randomUUID()}` }, subscribe: { fromBeginning: true } };
  await aNestService(t, bootstrap, group, { requests: { [requests]: ({ a }: { a: number }) => ({ ours: a }) } });
  const app = await aService(
    { transport: Transport.KAFKA, options: kafka },
    { requests: { [theirs]: ({ a }: { a: number }) => ({ theirs: a }) } },
  );
  t.onTestFinished(() => app.close());
  await app.listen();
  const theirClient = new ClientKafka({ client, consumer: { groupId: `g-${randomUUID()}` } });
  t.onTestFinished(() => theirClient.close());
  theirClient.subscribeToResponseOf(requests);
  await theirClient.connect();
  const ourClient = aNestClient(t, bootstrap, { reply_topic: replies });

  const fromOurs = await firstValueFrom(theirClient.send(requests, { a: 1 }));
  const fromTheirs = await firstValueFrom(ourClient.send(theirs, { a: 2 }));

  expect([fromOurs, fromTheirs]).toEqual([{ ours: 1 }, { theirs: 2 }]);
}

/** The orders of examples/nestjs. */
export async function orders(t: TestContext, { bootstrap }: Env): Promise<void> {
  const prefix = await freshTopic(bootstrap, 1);
  for (const name of ['place', 'track', 'paid', 'replies']) await createTopic(bootstrap, `${prefix}.${name}`, 1);
  const app = await startOrders(bootstrap, prefix);
  t.onTestFinished(() => app.close());
  const client = ordersClient(bootstrap, `${prefix}.replies`);
  t.onTestFinished(() => client.close());
  const states = (): Promise<{ state: string }[]> =>
    lastValueFrom(client.send<{ state: string }>(`${prefix}.track`, { id: 'A1' }).pipe(toArray()));

  const placed = await firstValueFrom(client.send(`${prefix}.place`, { id: 'A1', item: 'a book' }));
  const refused = await firstValueFrom(client.send(`${prefix}.place`, { id: 'A2', item: '' })).catch((error) => error);
  const before = await states();
  await lastValueFrom(client.emit(`${prefix}.paid`, { id: 'A1' }));
  const after = await until(async () => {
    const now = await states();
    return now.some(({ state }) => state === 'paid') ? now : null;
  }, DEADLINE);

  expect([placed, refused]).toEqual([
    { id: 'A1', state: 'placed' },
    { code: 'NO_ITEM', id: 'A2' },
  ]);
  expect([before, after].map((list) => list.map(({ state }) => state))).toEqual([
    ['placed', 'not paid yet'],
    ['placed', 'paid'],
  ]);
}
