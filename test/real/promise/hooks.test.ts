// The hooks of consumer_new on a real Kafka.
import { inject, test } from 'vitest';
import { PROTOCOLS } from '../../kit/scenarios/promise/clients.ts';
import { HOOKS } from '../../kit/scenarios/promise/hooks.ts';

const env = { bootstrap: inject('bootstrap') };

for (const [name, scenario] of Object.entries(HOOKS))
  for (const protocol of PROTOCOLS) test(`${name} (${protocol})`, (t) => scenario(t, env, protocol));
