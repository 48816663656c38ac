// The NestJS transport of examples/nestjs on a real Kafka.
import { inject, test } from 'vitest';
import * as nestjs from '../kit/scenarios/nestjs.ts';

test('every request gets its own answer', (t) => nestjs.requestsAreAnswered(t, { bootstrap: inject('bootstrap') }));

test('a stream of answers keeps its order and its end, and what a handler throws is the answer', (t) =>
  nestjs.streamsAndErrors(t, { bootstrap: inject('bootstrap') }));

test('an event that fails is handled again, in its place', (t) =>
  nestjs.eventsAreRetried(t, { bootstrap: inject('bootstrap') }));

test('an event that fails for good stops the server, and comes to the next', (t) =>
  nestjs.serverStops(t, { bootstrap: inject('bootstrap') }));

test('close waits for the handler in work and delivers its answer', (t) =>
  nestjs.closesGracefully(t, { bootstrap: inject('bootstrap') }));

test('whoever waits for an answer hears that the client is closed', (t) =>
  nestjs.clientCloses(t, { bootstrap: inject('bootstrap') }));

test("it talks with Nest's own Kafka transport, both ways", (t) =>
  nestjs.talksWithNestsOwn(t, { bootstrap: inject('bootstrap') }));

test('the service of the example places and tracks orders', (t) =>
  nestjs.orders(t, { bootstrap: inject('bootstrap') }));
