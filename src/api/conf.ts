// Chapter "configuration" of rdkafka.h: global configuration objects; topic ones come from topic_conf.ts. @thread app
import { CERTIFICATE_PROPERTIES, type Certificate, certificateError } from '../conf/certificate.ts';
import { Conf, end, type TopicConf } from '../conf/conf.ts';
import { renderProperties } from '../conf/manual.ts';
import {
  RD_KAFKA_CONF_INVALID,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_CONF_UNKNOWN,
  type rd_kafka_cert_enc_t,
  type rd_kafka_cert_type_t,
  type rd_kafka_conf_res_t,
} from '../defs/enums.ts';
import type { Out } from '../defs/out.ts';
import type {
  BackgroundEventCb,
  Bytes,
  ClosesocketCb,
  ConnectCb,
  ConsumeCb,
  DrCb,
  DrMsgCb,
  ErrorCb,
  LogCb,
  OauthbearerTokenRefreshCb,
  OffsetCommitCb,
  OpenCb,
  RebalanceCb,
  ResolveCb,
  rd_kafka_conf_t,
  rd_kafka_topic_conf_t,
  SocketCb,
  SslCertVerifyCb,
  StatsCb,
  ThrottleCb,
} from '../defs/types.ts';
import {
  checkArray,
  checkBrand,
  checkBytes,
  checkFunctionOrNull,
  checkInt,
  checkInt32,
  checkOut,
  checkString,
  checkStringOrNull,
  checkYesNo,
  destroyedError,
  typeError,
} from '../rd/check.ts';

export * from './topic_conf.ts';

function readable(fn: string, conf: rd_kafka_conf_t): Conf {
  return checkBrand<Conf>(fn, 'conf', conf, 'rd_kafka_conf_t');
}

function writable(fn: string, conf: rd_kafka_conf_t): Conf {
  const checked = readable(fn, conf);
  if (checked.readOnly) throw new TypeError(`${fn}: conf ${checked.readOnly} and can only be read`);
  return checked;
}

/** A setter that only keeps: the property is `set by the user` from then on, so that `new` warns when it has no effect. */
function keep(fn: string, conf: rd_kafka_conf_t, param: string, value: unknown, property: string = param): void {
  const checked = writable(fn, conf);
  checked.setPointer(property, checkFunctionOrNull(fn, param, value));
}

/** rd_kafka_conf_new: a configuration with every default. `new` takes it over on success; else conf_destroy ends it. */
export function conf_new(): rd_kafka_conf_t {
  return new Conf();
}

/** rd_kafka_conf_destroy: the object, and its default topic configuration, can't be used afterwards. May be left out. */
export function conf_destroy(conf: rd_kafka_conf_t): void {
  end(writable('conf_destroy', conf), 'has been destroyed');
}

/** rd_kafka_conf_dup: a new one with everything that was set in `conf`, callbacks and default topic configuration too. */
export function conf_dup(conf: rd_kafka_conf_t): rd_kafka_conf_t {
  return readable('conf_dup', conf).dup();
}

/** rd_kafka_conf_dup_filter: like conf_dup, without the properties whose names begin with one of `filter`. */
export function conf_dup_filter(conf: rd_kafka_conf_t, filter: readonly string[]): rd_kafka_conf_t {
  const fn = 'conf_dup_filter';
  const checked = readable(fn, conf);
  return checked.dup(checkArray(fn, 'filter', filter).map((prefix) => checkString(fn, 'filter', prefix)));
}

/**
 * rd_kafka_conf_set: sets `name`, a topic property in the default topic configuration. null or '' as `value` gives a
 * string property its default back. RD_KAFKA_CONF_UNKNOWN or RD_KAFKA_CONF_INVALID leave the reason in `errstr`.
 */
