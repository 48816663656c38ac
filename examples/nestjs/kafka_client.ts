// A client of NestJS: `send(topic, data)` asks a service and gives its answers, `emit(topic, data)` tells.
//
//   const client = new KafkaClient({
//     producer: { 'bootstrap.servers': '...' },
//     reply_topic: 'web.replies',
//   });
//   const placed = await firstValueFrom(client.send('orders.place', { item: 'a book' }).pipe(timeout(5000)));
//
// Answers come in one partition of the reply topic, which every request names. It is read from where it ends when the
// client connects, without a group: there is no rebalance in which an answer could be missed. Clients may share it, each
// takes what is its own. A request whose caller has stopped waiting (`timeout`, unsubscribe) is forgotten here, not in
// the service.
import { randomUUID } from 'node:crypto';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import * as kafka from 'rdkafka-ts';
import { answerOf, CORRELATION_ID, encoded, REPLY_PARTITION, REPLY_TOPIC, textOf } from './packets.ts';

export interface KafkaClientOptions {
  readonly producer: Parameters<typeof kafka.producer_new>[0];
  /** Where answers come; there must be such a topic. Not needed by who only emits. */
  readonly reply_topic?: string;
  /** By default one of its partitions at random. */
  readonly reply_partition?: number;
  /** For answers; by default the `bootstrap.servers` of `producer`. */
  readonly consumer?: Parameters<typeof kafka.consumer_new>[0];
  /** What is to stay in order, and so in one partition, has the same key; by default there is none. */
  readonly key?: (topic: string, data: unknown) => string | null;
  /** How long `connect` waits for the brokers (ms), 10000. */
  readonly connect_timeout_ms?: number;
}

interface Clients {
  readonly producer: kafka.rd_kafka_t;
  readonly consumer: kafka.rd_kafka_t | null;
  readonly replies: { readonly topic: string; readonly partition: number } | null;
}

type Callback = (packet: WritePacket) => void;

export class KafkaClient extends ClientProxy<Record<never, () => void>, 'connected' | 'disconnected'> {
  private readonly options: KafkaClientOptions;
  private connecting: Promise<Clients> | null;
  /** By correlation id. */
  private readonly waiting: Map<string, Callback>;

  constructor(options: KafkaClientOptions) {
    super();
    this.options = options;
    this.connecting = null;
    this.waiting = new Map();
  }

  /** Nest calls it before each message; when it fails the next call tries again. */
  connect(): Promise<Clients> {
    if (this.connecting === null) {
      const connecting = this.open();
      this.connecting = connecting;
      connecting.then(
        () => this._status$.next('connected'),
        () => {
          if (this.connecting === connecting) this.connecting = null;
        },
      );
    }
    return this.connecting;
  }

  /** Delivers what was sent; whoever waits for an answer hears that none comes. */
  async close(): Promise<void> {
    const { connecting } = this;
    this.connecting = null;
    const clients = await connecting?.catch(() => null);
    if (!clients) return;
    await kafka.close_async(clients.producer);
    if (clients.consumer !== null) await kafka.close_async(clients.consumer);
    this.fail(new Error('the client was closed before an answer came'));
    this._status$.next('disconnected');
  }

  /** A promise of the clients, or null. */
  unwrap<T>(): T {
    return this.connecting as T;
  }

  protected publish({ pattern, data }: ReadPacket, callback: Callback): () => void {
    const id = randomUUID();
    this.waiting.set(id, callback);
    this.request(this.normalizePattern(pattern), data, id).catch((err: unknown) => {
      if (this.waiting.delete(id)) callback({ err });
    });
    return () => void this.waiting.delete(id);
  }

  protected async dispatchEvent<T = unknown>({ pattern, data }: ReadPacket): Promise<T> {
    const topic = this.normalizePattern(pattern);
    return (await this.produce(await this.connect(), topic, data, [])) as T;
  }

  private async request(topic: string, data: unknown, id: string): Promise<void> {
    const clients = await this.connect();
    const { replies } = clients;
    if (replies === null) throw new Error('KafkaClient needs a reply_topic to send requests');
    await this.produce(clients, topic, data, [
      [CORRELATION_ID, id],
      [REPLY_TOPIC, replies.topic],
      [REPLY_PARTITION, String(replies.partition)],
    ]);
  }

  private produce({ producer }: Clients, topic: string, data: unknown, headers: [string, string][]) {
    const key = this.options.key?.(topic, data) ?? null;
    return kafka.produce_async(producer, { topic, key, value: encoded(data), headers });
  }

  private async open(): Promise<Clients> {
    const { reply_topic, connect_timeout_ms = 10_000 } = this.options;
    const producer = kafka.producer_new({ 'linger.ms': 0, ...this.options.producer });
    if (reply_topic === undefined) return { producer, consumer: null, replies: null };
    const consumer = this.newConsumer();
    try {
      const partition =
        this.options.reply_partition ?? (await somePartition(producer, reply_topic, connect_timeout_ms));
      const { high } = await kafka.query_watermark_offsets_async(consumer, reply_topic, partition, connect_timeout_ms);
      kafka.assign(consumer, [{ topic: reply_topic, partition, offset: high }]);
      const clients = { producer, consumer, replies: { topic: reply_topic, partition } };
      void this.take(clients);
      return clients;
    } catch (error) {
      await Promise.all([kafka.close_async(producer), kafka.close_async(consumer)]);
      throw error;
    }
  }

  private newConsumer(): kafka.rd_kafka_t {
    const { producer, consumer } = this.options;
    return kafka.consumer_new({
      ...(consumer ?? { 'bootstrap.servers': producer['bootstrap.servers'] }),
      // Never joined: partitions are assigned by hand, and nothing is committed.
      'group.id': `replies-${randomUUID()}`,
      'enable.auto.commit': false,
      // Answers that are older than the topic keeps are lost, and nobody waits for them.
      'auto.offset.reset': 'latest',
      'fetch.wait.max.ms': 100,
    });
  }

  private async take({ producer, consumer }: Clients & { consumer: kafka.rd_kafka_t }): Promise<void> {
    try {
      for await (const message of kafka.messages(consumer)) {
        const id = textOf(message, CORRELATION_ID);
        const callback = id === null ? undefined : this.waiting.get(id);
        if (id === null || callback === undefined) continue; // another client's, or nobody waits any more
        const packet = answerOf(message);
        if (packet.isDisposed) this.waiting.delete(id);
        callback(packet);
      }
    } catch (error) {
      // Fatal: the next call makes new clients.
      this.connecting = null;
      this.fail(error);
      await Promise.all([kafka.close_async(producer), kafka.close_async(consumer)]);
    }
  }

  private fail(err: unknown): void {
    const callbacks = [...this.waiting.values()];
    this.waiting.clear();
    for (const callback of callbacks) callback({ err });
  }
}

async function somePartition(rk: kafka.rd_kafka_t, topic: string, timeoutMs: number): Promise<number> {
  const rkt = kafka.topic_new(rk, topic, null);
  if (rkt === null) throw new kafka.KafkaError(kafka.last_error());
  try {
    const { topics } = await kafka.metadata_async(rk, false, rkt, timeoutMs);
    const { err, partitions } = topics[0]!;
    if (partitions.length === 0) throw new kafka.KafkaError(err, `${topic}: ${kafka.err2str(err)}`);
    return partitions[Math.floor(Math.random() * partitions.length)]!.id;
  } finally {
    kafka.topic_destroy(rkt);
  }
}
