// librdkafka's 0043, which needs no broker.
import { test } from 'vitest';
import { destroyedWithoutBroker, timedOutWithoutBroker } from '../kit/scenarios/0043_no_connection.ts';

test('without a broker destroy ends and reports what was accepted', (t) => {
  destroyedWithoutBroker(t);
});

test("without a broker messages time out by their topic's message.timeout.ms", (t) => {
  timedOutWithoutBroker(t);
});