export function conf_set(
  conf: rd_kafka_conf_t,
  name: string,
  value: string | null,
  errstr: Out<string> | null = null,
): rd_kafka_conf_res_t {
  const fn = 'conf_set';
  const checked = writable(fn, conf);
  checkString(fn, 'name', name);
  const text = checkStringOrNull(fn, 'value', value);
  const out = checkOut(fn, 'errstr', errstr);
  const result = checked.set(name, text);
  if (out && result.errstr) out.value = result.errstr;
  return result.code;
}

/** rd_kafka_conf_set_events: sum of the RD_KAFKA_EVENT_* that go to queues instead of callbacks (0 to 2^31 - 1). */
export function conf_set_events(conf: rd_kafka_conf_t, events: number): void {
  const checked = writable('conf_set_events', conf);
  checked.set('enabled_events', String(checkInt('conf_set_events', 'events', events, 0, 2147483647)));
}

/** rd_kafka_conf_set_background_event_cb: called with each event of the background queue, from the event loop. */
export function conf_set_background_event_cb(conf: rd_kafka_conf_t, event_cb: BackgroundEventCb | null): void {
  keep('conf_set_background_event_cb', conf, 'event_cb', event_cb, 'background_event_cb');
}

/** rd_kafka_conf_set_dr_cb, deprecated: called by poll and flush for each produced message. Use conf_set_dr_msg_cb. */
export function conf_set_dr_cb(conf: rd_kafka_conf_t, dr_cb: DrCb | null): void {
  keep('conf_set_dr_cb', conf, 'dr_cb', dr_cb);
}

/** rd_kafka_conf_set_dr_msg_cb: called by poll and flush once for each produced message; the message is lent. */
export function conf_set_dr_msg_cb(conf: rd_kafka_conf_t, dr_msg_cb: DrMsgCb | null): void {
  keep('conf_set_dr_msg_cb', conf, 'dr_msg_cb', dr_msg_cb);
}

/** rd_kafka_conf_set_consume_cb: called by consumer_poll with each message, which it owns, instead of returning it. */
export function conf_set_consume_cb(conf: rd_kafka_conf_t, consume_cb: ConsumeCb | null): void {
  keep('conf_set_consume_cb', conf, 'consume_cb', consume_cb);
}

/** rd_kafka_conf_set_rebalance_cb: called by consumer_poll and consumer_close; it must assign and unassign itself. */
export function conf_set_rebalance_cb(conf: rd_kafka_conf_t, rebalance_cb: RebalanceCb | null): void {
  keep('conf_set_rebalance_cb', conf, 'rebalance_cb', rebalance_cb);
}

/** rd_kafka_conf_set_offset_commit_cb: called by the serving calls with the result of each commit; the list is lent. */
export function conf_set_offset_commit_cb(conf: rd_kafka_conf_t, offset_commit_cb: OffsetCommitCb | null): void {
  keep('conf_set_offset_commit_cb', conf, 'offset_commit_cb', offset_commit_cb);
}

/** rd_kafka_conf_set_error_cb: called by the serving calls with errors of the client, most of which pass by themselves. */
export function conf_set_error_cb(conf: rd_kafka_conf_t, error_cb: ErrorCb | null): void {
  keep('conf_set_error_cb', conf, 'error_cb', error_cb);
}

/** rd_kafka_conf_set_throttle_cb: called by the serving calls when a broker slows this client down (ms). */
export function conf_set_throttle_cb(conf: rd_kafka_conf_t, throttle_cb: ThrottleCb | null): void {
  keep('conf_set_throttle_cb', conf, 'throttle_cb', throttle_cb);
}

/** rd_kafka_conf_set_log_cb: called by the serving calls with log lines; null drops them (log_print is the default). */
export function conf_set_log_cb(conf: rd_kafka_conf_t, log_cb: LogCb | null): void {
  keep('conf_set_log_cb', conf, 'log_cb', log_cb);
}

/** rd_kafka_conf_set_stats_cb: called by the serving calls every statistics.interval.ms with a JSON text. */
export function conf_set_stats_cb(conf: rd_kafka_conf_t, stats_cb: StatsCb | null): void {
  keep('conf_set_stats_cb', conf, 'stats_cb', stats_cb);
}

