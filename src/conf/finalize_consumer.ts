// Rules for consumers and share consumers. @thread app
import type { Rule } from './finalize_types.ts';
import { INT_MAX } from './row_parts.ts';

const EVENT_REBALANCE = 0x10;
const NOT_FOR_SHARE = [
  'enable.auto.commit',
  'group.protocol',
  'socket.max.fails',
  'partition.assignment.strategy',
  'group.instance.id',
  'isolation.level',
  'group.remote.assignor',
  'queued.min.messages',
  'queued.max.messages.kbytes',
  'fetch.queue.backoff.ms',
  'fetch.error.backoff.ms',
  'enable.partition.eof',
  'message.copy.max.bytes',
  'topic.blacklist',
  'allow.auto.create.topics',
] as const;
const TOPIC_NOT_FOR_SHARE = ['auto.offset.reset', 'consume.callback.max.messages'] as const;

const shareRefuses: Rule = ({ conf }) => {
  if (!conf.isShareConsumer) return null;
  let wrong: string | undefined;
  if (conf.pointer('rebalance_cb') !== null) wrong = 'rebalance_cb';
  else if (conf.value('enabled_events') & EVENT_REBALANCE) wrong = 'RD_KAFKA_EVENT_REBALANCE';
  else {
    wrong =
      ['offset_commit_cb', 'consume_cb'].find((name) => conf.pointer(name) !== null) ??
      NOT_FOR_SHARE.find((name) => conf.isModified(name)) ??
      TOPIC_NOT_FOR_SHARE.find((name) => conf.topicConf?.isModified(name));
  }
  return wrong ? `\`${wrong}\` can't be set for a share consumer` : null;
};

const shareAdjusts: Rule = ({ conf }) => {
  if (!conf.isShareConsumer) return;
  if (!conf.isModified('connections.max.idle.ms')) conf.adjust('connections.max.idle.ms', 540_000);
  if (!conf.isModified('reconnect.backoff.ms')) conf.adjust('reconnect.backoff.ms', 50);
  if (!conf.isModified('reconnect.backoff.max.ms')) conf.adjust('reconnect.backoff.max.ms', 1000);
  if (!conf.isModified('receive.message.max.bytes')) conf.adjust('receive.message.max.bytes', INT_MAX);
  conf.adjust('enable.auto.commit', false);
  conf.adjust('group.protocol', 'consumer');
  conf.adjust('socket.max.fails', 1);
};

const fetchMinBytes: Rule = ({ conf }) => {
  const bytes = conf.value('fetch.min.bytes');
  return conf.isShareConsumer || (bytes >= 1 && bytes <= 100_000_000)
    ? null
    : `property "fetch.min.bytes": value ${bytes} is outside the range 1..100000000`;
};

const pollInterval: Rule = ({ conf }) =>
  conf.value('group.protocol') === 'classic' && conf.value('max.poll.interval.ms') < conf.value('session.timeout.ms')
    ? '`max.poll.interval.ms` must be at least `session.timeout.ms`'
    : null;

const NOT_FOR_CONSUMER_PROTOCOL = [
  'session.timeout.ms',
  'partition.assignment.strategy',
  'group.protocol.type',
  'heartbeat.interval.ms',
] as const;

const consumerProtocol: Rule = ({ conf }) => {
  if (conf.value('group.protocol') === 'classic') return null;
  const wrong = NOT_FOR_CONSUMER_PROTOCOL.find((name) => conf.isModified(name));
  return wrong ? `\`${wrong}\` can't be set with \`group.protocol=consumer\`: the broker decides` : null;
};

const fetchMaxBytes: Rule = ({ conf }) => {
  if (conf.isShareConsumer) return null;
  const bytes = conf.value('fetch.max.bytes');
  const least = conf.value('message.max.bytes');
  if (conf.isModified('fetch.max.bytes')) {
    return bytes < least ? '`fetch.max.bytes` must be at least `message.max.bytes`' : null;
  }
  conf.adjust('fetch.max.bytes', Math.max(Math.min(bytes, conf.value('queued.max.messages.kbytes') * 1024), least));
  return null;
};

const receiveMaxBytes: Rule = ({ conf }) => {
  const bytes = conf.value('receive.message.max.bytes');
  const least = conf.value('fetch.max.bytes') + 512;
  if (conf.isModified('receive.message.max.bytes')) {
    return bytes < least ? '`receive.message.max.bytes` must be at least `fetch.max.bytes` + 512' : null;
  }
  conf.adjust('receive.message.max.bytes', Math.max(bytes, least));
  return null;
};

const noIdempotence: Rule = ({ conf }) => conf.adjust('enable.idempotence', false);

/** In librdkafka's order: of several faults the first is reported. */
export const CONSUMER_RULES: readonly Rule[] = [
  shareRefuses,
  shareAdjusts,
  fetchMinBytes,
  pollInterval,
  consumerProtocol,
  fetchMaxBytes,
  receiveMaxBytes,
  noIdempotence,
];
