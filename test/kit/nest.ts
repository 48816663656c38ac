// NestJS services of a few handlers, with their cleanup, for tests of the transport in examples/nestjs. @thread app
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Ctx,
  type CustomTransportStrategy,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
} from '@nestjs/microservices';
import type { TestContext } from 'vitest';
import { KafkaClient, type KafkaClientOptions } from '../../examples/nestjs/kafka_client.ts';
import { type KafkaContext, KafkaServer, type KafkaServerOptions } from '../../examples/nestjs/kafka_server.ts';

export type Handler = (data: any, context: KafkaContext) => unknown;

export interface Handlers {
  /** Topic -> what answers. */
  readonly requests?: Readonly<Record<string, Handler>>;
  readonly events?: Readonly<Record<string, Handler>>;
}

export function moduleOf({ requests = {}, events = {} }: Handlers): new () => object {
  class TestController {}
  class TestModule {}
  const { prototype } = TestController;
  const add = (kind: (topic: string) => MethodDecorator, handlers: Readonly<Record<string, Handler>>): void => {
    for (const [topic, handler] of Object.entries(handlers)) {
      // Nest keeps what a decorator says at the function: each needs one of its own.
      Object.defineProperty(prototype, topic, {
        value: (data: unknown, context: KafkaContext) => handler(data, context),
      });
      Payload()(prototype, topic, 0);
      Ctx()(prototype, topic, 1);
      kind(topic)(prototype, topic, Object.getOwnPropertyDescriptor(prototype, topic)!);
    }
  };
  add((topic) => MessagePattern(topic), requests);
  add((topic) => EventPattern(topic), events);
  Controller()(TestController);
  Module({ controllers: [TestController] })(TestModule);
  return TestModule;
}

export const aService = (options: MicroserviceOptions | { strategy: CustomTransportStrategy }, handlers: Handlers) =>
  NestFactory.createMicroservice(moduleOf(handlers), { ...options, logger: false });

export interface Service {
  readonly app: INestMicroservice;
  readonly server: KafkaServer;
}

/** A service on our transport that listens; closed when the test ends, if it still runs. */
export async function aNestService(
  t: TestContext,
  bootstrap: string,
  group: string,
  handlers: Handlers,
  options: Omit<KafkaServerOptions, 'consumer'> = {},
): Promise<Service> {
  const server = new KafkaServer({
    consumer: {
      'bootstrap.servers': bootstrap,
      'group.id': group,
      'auto.offset.reset': 'earliest',
      log_cb: () => {},
    },
    ...options,
  });
  const app = await aService({ strategy: server }, handlers);
  t.onTestFinished(() => app.close());
  await app.listen();
  return { app, server };
}

export function aNestClient(
  t: TestContext,
  bootstrap: string,
  options: Omit<KafkaClientOptions, 'producer'>,
): KafkaClient {
  const client = new KafkaClient({ producer: { 'bootstrap.servers': bootstrap, log_cb: () => {} }, ...options });
  t.onTestFinished(() => client.close());
  return client;
}
