// Chapter "log" of rdkafka.h: where a handle's log lines go, and writing lines of one's own. @thread app
import type { Handle } from '../app/handle.ts';
import { printLine } from '../app/log.ts';
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import type { LogCb, rd_kafka_queue_t, rd_kafka_t } from '../defs/types.ts';
import { checkBrandOrNull, checkFunctionOrNull, checkInt32, checkString } from '../rd/check.ts';
import { checkHandle } from './check_handle.ts';

/**
 * rd_kafka_set_logger, deprecated (use conf_set_log_cb): `func` gets the handle's log lines from here on, in the calls
 * that serve log_cb; null: nothing is logged any more. Lines that wait go to the new one. Never blocks.
 */
export function set_logger(rk: rd_kafka_t, func: LogCb | null): void {
  checkHandle('set_logger', rk).callbacks.setLogCb(checkFunctionOrNull('set_logger', 'func', func));
}

/**
 * rd_kafka_set_log_level, deprecated (use the property `log_level`): lines less severe than `level` (0 emergency to 7
 * debug, as in syslog) are dropped from here on, in every thread of the handle. Never blocks.
 */
export function set_log_level(rk: rd_kafka_t, level: number): void {
  checkHandle('set_log_level', rk).logs.setLevel(checkInt32('set_log_level', 'level', level));
}

/**
 * rd_kafka_log_print: writes one line to stderr, `%<level>|<seconds>.<ms>|<fac>|<name>| <buf>`, whatever the log level:
 * the default log_cb, for use in one's own. `rk` null leaves the name empty. Never throws for a stderr that is full or
 * closed, and waits for it at most some 50 ms a second.
 */
export function log_print(rk: rd_kafka_t | null, level: number, fac: string, buf: string): void {
  const fn = 'log_print';
  const handle = checkBrandOrNull<Handle>(fn, 'rk', rk, 'rd_kafka_t');
  checkInt32(fn, 'level', level);
  checkString(fn, 'fac', fac);
  checkString(fn, 'buf', buf);
  if (handle === null) printLine(level, fac, '', buf);
  else handle.logs.print(level, fac, buf);
}

/** rd_kafka_log_syslog: there is no syslog here, so it writes like log_print; the first call of a handle says so. */
export function log_syslog(rk: rd_kafka_t, level: number, fac: string, buf: string): void {
  const fn = 'log_syslog';
  const { logs } = checkHandle(fn, rk);
  logs.syslog(checkInt32(fn, 'level', level), checkString(fn, 'fac', fac), checkString(fn, 'buf', buf));
}

/**
 * rd_kafka_set_log_queue: where log lines go when `log.queue` is true: null, the main queue, which poll serves: 0.
 * Any other queue is remembered and has no effect yet, with a warning: lines still go to the main queue. _NOT_CONFIGURED
 * without `log.queue`. Never blocks.
 */
export function set_log_queue(rk: rd_kafka_t, rkqu: rd_kafka_queue_t | null): rd_kafka_resp_err_t {
  const { logs } = checkHandle('set_log_queue', rk);
  return logs.setQueue(checkBrandOrNull<rd_kafka_queue_t>('set_log_queue', 'rkqu', rkqu, 'rd_kafka_queue_t'));
}
