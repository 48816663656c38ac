// Chapter "headers" of rdkafka.h: the header list itself, and the headers of a message. @thread app
import { RD_KAFKA_RESP_ERR__NOENT, RD_KAFKA_RESP_ERR_NO_ERROR, type rd_kafka_resp_err_t } from '../defs/enums.ts';
import { type Header, HeaderList, headerValue } from '../defs/headers.ts';
import type { MessageParts } from '../defs/message.ts';
import type { Out } from '../defs/out.ts';
import type { Bytes, rd_kafka_headers_t, rd_kafka_message_t } from '../defs/types.ts';
import { checkBrand, checkOut, checkSize, checkString } from '../rd/check.ts';

/** rd_kafka_headers_new: an empty list; the count is a hint that changes nothing. The caller owns it. Never blocks. */
export function headers_new(initial_count?: number): rd_kafka_headers_t {
  if (initial_count !== undefined) checkSize('headers_new', 'initial_count', initial_count);
  return new HeaderList();
}

/** rd_kafka_headers_destroy: may be left out; the list can't be used afterwards. Not for a list that a message owns. */
export function headers_destroy(hdrs: rd_kafka_headers_t): void {
  checked('headers_destroy', 'hdrs', hdrs).destroy();
}

/** rd_kafka_headers_copy: a list with the same headers that the caller owns. Never blocks. */
export function headers_copy(src: rd_kafka_headers_t): rd_kafka_headers_t {
  return checked('headers_copy', 'src', src).copy();
}

/**
 * rd_kafka_header_add: appends a header; one of the same name stays. The value is copied; null and empty differ; a
 * string is kept as its UTF-8. Gives RD_KAFKA_RESP_ERR_NO_ERROR.
 */
export function header_add(hdrs: rd_kafka_headers_t, name: string, value: Bytes): rd_kafka_resp_err_t {
  const list = checked('header_add', 'hdrs', hdrs);
  list.add(checkString('header_add', 'name', name), headerValue('header_add', 'value', value));
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/** rd_kafka_header_remove: removes every header of that name; _NOENT when there is none. */
export function header_remove(hdrs: rd_kafka_headers_t, name: string): rd_kafka_resp_err_t {
  const list = checked('header_remove', 'hdrs', hdrs);
  return list.remove(checkString('header_remove', 'name', name)) > 0
    ? RD_KAFKA_RESP_ERR_NO_ERROR
    : RD_KAFKA_RESP_ERR__NOENT;
}

/** rd_kafka_header_get_last: the value that was added last under that name (not a copy), or _NOENT. */
export function header_get_last(
  hdrs: rd_kafka_headers_t,
  name: string,
  valuep: Out<Buffer | null> | null,
): rd_kafka_resp_err_t {
  const list = checked('header_get_last', 'hdrs', hdrs);
  checkString('header_get_last', 'name', name);
  return give('header_get_last', list.last(name), null, valuep);
}

/** rd_kafka_header_get: the value of the idx-th header of that name, from 0 in order (not a copy), or _NOENT. */
export function header_get(
  hdrs: rd_kafka_headers_t,
  idx: number,
  name: string,
  valuep: Out<Buffer | null> | null,
): rd_kafka_resp_err_t {
  const list = checked('header_get', 'hdrs', hdrs);
  checkSize('header_get', 'idx', idx);
  checkString('header_get', 'name', name);
  return give('header_get', list.get(name, idx), null, valuep);
}

/** rd_kafka_header_get_all: name and value of the idx-th header, from 0 in order (not a copy), or _NOENT. */
export function header_get_all(
  hdrs: rd_kafka_headers_t,
  idx: number,
  namep: Out<string> | null,
  valuep: Out<Buffer | null> | null,
): rd_kafka_resp_err_t {
  const list = checked('header_get_all', 'hdrs', hdrs);
  return give('header_get_all', list.list[checkSize('header_get_all', 'idx', idx)], namep, valuep);
}

/** rd_kafka_header_cnt: how many headers there are. */
export function header_cnt(hdrs: rd_kafka_headers_t): number {
  return checked('header_cnt', 'hdrs', hdrs).list.length;
}

/**
 * rd_kafka_message_headers: the headers of a message, which go on belonging to it, or _NOENT when it has none.
 * Parses them at the first call; headers that can't be read give _BAD_MSG.
 */
export function message_headers(
  rkmessage: rd_kafka_message_t,
  hdrsp: Out<rd_kafka_headers_t> | null,
): rd_kafka_resp_err_t {
  return giveHeaders('message_headers', message('message_headers', rkmessage), hdrsp);
}

/**
 * rd_kafka_message_detach_headers: like message_headers, but the caller owns them. A report has none any more; a consumed
 * message gives, when asked again, a new list of those that its record came with.
 */
export function message_detach_headers(
  rkmessage: rd_kafka_message_t,
  hdrsp: Out<rd_kafka_headers_t> | null,
): rd_kafka_resp_err_t {
  const parts = message('message_detach_headers', rkmessage);
  const err = giveHeaders('message_detach_headers', parts, hdrsp);
  if (err === RD_KAFKA_RESP_ERR_NO_ERROR) parts.setHeaderList(null);
  return err;
}

/**
 * rd_kafka_message_set_headers: gives the message these headers in place of those it had, which are destroyed. It takes
 * them over: using `hdrs` afterwards throws.
 */
export function message_set_headers(rkmessage: rd_kafka_message_t, hdrs: rd_kafka_headers_t): void {
  const parts = message('message_set_headers', rkmessage);
  const headers = checked('message_set_headers', 'hdrs', hdrs);
  const old = parts.headerList();
  parts.setHeaderList(headers.takeOver());
  if (old !== headers) old?.destroy();
}

function checked(fn: string, param: string, hdrs: rd_kafka_headers_t): HeaderList {
  return checkBrand<HeaderList>(fn, param, hdrs, 'rd_kafka_headers_t');
}

function message(fn: string, rkmessage: rd_kafka_message_t): MessageParts {
  return checkBrand<MessageParts>(fn, 'rkmessage', rkmessage, 'rd_kafka_message_t');
}

function give(
  fn: string,
  header: Header | undefined,
  namep: Out<string> | null,
  valuep: Out<Buffer | null> | null,
): rd_kafka_resp_err_t {
  const name = checkOut(fn, 'namep', namep);
  const value = checkOut(fn, 'valuep', valuep);
  if (header === undefined) return RD_KAFKA_RESP_ERR__NOENT;
  if (name !== null) name.value = header[0];
  if (value !== null) value.value = header[1];
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

function giveHeaders(fn: string, parts: MessageParts, hdrsp: Out<rd_kafka_headers_t> | null): rd_kafka_resp_err_t {
  const out = checkOut(fn, 'hdrsp', hdrsp);
  const err = parts.headerError();
  if (err !== RD_KAFKA_RESP_ERR_NO_ERROR) return err;
  const headers = parts.headerList();
  if (headers === null) return RD_KAFKA_RESP_ERR__NOENT;
  if (out !== null) out.value = headers;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}
