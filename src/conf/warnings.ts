// What the log says about a conf when a handle is made of it: no effect yet, deprecated, unwise together. @thread app
import type { Conf, TopicConf } from './conf.ts';
import type { ClientType, Context } from './finalize_types.ts';
import { isValue, PROPERTIES } from './properties.ts';
import type { Property, Scope, ValueRow } from './row_types.ts';
import { standIn } from './settings.ts';
import { formatValue } from './text.ts';

export interface Warnings {
  /** For LOG_WARNING. */
  readonly warnings: readonly string[];
  /** For LOG_NOTICE. */
  readonly notices: readonly string[];
}

/** Of the finished conf. */
export function warningsOf({ conf, given, type }: Context): Warnings {
  const warnings = [...ofProperties('global', conf, type)];
  if (conf.topicConf) warnings.push(...topicWarnings(conf.topicConf, type));
  for (const rule of RULES) {
    const text = rule(conf, type);
    if (text) warnings.push(text);
  }
  warnings.push(...unsafeSoftware(conf, given));
  const brokers = conf.value('metadata.broker.list') ?? '';
  const lonely = brokers === '' && conf.value('test.mock.num.brokers') === 0;
  return { warnings, notices: lonely ? ['no `bootstrap.servers`: there is no cluster to connect to'] : [] };
}

/** The same for a topic conf. */
export function topicWarnings(topicConf: TopicConf, type: ClientType): string[] {
  return ofProperties('topic', topicConf, type);
}

function ofProperties(scope: Scope, conf: Conf | TopicConf, type: ClientType): string[] {
  return PROPERTIES[scope]
    .filter(isValue)
    .filter((property) => conf.modified[property.index])
    .flatMap((property) => ofProperty(property, conf.values[property.index], type));
}

function ofProperty(property: Property<ValueRow>, value: unknown, type: ClientType): string[] {
  const lines: string[] = [];
  const { name, who } = property;
  const marks = [property.deprecated && 'deprecated', property.experimental && 'experimental'].filter(Boolean);
  if (marks.length > 0) lines.push(`property ${name} is ${marks.join(' and ')}`);
  if (who && (who === 'P') !== (type === 'producer')) {
    lines.push(`property ${name} is for ${who === 'P' ? 'producers' : 'consumers'}: this ${type} ignores it`);
    return lines;
  }
  const effect = withoutEffect(property, value);
  return effect === null ? lines : [...lines, effect];
}

/** One line when setting this value does nothing, or not yet; else null. */
export function withoutEffect(property: Property<ValueRow>, value: unknown): string | null {
  const { name, effect } = property;
  if (value === null) return null;
  const text = formatValue(property, value);
  if (text !== null && property.holds?.includes(text)) return null;
  if (typeof effect === 'object') return `property ${name} has no effect: ${effect.never}`;
  if (effect === 'not-yet') return `property ${name} has no effect yet`;
  const instead = standIn(property, value);
  return instead === undefined ? null : `property ${name}: value ${text} has no effect yet, ${instead} is used`;
}

type Check = (conf: Conf, type: ClientType) => string | false;

const overwritten: Check = (conf) =>
  conf.topicConfOverwritten &&
  'topic properties of the conf were lost: set_default_topic_conf replaced them, better not use it';

const backoff: Check = (conf) => {
  const [least, most] = [conf.value('retry.backoff.ms'), conf.value('retry.backoff.max.ms')];
  return least > most && `\`retry.backoff.ms\` (${least}) is above \`retry.backoff.max.ms\` (${most}), which is used`;
};

const fastRefresh: Check = (conf) => {
  const name = 'topic.metadata.refresh.fast.interval.ms';
  const [interval, most] = [conf.value(name), conf.value('retry.backoff.max.ms')];
  return (
    conf.isModified(name) &&
    interval > most &&
    `\`${name}\` (${interval}) is above \`retry.backoff.max.ms\` (${most}), which is used`
  );
};

const fetchWait: Check = (conf, type) => {
  const [wait, timeout] = [conf.value('fetch.wait.max.ms'), conf.value('socket.timeout.ms')];
  return (
    type === 'consumer' &&
    wait + 1000 > timeout &&
    `\`fetch.wait.max.ms\` (${wait}) should be at least 1000 below \`socket.timeout.ms\` (${timeout}): fetches may time out`
  );
};

const idleMechanism: Check = (conf) =>
  conf.isModified('sasl.mechanisms') &&
  !conf.value('security.protocol').startsWith('sasl_') &&
  `\`sasl.mechanism\` is ${conf.value('sasl.mechanisms')}, but \`security.protocol\` is not SASL_SSL or SASL_PLAINTEXT`;

const idleUsername: Check = (conf) =>
  conf.isModified('sasl.username') &&
  !/^SCRAM|^PLAIN$/.test(conf.value('sasl.mechanisms') ?? '') &&
  '`sasl.username` is only used by the mechanisms PLAIN and SCRAM';

/** A broker closes the connection on anything else. */
function unsafeSoftware(conf: Conf, given: Conf): string[] {
  return (['client.software.name', 'client.software.version'] as const)
    .filter((name) => given.isModified(name) && given.value(name) !== conf.value(name))
    .map((name) => `\`${name}\` may only have letters, digits, dots and dashes: ${conf.value(name)} is sent`);
}

const RULES: readonly Check[] = [overwritten, backoff, fastRefresh, fetchWait, idleMechanism, idleUsername];
