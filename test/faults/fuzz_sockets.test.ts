// Garbage over real sockets: 2,000 frames to the mock, 2,000 answers to clients. Neither crashes, hangs, spins or grows,
// and both work afterwards.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { FrameSplitter, requestFrame } from '../../src/protocol/frame.ts';
import * as k from '../../src/rdkafka.ts';
import { rd_kafka_mock_broker_set_host_port } from '../../src/rdkafka_mock.ts';
import { writeBatch } from '../../src/records/batch_writer.ts';
import { aCluster, aConsumer, aProducer } from '../kit/builders.ts';
import { until } from '../kit/until.ts';

const FRAMES = 2000;
/** Three times what compiled code and heaps that no collector had time for take; a length believed once takes as much. */
const GROWTH = 128 << 20;
/** Of a second. */
const SPINNING_MS = 500;
const SEED = 20_261_121;

type Random = (below: number) => number;

/** Numerical Recipes' generator: the same choices each time. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function setLength(frame: Buffer, length: number): Buffer {
  frame.writeInt32BE(length, 0);
  return frame;
}

/**
 * A frame (with its length in front) that is wrong somehow: bytes of it changed, its end missing, all of it random, a
 * length that is a lie.
 */
function spoil(random: Random, frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  switch (random(6)) {
    case 0:
    case 1:
      for (let n = 1 + random(4); n > 0; n--) copy[4 + random(copy.length - 4)] = random(256);
      return copy;
    case 2: {
      const cut = copy.subarray(0, 4 + random(copy.length - 4));
      return setLength(cut, cut.length - 4);
    }
    case 3: {
      const noise = Buffer.alloc(4 + random(300));
      for (let i = 4; i < noise.length; i++) noise[i] = random(256);
      return setLength(noise, noise.length - 4);
    }
    case 4:
      return copy.subarray(0, 1 + random(copy.length - 1));
    default:
      return setLength(copy, [-1, 0, 1, 3, 0x7fffffff, copy.length - 5, copy.length + 100][random(7)] as number);
  }
}

/**
 * The least CPU time of the whole process, in ms, that goes by in a second in which there is nothing to do. What spins does
 * so in each; what is still being cleaned up does not.
 */
function idleCpuMs(rk: k.rd_kafka_t): number {
  let least = Number.POSITIVE_INFINITY;
  for (let second = 0; second < 10 && least >= SPINNING_MS; second++) {
    const from = process.cpuUsage();
    k.rd_kafka_poll(rk, 1000);
    const { user, system } = process.cpuUsage(from);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

function requests(): Buffer[] {
  const records = writeBatch([{ key: 'k', value: 'v', timestamp: 1 }]);
  const member = { groupId: 'g', memberId: 'm', generationId: 1 };
  const protocols = [{ name: 'range', metadata: new Uint8Array(8) }];
  const topics = [{ name: 't' }];
  return [
    requestFrame('Produce', 9, 1, 'c', {
      acks: -1,
      topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
    }),
    requestFrame('Fetch', 12, 1, 'c', {
      maxWaitMs: 1,
      topics: [{ topic: 't', partitions: [{ partition: 0, partitionMaxBytes: 1000 }] }],
    }),
    requestFrame('ListOffsets', 7, 1, 'c', { topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] }),
    requestFrame('Metadata', 12, 1, 'c', { topics }),
    requestFrame('OffsetFetch', 8, 1, 'c', { groups: [{ groupId: 'g', topics: null }] }),
    requestFrame('FindCoordinator', 4, 1, 'c', { coordinatorKeys: ['g'] }),
    requestFrame('JoinGroup', 9, 1, 'c', { groupId: 'g', sessionTimeoutMs: 50, protocolType: 'consumer', protocols }),
    requestFrame('SyncGroup', 5, 1, 'c', { ...member, assignments: [{ memberId: 'm', assignment: records }] }),
    requestFrame('Heartbeat', 4, 1, 'c', member),
    requestFrame('ApiVersions', 3, 1, 'c', { clientSoftwareName: 'a', clientSoftwareVersion: 'b' }),
  ].map((frame) => Buffer.from(frame));
}

/** Sends these bytes and no more; resolves when the other side has closed the connection. */
async function throwAt(port: number, bytes: Buffer): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
}

test('2,000 wrong frames do the mock no harm', { timeout: 240_000 }, async (t) => {
  const { bootstrap } = aCluster(t);
  const port = Number(bootstrap.split(':')[1]);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const random = generator(SEED);
  const frames = requests();
  const some = (): Promise<void> => throwAt(port, spoil(random, frames[random(frames.length)] as Buffer));
  // Code is compiled and heaps have their size.
  for (let i = 0; i < 200; i++) await some();
  const before = process.memoryUsage().rss;

  for (let i = 0; i < FRAMES; i++) await some();

  expect(process.memoryUsage().rss - before).toBeLessThan(GROWTH);
  expect(k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('after'), k.RD_KAFKA_V_VALUE('x'))).toBe(0);
  expect(k.rd_kafka_flush(rk, 15_000)).toBe(0);
  expect(reports.all.map(({ err }) => err)).toEqual([0]);
  expect(idleCpuMs(rk)).toBeLessThan(SPINNING_MS);
});

/** Stands between clients and a broker, and spoils answers while it is told to. */
class Spoiler {
  spoiled = 0;
  on = false;
  private readonly random: Random;
  private readonly server: Server;
  private readonly sockets: Set<Socket>;

