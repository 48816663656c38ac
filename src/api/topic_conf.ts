// Chapter "topic configuration" of rdkafka.h. @thread app
import { type Conf, end, TopicConf } from '../conf/conf.ts';
import { RD_KAFKA_CONF_OK, RD_KAFKA_CONF_UNKNOWN, type rd_kafka_conf_res_t } from '../defs/enums.ts';
import type { Out } from '../defs/out.ts';
import type { MsgOrderCmp, PartitionerCb, rd_kafka_t, rd_kafka_topic_conf_t } from '../defs/types.ts';
import {
  checkBrand,
  checkFunctionOrNull,
  checkOut,
  checkString,
  checkStringOrNull,
  destroyedError,
} from '../rd/check.ts';
import { checkHandle } from './check_handle.ts';

function readable(fn: string, param: string, conf: rd_kafka_topic_conf_t): TopicConf {
  return checkBrand<TopicConf>(fn, param, conf, 'rd_kafka_topic_conf_t');
}

function writable(fn: string, param: string, conf: rd_kafka_topic_conf_t): TopicConf {
  const checked = readable(fn, param, conf);
  const reason = checked.owner?.readOnly;
  if (reason) throw new TypeError(`${fn}: ${param} ${reason} and can only be read`);
  return checked;
}

/** rd_kafka_topic_conf_new: a topic configuration with every default. `topic_new` takes it over. */
export function topic_conf_new(): rd_kafka_topic_conf_t {
  return new TopicConf();
}

/** rd_kafka_topic_conf_dup: a new one with everything that was set in `conf`, callbacks too. */
export function topic_conf_dup(conf: rd_kafka_topic_conf_t): rd_kafka_topic_conf_t {
  return readable('topic_conf_dup', 'conf', conf).dup();
}

/**
 * rd_kafka_default_topic_conf_dup: a new topic configuration with what topics of this handle have by default. Yours:
 * topic_new takes it over. Never blocks.
 */
export function default_topic_conf_dup(rk: rd_kafka_t): rd_kafka_topic_conf_t {
  const conf = checkHandle('default_topic_conf_dup', rk).conf as Conf;
  return conf.topicConf?.dup() ?? new TopicConf();
}

/** rd_kafka_topic_conf_destroy: the object can't be used afterwards; not for the default one of a conf. May be left out. */
export function topic_conf_destroy(topic_conf: rd_kafka_topic_conf_t): void {
  const fn = 'topic_conf_destroy';
  const checked = readable(fn, 'topic_conf', topic_conf);
  if (checked.owner) throw destroyedError(fn, 'topic_conf', 'belongs to a conf and ends with it');
  end(checked, 'has been destroyed');
}

/**
 * rd_kafka_topic_conf_set: sets `name`, of which one leading `topic.` is dropped. null or '' as `value` gives a string
 * property its default back. RD_KAFKA_CONF_UNKNOWN or RD_KAFKA_CONF_INVALID leave the reason in `errstr`.
 */
export function topic_conf_set(
  conf: rd_kafka_topic_conf_t,
  name: string,
  value: string | null,
  errstr: Out<string> | null = null,
): rd_kafka_conf_res_t {
  const fn = 'topic_conf_set';
  const checked = writable(fn, 'conf', conf);
  checkString(fn, 'name', name);
  const text = checkStringOrNull(fn, 'value', value);
  const out = checkOut(fn, 'errstr', errstr);
  const result = checked.set(name, text);
  if (out && result.errstr) out.value = result.errstr;
  return result.code;
}

/** rd_kafka_topic_conf_get: leaves the value in `dest`, in its canonical text; RD_KAFKA_CONF_UNKNOWN where there is none. */
export function topic_conf_get(
  conf: rd_kafka_topic_conf_t,
  name: string,
  dest: Out<string> | null,
): rd_kafka_conf_res_t {
  const checked = readable('topic_conf_get', 'conf', conf);
  checkString('topic_conf_get', 'name', name);
  const out = checkOut('topic_conf_get', 'dest', dest);
  const text = checked.getText(name);
  if (text === null) return RD_KAFKA_CONF_UNKNOWN;
  if (out) out.value = text;
  return RD_KAFKA_CONF_OK;
}

/** rd_kafka_topic_conf_dump: names and values in turn; aliases are not among them. */
export function topic_conf_dump(conf: rd_kafka_topic_conf_t): string[] {
  return readable('topic_conf_dump', 'conf', conf).dump();
}

/** rd_kafka_topic_conf_set_opaque: the value of topic_opaque, which topic callbacks get as `rkt_opaque`. */
export function topic_conf_set_opaque(conf: rd_kafka_topic_conf_t, rkt_opaque: any): void {
  writable('topic_conf_set_opaque', 'conf', conf).setPointer('opaque', rkt_opaque);
}

/** rd_kafka_topic_conf_set_partitioner_cb: chooses the partition of each message; must be quick and must not throw. */
export function topic_conf_set_partitioner_cb(
  topic_conf: rd_kafka_topic_conf_t,
  partitioner: PartitionerCb | null,
): void {
  const fn = 'topic_conf_set_partitioner_cb';
  const checked = writable(fn, 'topic_conf', topic_conf);
  checked.setPointer('partitioner_cb', checkFunctionOrNull(fn, 'partitioner', partitioner));
}

/** rd_kafka_topic_conf_set_msg_order_cmp: orders waiting messages; the smaller is sent first. */
export function topic_conf_set_msg_order_cmp(
  topic_conf: rd_kafka_topic_conf_t,
  msg_order_cmp: MsgOrderCmp | null,
): void {
  const fn = 'topic_conf_set_msg_order_cmp';
  const checked = writable(fn, 'topic_conf', topic_conf);
  checked.setPointer('msg_order_cmp', checkFunctionOrNull(fn, 'msg_order_cmp', msg_order_cmp));
}