/** rd_kafka_conf_set_oauthbearer_token_refresh_cb: called by the serving calls when a token is needed. */
export function conf_set_oauthbearer_token_refresh_cb(
  conf: rd_kafka_conf_t,
  oauthbearer_token_refresh_cb: OauthbearerTokenRefreshCb | null,
): void {
  const name = 'oauthbearer_token_refresh_cb';
  keep('conf_set_oauthbearer_token_refresh_cb', conf, name, oauthbearer_token_refresh_cb);
}

/** rd_kafka_conf_enable_sasl_queue: token refreshes go to a queue of their own (queue_get_sasl). */
export function conf_enable_sasl_queue(conf: rd_kafka_conf_t, enable: boolean | number): void {
  const checked = writable('conf_enable_sasl_queue', conf);
  checked.set('enable_sasl_queue', String(checkYesNo('conf_enable_sasl_queue', 'enable', enable)));
}

/** rd_kafka_conf_set_socket_cb: makes sockets. Node makes its own: kept, and `new` warns. null is refused by `new`. */
export function conf_set_socket_cb(conf: rd_kafka_conf_t, socket_cb: SocketCb | null): void {
  keep('conf_set_socket_cb', conf, 'socket_cb', socket_cb);
}

/** rd_kafka_conf_set_connect_cb: connects a socket; the address comes as `{ family, address, port }`. */
export function conf_set_connect_cb(conf: rd_kafka_conf_t, connect_cb: ConnectCb | null): void {
  keep('conf_set_connect_cb', conf, 'connect_cb', connect_cb);
}

/** rd_kafka_conf_set_closesocket_cb: closes a socket. */
export function conf_set_closesocket_cb(conf: rd_kafka_conf_t, closesocket_cb: ClosesocketCb | null): void {
  keep('conf_set_closesocket_cb', conf, 'closesocket_cb', closesocket_cb);
}

/** rd_kafka_conf_set_open_cb: opens files. null is refused by `new`. */
export function conf_set_open_cb(conf: rd_kafka_conf_t, open_cb: OpenCb | null): void {
  keep('conf_set_open_cb', conf, 'open_cb', open_cb);
}

/** rd_kafka_conf_set_resolve_cb: looks a broker's name up and leaves `{ family, address, port }` objects in `res`. */
export function conf_set_resolve_cb(conf: rd_kafka_conf_t, resolve_cb: ResolveCb | null): void {
  keep('conf_set_resolve_cb', conf, 'resolve_cb', resolve_cb);
}

/** rd_kafka_conf_set_ssl_cert_verify_cb: called in the app thread for each certificate; 1 accepts, 0 refuses. */
export function conf_set_ssl_cert_verify_cb(
  conf: rd_kafka_conf_t,
  ssl_cert_verify_cb: SslCertVerifyCb | null,
): rd_kafka_conf_res_t {
  const property = 'ssl.certificate.verify_cb';
  keep('conf_set_ssl_cert_verify_cb', conf, 'ssl_cert_verify_cb', ssl_cert_verify_cb, property);
  return RD_KAFKA_CONF_OK;
}

/**
 * rd_kafka_conf_set_ssl_cert: certificate, key or CA certificates as bytes, which are copied; null clears. What can't be
 * read gives RD_KAFKA_CONF_INVALID and a text in `errstr`. A key's passphrase is ssl.key.password, to be set before.
 */
