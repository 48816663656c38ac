// librdkafka's 0076.
import { describe, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  DISCONNECT_CASES,
  disconnected,
  invalidMessage,
  LOSSES,
  nobodyAnswers,
  SILENCE_CASES,
} from '../kit/scenarios/0076_produce_retry.ts';

describe('a request without an answer in time', () => {
  for (const one of SILENCE_CASES) test(`${one.name}: ${one.ends}`, (t) => nobodyAnswers(t, aCluster(t), one));
});

describe.each(LOSSES)('a connection that goes: %s %s', (direction, action) => {
  for (const one of DISCONNECT_CASES)
    test(`${one.name}: ${one.ends}`, (t) => disconnected(t, aCluster(t), one, [direction, action]));
});

test('a batch that the broker found damaged is sent again', (t) => {
  invalidMessage(t, aCluster(t));
});
