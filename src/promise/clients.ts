// producer_new and consumer_new of the promise layer: a client from an object of typed properties and hooks. @thread app
import {
  conf_new,
  conf_set,
  conf_set_error_cb,
  conf_set_log_cb,
  conf_set_oauthbearer_token_refresh_cb,
  conf_set_stats_cb,
} from '../api/conf.ts';
import { subscribe } from '../api/consumer.ts';
import { fatal_error } from '../api/handle.ts';
import { destroy } from '../app/close.ts';
import type { Handle } from '../app/handle.ts';
import { openHandle } from '../app/open.ts';
import { startServing } from '../app/serve.ts';
import type { Conf } from '../conf/conf.ts';
import type { Properties } from '../conf/settings.ts';
import {
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONSUMER,
  RD_KAFKA_PRODUCER,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  type rd_kafka_type_t,
} from '../defs/enums.ts';
import { KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import { out } from '../defs/out.ts';
import type { rd_kafka_conf_t, rd_kafka_t } from '../defs/types.ts';
import { checkArray, checkFunctionOrNull, typeError } from '../rd/check.ts';
import type { ConsumerHooks, Hooks } from './hooks.ts';
import { topicPattern } from './topic_pattern.ts';

type Given = Readonly<Record<string, unknown>>;

const HOOKS = ['error_cb', 'log_cb', 'stats_cb', 'token', 'worker_url'] as const;
const CONSUMER_HOOKS = ['on_assigned', 'on_revoked', 'on_lost', 'on_stalled', 'topics'] as const;

/**
 * A producer, from properties as objects (names and types are checked at compile time) and hooks. Throws a KafkaError
 * that says what is wrong with the configuration, where `new` gives null. Hooks run from the event loop: poll_start is on.
 * Starts its threads and returns without waiting for any broker. `close_async` (or `await using`) ends it.
 */
export function producer_new(conf: Properties & Hooks): rd_kafka_t {
  return open('producer_new', RD_KAFKA_PRODUCER, conf as Given, []);
}

/**
 * A consumer, likewise. `topics` are subscribed to at once: names, patterns as rd_kafka_subscribe has them (beginning with
 * ^), or regular expressions without flags, which match anywhere in a name. Rebalances are answered in a pull (`messages`,
 * `batches`, `each`, `consumer_poll_async`) after the hooks, which may be left out.
 */
export function consumer_new(conf: Properties & ConsumerHooks & { topics?: readonly (string | RegExp)[] }): rd_kafka_t {
  checkObject('consumer_new', conf);
  const { topics } = conf;
  // Looked through before there is anything to end.
  const names =
    topics === undefined
      ? null
      : checkArray('consumer_new', 'conf.topics', topics).map((topic, i) =>
          topicPattern('consumer_new', `conf.topics[${i}]`, topic),
        );
  const rk = open('consumer_new', RD_KAFKA_CONSUMER, conf as Given, CONSUMER_HOOKS);
  const err = names === null ? 0 : subscribe(rk, names);
  if (err === 0) return rk;
  destroy(rk as unknown as Handle, 0);
  throw kafkaErrorOf(err, `consumer_new: conf.topics can't be subscribed to: ${kafkaErrorOf(err).message}`);
}

function open(fn: string, type: rd_kafka_type_t, given: Given, more: readonly string[]): rd_kafka_t {
  checkObject(fn, given);
  const hooks = new Set<string>([...HOOKS, ...more]);
  const conf = conf_new();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || hooks.has(name)) continue;
    set(fn, conf, name, value);
  }
  setHooks(fn, conf, given);
  const consumer = type === RD_KAFKA_CONSUMER;
  const consumerHooks = consumer
    ? {
        on_assigned: (hook(fn, given, 'on_assigned') as ConsumerHooks['on_assigned']) ?? null,
        on_revoked: (hook(fn, given, 'on_revoked') as ConsumerHooks['on_revoked']) ?? null,
        on_lost: (hook(fn, given, 'on_lost') as ConsumerHooks['on_lost']) ?? null,
        on_stalled: (hook(fn, given, 'on_stalled') as ConsumerHooks['on_stalled']) ?? null,
      }
    : null;
  const errstr = out<string>('');
  const rk = openHandle(type, conf as Conf, errstr, { hooks: consumerHooks, workerUrl: workerUrl(fn, given) });
  if (rk === null) throw new KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, errstr.value);
  startServing(rk);
  return rk as unknown as rd_kafka_t;
}

function checkObject(fn: string, given: unknown): void {
  if (typeof given !== 'object' || given === null) throw typeError(fn, 'conf', 'an object of properties', given);
}

function set(fn: string, conf: rd_kafka_conf_t, name: string, value: unknown): void {
  if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
    throw typeError(fn, `conf['${name}']`, 'a string, a number, a boolean or null', value);
  const errstr = out<string>('');
  if (conf_set(conf, name, value === null ? null : String(value), errstr) === RD_KAFKA_CONF_OK) return;
  throw new KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, errstr.value);
}

function hook(fn: string, given: Given, name: string): unknown {
  return checkFunctionOrNull(fn, `conf.${name}`, given[name] ?? null);
}

function setHooks(fn: string, conf: rd_kafka_conf_t, given: Given): void {
  const { error_cb, log_cb, stats_cb } = given as Hooks;
  if (hook(fn, given, 'error_cb') !== null)
    conf_set_error_cb(conf, (rk, err, reason) => error_cb!(errorOf(rk, err, reason)));
  if (hook(fn, given, 'log_cb') !== null) conf_set_log_cb(conf, (_rk, level, fac, text) => log_cb!(level, fac, text));
  if (hook(fn, given, 'stats_cb') !== null)
    conf_set_stats_cb(conf, (_rk, json) => {
      stats_cb!(JSON.parse(json));
      return 0;
    });
  // Kept, and warned about, until there is SASL.
  if (hook(fn, given, 'token') !== null) conf_set_oauthbearer_token_refresh_cb(conf, () => {});
}

/** A fatal error with its own code and text, as rd_kafka_fatal_error has them. */
function errorOf(rk: rd_kafka_t, err: number, reason: string): KafkaError {
  if (err !== RD_KAFKA_RESP_ERR__FATAL) return kafkaErrorOf(err, reason);
  const text = out<string>('');
  const code = fatal_error(rk, text);
  return kafkaErrorOf(code, text.value, { fatal: true });
}

function workerUrl(fn: string, given: Given): string | null {
  const url = given['worker_url'];
  if (url === undefined || url === null) return null;
  if (typeof url === 'string') return url;
  const { href } = url as { readonly href?: unknown };
  if (typeof href !== 'string') throw typeError(fn, 'conf.worker_url', 'a string or a URL', url);
  return href;
}
