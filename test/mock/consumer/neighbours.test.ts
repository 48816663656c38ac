// One group over several processes and beside another client, on the mock cluster.
import { beforeAll, expect, type TestContext, test } from 'vitest';
import { rd_kafka_consumer_poll_async } from '../../../src/rdkafka.ts';
import { aCluster, aProducer } from '../../kit/builders.ts';
import { type Child, childRunner, type RunChild } from '../../kit/child.ts';
import { aKafkajs, roundrobin } from '../../kit/kafkajs.ts';
import { Member, settle } from '../../kit/member.ts';
import { MsgVer } from '../../kit/msgver.ts';
import { produceMessages } from '../../kit/reports.ts';
import { groupOf } from '../../kit/scenarios/consumer_group.ts';
import { freshTopic } from '../../kit/topics.ts';
import { until } from '../../kit/until.ts';

let runChild: RunChild;

beforeAll(async () => {
  runChild = await childRunner();
});

/** A member in a process of its own: writes `partition offset payload` of each message; leaves when told `end`. */
function childMember(config: object, topic: string): Child {
  return runChild(
    `
    const conf = k.rd_kafka_conf_new();
    for (const [name, value] of Object.entries(${JSON.stringify(config)}))
      if (k.rd_kafka_conf_set(conf, name, String(value), null) !== 0) throw new Error(name);
    const rk = k.rd_kafka_new(k.RD_KAFKA_CONSUMER, conf);
    k.rd_kafka_subscribe(rk, [${JSON.stringify(topic)}]);
    let running = true;
    process.stdin.once('data', () => { running = false; });
    while (running) {
      const message = await k.rd_kafka_consumer_poll_async(rk, 100);
      if (message === null) continue;
      console.log(message.err !== 0 ? 'error ' + message.err : message.partition + ' ' + message.offset + ' ' + message.payload);
    }
    k.rd_kafka_consumer_close(rk);
    k.rd_kafka_destroy(rk);
    process.stdin.destroy();
  `,
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
}

interface Line {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly payload: Buffer;
}

/** Whole lines that a child has written so far. */
function linesOf(child: Child, topic: string): Line[] {
  const text = child.out();
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [partition, offset, payload] = line.split(' ');
      return { topic, partition: Number(partition), offset: Number(offset), payload: Buffer.from(payload ?? '') };
    });
}

async function untilAll(children: readonly Child[], topic: string, count: number): Promise<void> {
  const state = (): string => children.map((child) => linesOf(child, topic).length + child.err()).join(' ');
  await until(() => children.reduce((sum, child) => sum + linesOf(child, topic).length, 0) >= count, {
    deadline_ms: 60_000,
    what: () => `${count} messages; ${state()}`,
  });
}

function verify(id: string, lines: readonly Line[], perPartition: number, duplicates: boolean): void {
  const ver = new MsgVer(id);
  for (let partition = 0; partition < 4; partition++) ver.expect(partition, 0, perPartition);
  for (const line of [...lines].sort((a, b) => a.partition - b.partition || a.offset - b.offset)) ver.add(line);
  ver.verify('over processes', { duplicates });
}

async function start(t: TestContext): Promise<{ bootstrap: string; topic: string; send: (count: number) => string }> {
  const { bootstrap } = aCluster(t, 3);
  const topic = await freshTopic(bootstrap, 4);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  let id: string | undefined;
  let sent = 0;
  const send = (count: number): string => {
    for (let partition = 0; partition < 4; partition++)
      id = produceMessages(p, topic, partition, sent, count, id === undefined ? {} : { id });
    sent += count;
    return id!;
  };
  return { bootstrap, topic, send };
}

test('members in several processes share a topic, and each message comes once', async (t) => {
  const { bootstrap, topic, send } = await start(t);
  const config = groupOf({ bootstrap, topic }, { 'auto.offset.reset': 'earliest' });
  send(50);
  const first = childMember(config, topic);
  await untilAll([first], topic, 200);
  const second = childMember(config, topic);
  const owners = (): number => new Set(linesOf(second, topic).map(({ partition }) => partition)).size;
  let id = '';
  let sent = 50;
  await until(
    () => {
      id = send(10);
      sent += 10;
      return owners() === 2;
    },
    { deadline_ms: 60_000 },
  );
  await untilAll([first, second], topic, sent * 4);
  first.process.stdin!.write('end');
  expect(await first.ended).toBe(0);
  id = send(20);
  await untilAll([first, second], topic, (sent + 20) * 4);
  second.process.stdin!.write('end');

  expect(await second.ended).toBe(0);
  verify(id, [...linesOf(first, topic), ...linesOf(second, topic)], sent + 20, false);
});

test('the others take over from a process that is killed', async (t) => {
  const { bootstrap, topic, send } = await start(t);
  const config = groupOf({ bootstrap, topic }, { 'auto.offset.reset': 'earliest', 'session.timeout.ms': 6000 });
  const children = [childMember(config, topic), childMember(config, topic)];
  let sent = 0;
  let id = '';
  await until(
    () => {
      id = send(10);
      sent += 10;
      return children.every((child) => new Set(linesOf(child, topic).map(({ partition }) => partition)).size >= 2);
    },
    { deadline_ms: 60_000 },
  );

  children[0]!.process.kill('SIGKILL');
  expect(await children[0]!.ended).toBe('SIGKILL');
  id = send(50);
  sent += 50;
  const lines = (): Line[] => children.flatMap((child) => linesOf(child, topic));
  const distinct = (): number => new Set(lines().map(({ partition, offset }) => `${partition} ${offset}`)).size;
  await until(() => distinct() === sent * 4, { deadline_ms: 60_000, what: () => `${sent * 4}, not ${distinct()}` });

  verify(id, lines(), sent, true);
});

test('a member shares a topic with kafkajs by roundrobin', async (t) => {
  const { bootstrap, topic, send } = await start(t);
  const config = groupOf({ bootstrap, topic }, { 'partition.assignment.strategy': 'roundrobin' });
  const consumer = aKafkajs(bootstrap).consumer({
    groupId: String(config['group.id']),
    partitionAssigners: [roundrobin],
    heartbeatInterval: 200,
    sessionTimeout: 30_000,
  });
  const theirs: Line[] = [];
  await consumer.connect();
  t.onTestFinished(() => consumer.disconnect());
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ partition, message }) => {
      theirs.push({ topic, partition, offset: Number(message.offset), payload: message.value! });
    },
  });
  const ours = new Member(t, config).subscribe(topic);
  let polling = true;
  const loop = (async () => {
    while (polling) {
      const message = await rd_kafka_consumer_poll_async(ours.rk, 100);
      if (message !== null && message.err === 0) ours.got.push(message);
    }
  })();
  await until(() => ours.assigned.length === 2, { deadline_ms: 60_000 });

  const id = send(50);
  await until(() => theirs.length + ours.got.length >= 200, {
    deadline_ms: 60_000,
    what: () => `200 messages: ${theirs.length} + ${ours.got.length}`,
  });
  polling = false;
  await loop;

  verify(id, [...theirs, ...(ours.got as unknown as Line[])], 50, false);
  expect(new Set(ours.got.map(({ partition }) => partition)).size).toBe(2);
  await consumer.stop();
  settle([ours], 4);
});
