// consumer_new on a real Kafka.
import { inject, test } from 'vitest';
import { PROTOCOLS, subscribed } from '../../kit/scenarios/promise/clients.ts';

const env = { bootstrap: inject('bootstrap') };

for (const protocol of PROTOCOLS)
  test(`names, patterns and regular expressions are subscribed to at once (${protocol})`, (t) =>
    subscribed(t, env, protocol));
