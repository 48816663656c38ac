// Rules for producers: transactions, idempotence, sticky partitioning. @thread app
import type { Rule } from './finalize_types.ts';
import { INT_MAX } from './row_parts.ts';

const transactional: Rule = ({ conf }) => {
  if (conf.value('transactional.id') === null || conf.value('enable.idempotence')) return null;
  if (conf.isModified('enable.idempotence')) return '`transactional.id` needs `enable.idempotence=true`';
  conf.adjust('enable.idempotence', true);
  return null;
};

/** At least one request must fit into a transaction. */
const transactionalSocket: Rule = ({ conf }) => {
  if (conf.value('transactional.id') === null) return null;
  const timeout = conf.value('transaction.timeout.ms');
  if (!conf.isModified('socket.timeout.ms')) {
    conf.adjust('socket.timeout.ms', Math.max(timeout - 100, 900));
    return null;
  }
  return conf.value('socket.timeout.ms') > timeout + 100
    ? '`socket.timeout.ms` must be at most `transaction.timeout.ms` + 100'
    : null;
};

const MAX_IN_FLIGHT = 5;

const idempotentInFlight: Rule = ({ conf }) => {
  if (!conf.value('enable.idempotence')) return null;
  const name = 'max.in.flight.requests.per.connection';
  const inFlight = conf.value(name);
  if (conf.isModified(name)) {
    return inFlight > MAX_IN_FLIGHT
      ? `\`max.in.flight\` must be at most ${MAX_IN_FLIGHT} with \`enable.idempotence\``
      : null;
  }
  conf.adjust(name, Math.min(inFlight, MAX_IN_FLIGHT));
  return null;
};

const idempotentRetries: Rule = ({ conf }) => {
  if (!conf.value('enable.idempotence')) return null;
  if (conf.isModified('message.send.max.retries')) {
    return conf.value('message.send.max.retries') < 1 ? '`retries` must be at least 1 with `enable.idempotence`' : null;
  }
  conf.adjust('message.send.max.retries', INT_MAX);
  return null;
};

const idempotentBackpressure: Rule = ({ conf }) => {
  if (!conf.value('enable.idempotence')) return null;
  const name = 'queue.buffering.backpressure.threshold';
  if (conf.isModified(name) && conf.value(name) > 1) return `\`${name}\` must be 1 with \`enable.idempotence\``;
  conf.adjust(name, 1);
  return null;
};

const gapless: Rule = ({ conf }) =>
  !conf.value('enable.idempotence') &&
  conf.value('enable.gapless.guarantee') &&
  conf.isModified('enable.gapless.guarantee')
    ? '`enable.gapless.guarantee` needs `enable.idempotence`'
    : null;

const sticky: Rule = ({ conf }) => {
  if (conf.isModified('sticky.partitioning.linger.ms')) return;
  conf.adjust('sticky.partitioning.linger.ms', Math.trunc(Math.min(900_000, 2 * conf.value('queue.buffering.max.ms'))));
};

/** In librdkafka's order: of several faults the first is reported. */
export const PRODUCER_RULES: readonly Rule[] = [
  transactional,
  transactionalSocket,
  idempotentInFlight,
  idempotentRetries,
  idempotentBackpressure,
  gapless,
  sticky,
];
