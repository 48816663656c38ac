// A transport strategy of NestJS: the topics that a service consumes are the patterns of its controllers.
//
//   const app = await NestFactory.createMicroservice(AppModule, {
//     strategy: new KafkaServer({ consumer: { 'bootstrap.servers': '...', 'group.id': 'orders' } }),
//   });
//   app.enableShutdownHooks();
//   await app.listen();
//
// Handlers run several at a time, the messages of one key in order. A message counts as handled, and its offset is
// committed, when its handler is done and its answers are with the brokers: each is handled at least once. What a handler
// of requests throws is its answer. What a handler of events throws goes to `on_failure`, which may have it tried again or
// skipped; else the server stops, as it does when it can't produce an answer.
import { BaseRpcContext, type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import * as kafka from 'rdkafka-ts';
import { isObservable, lastValueFrom } from 'rxjs';
import { answerHeaders, CORRELATION_ID, decoded, encoded, REPLY_PARTITION, REPLY_TOPIC, textOf } from './packets.ts';

export interface KafkaServerOptions {
  /** `bootstrap.servers`, `group.id`; topics are the patterns'. */
  readonly consumer: Parameters<typeof kafka.consumer_new>[0];
  /** For answers; by default the `bootstrap.servers` of `consumer`. */
  readonly producer?: Parameters<typeof kafka.producer_new>[0];
  /** Handlers at work at the same time, 16. */
  readonly concurrency?: number;
  readonly on_failure?: kafka.EachOptions['on_failure'];
  /** How long `close` waits for what is in work (ms), 30000. */
  readonly close_timeout_ms?: number;
}

/** What `@Ctx()` gives a handler. */
export class KafkaContext extends BaseRpcContext<[message: kafka.Message, signal: AbortSignal]> {
  getMessage(): kafka.Message {
    return this.args[0];
  }

  /** Aborted when the partition has gone to another member, who will handle the message. */
  getSignal(): AbortSignal {
    return this.args[1];
  }
}

// A type, since Nest's base class wants an index signature.
type KafkaServerEvents = {
  /** The server has stopped, and why. Without a listener it is an unhandled rejection, which ends the process. */
  error: (error: unknown) => void;
};

export type KafkaServerStatus = 'connected' | 'disconnected' | 'crashed';

export class KafkaServer extends Server<KafkaServerEvents, KafkaServerStatus> implements CustomTransportStrategy {
  override readonly transportId = Symbol.for('rdkafka-ts');
  private readonly options: KafkaServerOptions;
  private clients: { readonly consumer: kafka.rd_kafka_t; readonly producer: kafka.rd_kafka_t } | null;
  private readonly errorListeners: ((error: unknown) => void)[];

  constructor(options: KafkaServerOptions) {
    super();
    this.options = options;
    this.clients = null;
    this.errorListeners = [];
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      this.start();
    } catch (error) {
      // What is wrong with the configuration.
      callback(error);
      return;
    }
    this._status$.next('connected');
    callback();
  }

  /** Waits for what is in work and its answers, commits, leaves the group. */
  async close(): Promise<void> {
    const { clients } = this;
    if (clients === null) return;
    this.clients = null;
    const timeout_ms = this.options.close_timeout_ms ?? 30_000;
    const { uncommitted } = await kafka.close_async(clients.consumer, { timeout_ms });
    for (const { topic, partition, offset } of uncommitted)
      this.logger.warn(`${topic} [${partition}] is not committed to ${offset}`);
    const { undelivered } = await kafka.close_async(clients.producer, { timeout_ms });
    if (undelivered > 0) this.logger.warn(`${undelivered} answers were not delivered`);
    this._status$.next('disconnected');
  }

  on<E extends keyof KafkaServerEvents>(event: E, callback: KafkaServerEvents[E]): void {
    if (event !== 'error') throw new Error(`KafkaServer has no event ${event}, only error`);
    this.errorListeners.push(callback);
  }

  unwrap<T>(): T {
    if (this.clients === null) throw new Error('KafkaServer does not listen');
    return this.clients as T;
  }

  private start(): void {
    const { consumer: given, concurrency = 16, on_failure } = this.options;
    const topics = [...this.messageHandlers.keys()];
    const bootstrap = given['bootstrap.servers'];
    const producer = kafka.producer_new({
      'linger.ms': 0,
      ...(this.options.producer ?? { 'bootstrap.servers': bootstrap }),
    });
    let consumer: kafka.rd_kafka_t;
    try {
      consumer = kafka.consumer_new({ ...given, topics });
    } catch (error) {
      void kafka.close_async(producer);
      throw error;
    }
    this.clients = { consumer, producer };
    const work = kafka.each(consumer, (message, { signal }) => this.handle(producer, message, signal), {
      concurrency,
      ...(on_failure && { on_failure }),
    });
    void work.catch((error) => this.crashed(error));
  }

  private async crashed(error: unknown): Promise<void> {
    this._status$.next('crashed');
    this.handleError(`the server has stopped: ${error}`);
    await this.close();
    if (this.errorListeners.length === 0) throw error;
    for (const listener of this.errorListeners) listener(error);
  }

  private async handle(producer: kafka.rd_kafka_t, message: kafka.Message, signal: AbortSignal): Promise<void> {
    const handler = this.getHandlerByPattern(message.topic)!;
    const context = new KafkaContext([message, signal]);
    const replyTopic = textOf(message, REPLY_TOPIC);
    const id = textOf(message, CORRELATION_ID);
    const answers = !handler.isEventHandler && replyTopic !== null && id !== null;
    const work = answers
      ? () => this.answer(producer, handler, context, { topic: replyTopic, id })
      : () => runEvent(handler, context);
    await this.betweenHooks(context, work);
  }

  /** The hooks that instrumentation sets; what they do with the promise is theirs, ours is settled by the work. */
  private betweenHooks(context: KafkaContext, work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): Promise<void> => {
        const working = work().finally(() => this.onProcessingEndHook?.(this.transportId, context));
        working.then(resolve, reject);
        return working;
      };
      this.onProcessingStartHook(this.transportId, context, done);
    });
  }

  /** Every value of the handler's stream is an answer, in order; the last one says that it is. */
  private async answer(
    producer: kafka.rd_kafka_t,
    handler: MessageHandler,
    context: KafkaContext,
    { topic, id }: { topic: string; id: string },
  ): Promise<void> {
    const message = context.getMessage();
    const partition = textOf(message, REPLY_PARTITION);
    const to = { topic, key: message.key, ...(partition !== null && { partition: Number(partition) }) };
    const response$ = this.transformToObservable(handler(decoded(message.value), context));
    await new Promise<void>((resolve, reject) => {
      this.send(response$, async (packet) => {
        const answer = { ...to, value: encoded(packet.response), headers: answerHeaders(id, packet) };
        await kafka.produce_async(producer, answer).then(() => packet.isDisposed && resolve(), reject);
      });
    });
  }
}

async function runEvent(handler: MessageHandler, context: KafkaContext): Promise<void> {
  const result = await handler(decoded(context.getMessage().value), context);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}
