// A NestJS service on Kafka, and its caller. In a project whose compiler knows decorators they stand at the class and its
// methods; here, where the sources run as they are, the same decorators are called below it.
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { concatMap, from, type Observable } from 'rxjs';
import { KafkaClient } from './kafka_client.ts';
import { type KafkaContext, KafkaServer } from './kafka_server.ts';

export interface Order {
  readonly id: string;
  readonly item: string;
}

export class OrdersController {
  readonly paid: Set<string> = new Set();

  /** @MessagePattern('orders.place') */
  place({ id, item }: Order): { id: string; state: string } {
    if (item === '') throw new RpcException({ code: 'NO_ITEM', id });
    return { id, state: 'placed' };
  }

  /** @MessagePattern('orders.track'): each value is an answer. */
  track({ id }: { id: string }): Observable<{ id: string; state: string }> {
    return from(['placed', this.paid.has(id) ? 'paid' : 'not paid yet']).pipe(
      concatMap(async (state) => ({ id, state })),
    );
  }

  /** @EventPattern('orders.paid'), @Payload(), @Ctx(): without an answer; when it throws, `on_failure` below decides. */
  async paidFor({ id }: { id: string }, context: KafkaContext): Promise<void> {
    console.log(`${id} is paid, as ${context.getMessage().topic} says`);
    this.paid.add(id);
  }
}

/** The module; `prefix` begins the names of the topics, which are the patterns. */
export function ordersModule(prefix: string): new () => object {
  class Orders extends OrdersController {}
  class OrdersModule {}
  const of = (method: keyof OrdersController) => Object.getOwnPropertyDescriptor(OrdersController.prototype, method)!;
  MessagePattern(`${prefix}.place`)(Orders.prototype, 'place', of('place'));
  MessagePattern(`${prefix}.track`)(Orders.prototype, 'track', of('track'));
  EventPattern(`${prefix}.paid`)(Orders.prototype, 'paidFor', of('paidFor'));
  Payload()(Orders.prototype, 'paidFor', 0);
  Ctx()(Orders.prototype, 'paidFor', 1);
  Controller()(Orders);
  Module({ controllers: [Orders] })(OrdersModule);
  return OrdersModule;
}

export async function startOrders(bootstrap: string, prefix = 'orders'): Promise<INestMicroservice> {
  const strategy = new KafkaServer({
    consumer: { 'bootstrap.servers': bootstrap, 'group.id': `${prefix}-service`, 'auto.offset.reset': 'earliest' },
    on_failure: (error, message, attempt) => {
      console.error(`${message.topic} [${message.partition}] @${message.offset}, attempt ${attempt}:`, error);
      return attempt < 5 ? { retry_after_ms: 200 * attempt } : 'stop';
    },
  });
  const app = await NestFactory.createMicroservice(ordersModule(prefix), { strategy, logger: ['error', 'warn'] });
  // SIGTERM: what is in work comes to its end, its answers are delivered, its offsets committed.
  app.enableShutdownHooks();
  await app.listen();
  return app;
}

export function ordersClient(bootstrap: string, reply_topic = 'web.replies'): KafkaClient {
  return new KafkaClient({
    producer: { 'bootstrap.servers': bootstrap },
    reply_topic,
    // What is said of one order stays in order.
    key: (_topic, data) => (data as { id: string }).id,
  });
}
