// The one step between a conf as it was set and a handle: checks and adjustments that join several properties. @thread app
import { RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_VERSION } from '../defs/enums.ts';
import { type Callbacks, callbacksOf, type TopicCallbacks, topicCallbacksOf } from './callbacks.ts';
import { type Conf, TopicConf } from './conf.ts';
import { CONSUMER_RULES } from './finalize_consumer.ts';
import { PRODUCER_RULES } from './finalize_producer.ts';
import { PROTOCOL_RULES, SECURITY_RULES } from './finalize_security.ts';
import { finalizeTopicConf, LINGER_ERROR, lingersTooLong } from './finalize_topic.ts';
import type { ClientType, Context, Rule } from './finalize_types.ts';
import { settingsOf, topicSettingsOf } from './settings.ts';
import type { Settings, TopicSettings } from './settings_type.ts';
import { topicWarnings, warningsOf } from './warnings.ts';

export type { ClientType } from './finalize_types.ts';

/** A conf that a handle can be made of. */
export interface Finalized {
  /** A copy with every adjustment: what rd_kafka_conf(rk) shows. */
  readonly conf: Conf;
  readonly settings: Settings;
  /** Of the default topic conf. */
  readonly topic: TopicSettings;
  readonly callbacks: Callbacks;
  readonly topicCallbacks: TopicCallbacks;
  /** Log lines of level LOG_WARNING, facility CONFWARN. */
  readonly warnings: readonly string[];
  /** Log lines of level LOG_NOTICE, facility CONFWARN. */
  readonly notices: readonly string[];
}

export interface FinalizedTopic {
  readonly topicConf: TopicConf;
  readonly topic: TopicSettings;
  readonly callbacks: TopicCallbacks;
  /** Log lines of level LOG_WARNING, facility CONFWARN. */
  readonly warnings: readonly string[];
}

/** Why there can be no handle; `code` is always _INVALID_ARG. */
export interface Refused {
  readonly errstr: string;
  readonly code: number;
}

/**
 * Checks and adjusts a copy of `conf`; `conf` itself stays as it is, so that it can be corrected after an error
 * (rd_kafka_conf_finalize and the configuration part of rd_kafka_new).
 */
export function finalize(conf: Conf, type: ClientType): Finalized | Refused {
  const context: Context = { type, conf: copyOf(conf), given: conf };
  for (const rule of rulesFor(type)) {
    const error = rule(context);
    if (error) return refused(error);
  }
  const settings = settingsOf(context.conf);
  const topicConf = context.conf.topicConf ?? new TopicConf();
  return {
    conf: context.conf,
    settings,
    topic: topicSettingsOf(topicConf, settings),
    callbacks: callbacksOf(context.conf),
    topicCallbacks: topicCallbacksOf(topicConf),
    ...warningsOf(context),
  };
}

/**
 * The same for a topic of a handle with the finished `conf`: of `topicConf` (left as it is), or of the default one
 * where it is null (the check in rd_kafka_topic_new).
 */
export function finalizeTopic(conf: Conf, type: ClientType, topicConf: TopicConf | null): FinalizedTopic | Refused {
  const own = (topicConf ?? conf.topicConf)?.dup() ?? new TopicConf();
  const error = type === 'producer' ? finalizeTopicConf(conf, own) : null;
  if (error !== null) return refused(error);
  return {
    topicConf: own,
    topic: topicSettingsOf(own, settingsOf(conf)),
    callbacks: topicCallbacksOf(own),
    warnings: topicConf ? topicWarnings(own, type) : [],
  };
}

function refused(errstr: string): Refused {
  return { errstr, code: RD_KAFKA_RESP_ERR__INVALID_ARG };
}

function copyOf(conf: Conf): Conf {
  const copy = conf.dup();
  copy.readOnly = 'belongs to a handle';
  copy.isShareConsumer = conf.isShareConsumer;
  copy.topicConfOverwritten = conf.topicConfOverwritten;
  return copy;
}

function rulesFor(type: ClientType): readonly Rule[] {
  const own = type === 'producer' ? PRODUCER_RULES : CONSUMER_RULES;
  return [...START_RULES, ...SECURITY_RULES, ...own, ...END_RULES, assignors, mock, ...PROTOCOL_RULES];
}

/** What the ApiVersions request says of us, in the letters that brokers take. */
const software: Rule = ({ conf }) => {
  const version = [24, 16, 8].map((bits) => (RD_KAFKA_VERSION >>> bits) & 0xff).join('.');
  const names = { 'client.software.name': 'rdkafka-ts', 'client.software.version': version } as const;
  for (const name of ['client.software.name', 'client.software.version'] as const) {
    const value = conf.isModified(name) ? (conf.value(name) ?? names[name]) : names[name];
    conf.adjust(name, safeName(value) || names[name]);
  }
};

