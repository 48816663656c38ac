// What a client of a mock cluster is configured with in a test. @thread app
import { findProperty } from '../conf/properties.ts';
import type { Properties } from '../conf/settings.ts';
import { typeError } from '../rd/check.ts';

/** Kafka's least, and more than a machine that is busy stands still. */
const SESSION_MS = 6000;

const DEFAULTS: Properties = {
  'reconnect.backoff.ms': 20,
  'reconnect.backoff.max.ms': 100,
  'retry.backoff.ms': 20,
  'retry.backoff.max.ms': 100,
  'auto.offset.reset': 'earliest',
  'session.timeout.ms': SESSION_MS,
  'heartbeat.interval.ms': 100,
  'auto.commit.interval.ms': 100,
  'fetch.error.backoff.ms': 20,
};

/** With group.protocol=consumer they are the coordinator's, and refused. */
const CLASSIC_ONLY: readonly string[] = ['session.timeout.ms', 'heartbeat.interval.ms'];

/** The coordinator's in a KIP-848 group. */
export const CONSUMER_SESSION_MS: number = SESSION_MS;
export const CONSUMER_HEARTBEAT_MS = 100;

function whose(name: string): 'C' | 'P' | undefined {
  return (findProperty('global', name) ?? findProperty('topic', name))?.who;
}

export function configFor(fn: string, bootstrap: string, extra: Properties | undefined): Properties {
  if (extra !== undefined && (typeof extra !== 'object' || extra === null || Array.isArray(extra)))
    throw typeError(fn, 'extra', 'an object of configuration properties', extra);
  const given = extra ?? {};
  const patience = given['max.poll.interval.ms'] ?? SESSION_MS;
  const producer = Object.keys(given).some((name) => whose(name) === 'P');
  const coordinated = given['group.protocol'] === 'consumer';
  const defaults = Object.entries(DEFAULTS).filter(
    ([name]) => !(producer && whose(name) === 'C') && !(coordinated && CLASSIC_ONLY.includes(name)),
  );
  const config: Record<string, unknown> = { 'bootstrap.servers': bootstrap, ...Object.fromEntries(defaults) };
  // A session may not be longer than that.
  if (patience < SESSION_MS && 'session.timeout.ms' in config) config['session.timeout.ms'] = patience;
  return { ...config, ...given };
}
