// Rules for a topic conf under a finished global one: acks, order and timeouts of producers. @thread app
import type { Conf, TopicConf } from './conf.ts';

interface TopicContext {
  readonly conf: Conf;
  readonly topicConf: TopicConf;
}
type TopicRule = (context: TopicContext) => string | null;

const idempotentAcks: TopicRule = ({ conf, topicConf }) => {
  if (!conf.value('enable.idempotence')) return null;
  const name = 'request.required.acks';
  if (topicConf.isModified(name)) {
    return topicConf.value(name) === -1 ? null : '`acks` must be `all` with `enable.idempotence`';
  }
  topicConf.adjust(name, -1);
  return null;
};

const idempotentOrder: TopicRule = ({ conf, topicConf }) => {
  if (!conf.value('enable.idempotence')) return null;
  const name = 'queuing.strategy';
  if (topicConf.isModified(name)) {
    return topicConf.value(name) === 'fifo' ? null : `\`${name}\` must be \`fifo\` with \`enable.idempotence\``;
  }
  topicConf.adjust(name, 'fifo');
  return null;
};

const transactionalTimeout: TopicRule = ({ conf, topicConf }) => {
  if (!conf.value('enable.idempotence') || conf.value('transactional.id') === null) return null;
  const timeout = conf.value('transaction.timeout.ms');
  if (topicConf.isModified('message.timeout.ms')) {
    return topicConf.value('message.timeout.ms') > timeout
      ? '`message.timeout.ms` must be at most `transaction.timeout.ms`'
      : null;
  }
  topicConf.adjust('message.timeout.ms', timeout);
  return null;
};

/** True when the linger would outlast the message. */
export function lingersTooLong({ conf, topicConf }: TopicContext): boolean {
  const timeout = topicConf.value('message.timeout.ms');
  return timeout !== 0 && timeout <= conf.value('queue.buffering.max.ms');
}

export const LINGER_ERROR = '`message.timeout.ms` must be greater than `linger.ms`';

const linger: TopicRule = (context) =>
  lingersTooLong(context) && context.conf.isModified('queue.buffering.max.ms') ? LINGER_ERROR : null;

const RULES: readonly TopicRule[] = [idempotentAcks, idempotentOrder, transactionalTimeout, linger];

/** Adjusts `topicConf`, or says why a producer with `conf` can't have such a topic. Consumers have no rules. */
export function finalizeTopicConf(conf: Conf, topicConf: TopicConf): string | null {
  for (const rule of RULES) {
    const error = rule({ conf, topicConf });
    if (error !== null) return error;
  }
  return null;
}