function safeName(value: string): string {
  return value.replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '').replace(/[^a-zA-Z0-9.-]/g, '-');
}

const mandatory: Rule = ({ conf }) => {
  const missing = ['socket_cb', 'open_cb'].find((name) => conf.pointer(name) === null);
  return missing ? `\`${missing}\` must be set` : null;
};

const START_RULES: readonly Rule[] = [software, mandatory];

const metadataAge: Rule = ({ conf }) => {
  const interval = conf.value('topic.metadata.refresh.interval.ms');
  if (!conf.isModified('metadata.max.age.ms') && interval > 0) conf.adjust('metadata.max.age.ms', interval * 3);
};

const reconnect: Rule = ({ conf }) =>
  conf.value('reconnect.backoff.max.ms') < conf.value('reconnect.backoff.ms')
    ? '`reconnect.backoff.max.ms` must be at least `reconnect.backoff.ms`'
    : null;

const fastRefresh: Rule = ({ conf }) => {
  const name = 'topic.metadata.refresh.fast.interval.ms';
  if (!conf.isModified(name)) conf.adjust(name, conf.value('retry.backoff.ms'));
};

/** Azure cuts connections that are idle for four minutes. */
const azure: Rule = ({ conf }) => {
  if (conf.isModified('connections.max.idle.ms')) return;
  if (/azure/i.test(conf.value('metadata.broker.list') ?? '')) conf.adjust('connections.max.idle.ms', 230_000);
};

const autoCreate: Rule = ({ conf, type }) => {
  if (!conf.isModified('allow.auto.create.topics')) conf.adjust('allow.auto.create.topics', type === 'producer');
};

/** The linger of a user is an error, our default gives way. */
const defaultTopicLinger: Rule = ({ conf, type }) => {
  const topicConf = conf.topicConf;
  if (!topicConf || type !== 'producer' || !lingersTooLong({ conf, topicConf })) return null;
  if (conf.isModified('queue.buffering.max.ms')) return LINGER_ERROR;
  conf.adjust('queue.buffering.max.ms', topicConf.value('message.timeout.ms') - 0.1);
  return null;
};

const defaultTopic: Rule = ({ conf, type }) =>
  conf.topicConf && type === 'producer' ? finalizeTopicConf(conf, conf.topicConf) : null;

const EVENT_BITS = { dr_cb: 0x1, dr_msg_cb: 0x1, rebalance_cb: 0x10, offset_commit_cb: 0x20, error_cb: 0x8 };

const events: Rule = ({ conf }) => {
  let bits = conf.value('enabled_events');
  for (const [name, bit] of Object.entries(EVENT_BITS)) if (conf.pointer(name) !== null) bits |= bit;
  const tokens = conf.pointer('oauthbearer_token_refresh_cb') !== null;
  const unsecured = conf.value('enable.sasl.oauthbearer.unsecure.jwt');
  if ((tokens || unsecured) && conf.value('sasl.oauthbearer.method') !== 'oidc') bits |= 0x100;
  conf.adjust('enabled_events', bits);
};

const debugLevel: Rule = ({ conf }) => {
  if (conf.value('debug') !== 0) conf.adjust('log_level', 7);
};

const END_RULES: readonly Rule[] = [
  metadataAge,
  reconnect,
  fastRefresh,
  azure,
  autoCreate,
  defaultTopicLinger,
  defaultTopic,
  events,
  debugLevel,
];

const ASSIGNORS: Readonly<Record<string, 'eager' | 'cooperative'>> = {
  range: 'eager',
  roundrobin: 'eager',
  'cooperative-sticky': 'cooperative',
};

const assignors: Rule = ({ conf }) => {
  const strategy = conf.value('partition.assignment.strategy') ?? '';
  if (strategy === '') return null;
  const names = strategy.replace(/^[ ,]+/, '').split(/,[ ,]*/);
  // librdkafka forgives one comma at the end.
  if (/[^ ,],$/.test(strategy)) names.pop();
  const wanted = names.map((name) => name.trim());
  const unknown = wanted.find((name) => !Object.hasOwn(ASSIGNORS, name));
  if (unknown !== undefined) return `unsupported partition.assignment.strategy: ${unknown}`;
  const protocols = new Set(wanted.map((name) => ASSIGNORS[name]));
  return protocols.size > 1
    ? `the assignors of partition.assignment.strategy (${strategy}) must be all eager or all cooperative`
    : null;
};

const mock: Rule = ({ conf }) => {
  if (conf.value('test.mock.num.brokers') > 0) conf.adjust('security.protocol', 'plaintext');
};
