// Chapter "topic" of rdkafka.h: topic handles. @thread app
import type { Handle } from '../app/handle.ts';
import { setLastError } from '../app/registry.ts';
import type { Topic } from '../app/topic.ts';
import { type Conf, markTakenOver, type TopicConf } from '../conf/conf.ts';
import { finalizeTopic } from '../conf/finalize.ts';
import { RD_KAFKA_RESP_ERR__INVALID_ARG } from '../defs/enums.ts';
import type { rd_kafka_t, rd_kafka_topic_conf_t, rd_kafka_topic_t } from '../defs/types.ts';
import { checkBrandOrNull, checkString, GONE } from '../rd/check.ts';
import { checkHandle, checkTopic } from './check_handle.ts';

const MAX_NAME = 512;

/**
 * rd_kafka_topic_new: a handle on a topic, with settings of its own or, with null, the default ones. The same name gives
 * the same handle again, counted; a second configuration is then dropped. `conf` is taken over. A producer begins to ask
 * for the topic's metadata. null: the name (1 to 512 characters) or the configuration does not hold; last_error() says
 * _INVALID_ARG. Never blocks.
 */
export function topic_new(rk: rd_kafka_t, topic: string, conf: rd_kafka_topic_conf_t | null): rd_kafka_topic_t | null {
  const handle = checkHandle('topic_new', rk);
  checkString('topic_new', 'topic', topic);
  const own = checkBrandOrNull<TopicConf>('topic_new', 'conf', conf, 'rd_kafka_topic_conf_t');
  if (topic === '' || topic.length > MAX_NAME) return refuse();
  const made = handle.topics.get(topic) ?? make(handle, topic, own);
  if (made === null) return refuse();
  if (own !== null) markTakenOver(own, 'rd_kafka_topic_new');
  made.references++;
  made[GONE] = '';
  setLastError(0);
  return made;
}

function make(rk: Handle, name: string, conf: TopicConf | null): Topic | null {
  const finished = finalizeTopic(rk.conf as Conf, rk.producer ? 'producer' : 'consumer', conf);
  if ('errstr' in finished) {
    rk.logs.add(3, 'TOPICCONF', `${name}: ${finished.errstr}`);
    return null;
  }
  for (const text of finished.warnings) rk.logs.add(4, 'CONFWARN', text);
  return rk.topic(name, finished.topic, finished.callbacks);
}

function refuse(): null {
  setLastError(RD_KAFKA_RESP_ERR__INVALID_ARG, 22);
  return null;
}

/** rd_kafka_topic_destroy: gives back one use of the handle; the last one ends it. Messages on their way go on. */
export function topic_destroy(rkt: rd_kafka_topic_t): void {
  const topic = checkTopic('topic_destroy', rkt);
  topic.rk.releaseTopic(topic);
}

/** rd_kafka_topic_name. Never blocks. */
export function topic_name(rkt: rd_kafka_topic_t): string {
  return checkTopic('topic_name', rkt).name;
}

/** rd_kafka_topic_opaque: what topic_conf_set_opaque was given. Never blocks. */
export function topic_opaque(rkt: rd_kafka_topic_t): any {
  return checkTopic('topic_opaque', rkt).opaque;
}
