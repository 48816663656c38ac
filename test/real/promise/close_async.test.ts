// close_async on a real Kafka.
import { inject, test } from 'vitest';
import { PROTOCOLS } from '../../kit/scenarios/promise/clients.ts';
import { CLOSE_ASYNC, closedIn, leavesAtOnce, STATES } from '../../kit/scenarios/promise/close_async.ts';

const env = { bootstrap: inject('bootstrap') };

for (const [name, scenario] of Object.entries(CLOSE_ASYNC)) test(name, (t) => scenario(t, env));

for (const state of Object.keys(STATES)) test(`a consumer ${state} is closed`, (t) => closedIn(t, env, state));

for (const protocol of PROTOCOLS)
  test(`a consumer leaves its group at once (${protocol})`, (t) => leavesAtOnce(t, env, protocol));