export function conf_set_ssl_cert(
  conf: rd_kafka_conf_t,
  cert_type: rd_kafka_cert_type_t,
  cert_enc: rd_kafka_cert_enc_t,
  buffer: Bytes,
  errstr: Out<string> | null = null,
): rd_kafka_conf_res_t {
  const fn = 'conf_set_ssl_cert';
  const checked = writable(fn, conf);
  const type = checkInt32(fn, 'cert_type', cert_type);
  const encoding = checkInt32(fn, 'cert_enc', cert_enc);
  const bytes = checkBytes(fn, 'buffer', buffer);
  const out = checkOut(fn, 'errstr', errstr);
  const certificate: Certificate = { type, encoding, bytes: new Uint8Array(bytes ?? []) };
  const property = CERTIFICATE_PROPERTIES[type];
  // librdkafka looks at the encoding only when there is something to decode.
  const looked = bytes === null && property !== undefined ? null : certificate;
  const error = looked && certificateError(looked, checked.value('ssl.key.password'));
  if (error !== null || property === undefined) {
    if (out) out.value = error ?? '';
    return RD_KAFKA_CONF_INVALID;
  }
  checked.setPointer(property, looked);
  return RD_KAFKA_CONF_OK;
}

/** rd_kafka_conf_set_engine_callback_data: a C pointer for an OpenSSL engine; kept, it can't have effect. */
export function conf_set_engine_callback_data(conf: rd_kafka_conf_t, callback_data: any): void {
  writable('conf_set_engine_callback_data', conf).setPointer('ssl_engine_callback_data', callback_data ?? null);
}

/** rd_kafka_conf_set_opaque: the value that callbacks get as `opaque`. */
export function conf_set_opaque(conf: rd_kafka_conf_t, opaque: any): void {
  writable('conf_set_opaque', conf).setPointer('opaque', opaque);
}

/** rd_kafka_conf_set_default_topic_conf, deprecated: takes `tconf` over, instead of what was set for topics before. */
export function conf_set_default_topic_conf(conf: rd_kafka_conf_t, tconf: rd_kafka_topic_conf_t): void {
  const fn = 'conf_set_default_topic_conf';
  const checked = writable(fn, conf);
  const topicConf = checkBrand<TopicConf>(fn, 'tconf', tconf, 'rd_kafka_topic_conf_t');
  if (topicConf.owner) throw destroyedError(fn, 'tconf', 'belongs to a conf already');
  checked.takeTopicConf(topicConf, fn);
}

/** rd_kafka_conf_get_default_topic_conf: the one that belongs to `conf`, null before a topic property was set. */
export function conf_get_default_topic_conf(conf: rd_kafka_conf_t): rd_kafka_topic_conf_t | null {
  return readable('conf_get_default_topic_conf', conf).topicConf;
}

/**
 * rd_kafka_conf_get: leaves the value in `dest`, in its canonical text. RD_KAFKA_CONF_UNKNOWN for a name that is not
 * known or not set; `dest` is left as it was then.
 */
export function conf_get(conf: rd_kafka_conf_t, name: string, dest: Out<string> | null): rd_kafka_conf_res_t {
  const checked = readable('conf_get', conf);
  checkString('conf_get', 'name', name);
  const out = checkOut('conf_get', 'dest', dest);
  const text = checked.get(name);
  if (text === null) return RD_KAFKA_CONF_UNKNOWN;
  if (out) out.value = text;
  return RD_KAFKA_CONF_OK;
}

/** rd_kafka_conf_dump: names and values in turn, secrets too; topic properties and aliases are not among them. */
export function conf_dump(conf: rd_kafka_conf_t): string[] {
  return readable('conf_dump', conf).dump();
}

/** rd_kafka_conf_dump_free: nothing to do. */
export function conf_dump_free(arr: readonly string[]): void {
  for (const text of checkArray('conf_dump_free', 'arr', arr)) checkString('conf_dump_free', 'arr', text);
}

/** rd_kafka_conf_properties_show: writes the manual of all properties, in Markdown, to anything with `write(text)`. */
export function conf_properties_show(fp: { write(text: string): unknown }): void {
  if (typeof fp?.write !== 'function') throw typeError('conf_properties_show', 'fp', 'an object with write(text)', fp);
  fp.write(renderProperties());
}