  constructor(random: Random, upstreamPort: number) {
    this.random = random;
    this.sockets = new Set();
    this.server = createServer((client) => this.relay(client, connect({ port: upstreamPort, host: '127.0.0.1' })));
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    onTestFinished(() => {
      this.server.close();
      this.cut();
    });
    return (this.server.address() as { port: number }).port;
  }

  /**
   * A wrong answer that looks right lasts as long as its connection: a table of versions without those that a client
   * needs, for example.
   */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private relay(client: Socket, broker: Socket): void {
    for (const socket of [client, broker]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    client.pipe(broker);
    const splitter = new FrameSplitter(100_000_000);
    broker.on('data', (chunk) => splitter.push(chunk, (frame) => this.answer(client, frame)));
  }

  private answer(client: Socket, body: Uint8Array): void {
    const frame = Buffer.alloc(4 + body.length);
    frame.set(body, 4);
    setLength(frame, body.length);
    if (!this.on || this.random(3) === 0) {
      client.write(frame);
      return;
    }
    this.spoiled++;
    const bad = spoil(this.random, frame);
    keepAddresses(frame, bad);
    const closes = bad.length < 4 || bad.length !== 4 + bad.readInt32BE(0);
    client.write(bad, () => closes && client.destroy());
  }
}

/** Nobody is sent to another host or port by what is spoiled. */
function keepAddresses(good: Buffer, bad: Buffer): void {
  const host = '127.0.0.1';
  for (let at = good.indexOf(host); at >= 0; at = good.indexOf(host, at + 1)) {
    const end = Math.min(at + host.length + 4, bad.length);
    if (end > at) good.copy(bad, at, at, end);
  }
}

test('2,000 wrong answers do the clients no harm', { timeout: 360_000 }, async (t) => {
  const { mock, bootstrap } = aCluster(t);
  const spoiler = new Spoiler(generator(SEED), Number(bootstrap.split(':')[1]));
  const port = await spoiler.listen();
  rd_kafka_mock_broker_set_host_port(mock, 1, '127.0.0.1', port);
  const quick = {
    'bootstrap.servers': `127.0.0.1:${port}`,
    'reconnect.backoff.ms': 1,
    'reconnect.backoff.max.ms': 5,
    'retry.backoff.ms': 1,
    'retry.backoff.max.ms': 5,
    'topic.metadata.refresh.fast.interval.ms': 5,
    'socket.timeout.ms': 1000,
  };
  const { rk, reports } = aProducer(t, { ...quick, 'message.timeout.ms': 5000 });
  const consumer = aConsumer(t, {
    ...quick,
    'fetch.wait.max.ms': 5,
    'fetch.error.backoff.ms': 1,
    'session.timeout.ms': 6000,
    'heartbeat.interval.ms': 20,
    'auto.commit.interval.ms': 20,
  });
  await k.rd_kafka_subscribe_async(consumer, ['t']);
  let sent = 0;
  let consumed = '';
  // What metadata said of the topic may be the reason why it is refused.
  const send = (topic: string): boolean => {
    const err = k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC(topic), k.RD_KAFKA_V_VALUE(topic));
    if (err === 0) sent++;
    return err === 0;
  };
  const turn = async (topic: string): Promise<void> => {
    if (sent - reports.all.length < 5) send(topic);
    k.rd_kafka_poll(rk, 0);
    const message = await k.rd_kafka_consumer_poll_async(consumer, 10);
    if (message?.err === 0) consumed = String(message.value);
  };
  const spoilUntil = async (count: number): Promise<void> => {
    spoiler.on = true;
    let turns = 0;
    const enough = async (): Promise<boolean> => {
      await turn('t');
      if (++turns % 20 === 0) spoiler.cut();
      return spoiler.spoiled >= count;
    };
    const what = () => `${count} spoiled answers, but there are ${spoiler.spoiled}`;
    await until(enough, { deadline_ms: 150_000, what });
    spoiler.on = false;
    spoiler.cut();
  };
  await spoilUntil(200);
  const before = process.memoryUsage().rss;

  await spoilUntil(200 + FRAMES);

  expect(process.memoryUsage().rss - before).toBeLessThan(GROWTH);
  // A wrong answer may say that a member was fenced, and be right about that as far as the client knows.
  expect([0, k.RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID]).toContain(k.rd_kafka_fatal_error(consumer));
  expect(k.rd_kafka_fatal_error(rk)).toBe(0);
  await k.rd_kafka_flush_async(rk, 15_000);
  // Another topic, since a lie about leaders, epochs or assignments that looks right is believed until something new is
  // said: to the client such a cluster is as good as any.
  const delivered = async (): Promise<boolean> => {
    expect(send('after')).toBe(true);
    await k.rd_kafka_flush_async(rk, 15_000);
    return reports.all.at(-1)?.err === 0;
  };
  // Its time may be over before a connection that was cut is there again.
  await until(delivered, { deadline_ms: 60_000 });
  expect(reports.all.length).toBe(sent);
  if (k.rd_kafka_fatal_error(consumer) === 0) {
    await k.rd_kafka_subscribe_async(consumer, ['after']);
    await until(() => turn('after').then(() => consumed === 'after'), { deadline_ms: 60_000 });
  }
  await k.rd_kafka_flush_async(rk, 15_000);
  expect(await k.rd_kafka_consumer_close_async(consumer).catch((error) => error.code)).toBeOneOf([undefined, -150]);
  expect(idleCpuMs(rk)).toBeLessThan(SPINNING_MS);
});
