// Chapter "error" of rdkafka.h: codes, the last error of this thread, and rd_kafka_error_t. @thread app
import { constants } from 'node:os';
import { registry } from '../app/registry.ts';
import {
  RD_KAFKA_RESP_ERR__CONFLICT,
  RD_KAFKA_RESP_ERR__FAIL,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  type rd_kafka_resp_err_t,
} from '../defs/enums.ts';
import { ERRORS, errorName, errorText } from '../defs/errors.ts';
import { destroyError, KafkaError } from '../defs/kafka_error.ts';
import type { Out } from '../defs/out.ts';
import type { rd_kafka_err_desc, rd_kafka_error_t } from '../defs/types.ts';
import { checkBrandOrNull, checkInt32, checkOut, checkString } from '../rd/check.ts';

/** rd_kafka_get_err_descs: every code with its name and text, in the order of the codes. Never blocks. */
export function get_err_descs(errdescs: Out<rd_kafka_err_desc[]> | null): void {
  const out = checkOut('get_err_descs', 'errdescs', errdescs);
  if (out !== null) out.value = ERRORS.map(([code, name, desc]) => ({ code, name, desc }));
}

/** rd_kafka_err2str: a short text for people; a code that is not known gives `Err-<code>?`. Never blocks. */
export function err2str(err: rd_kafka_resp_err_t): string {
  return errorText(checkInt32('err2str', 'err', err));
}

/** rd_kafka_err2name: the name of its constant without prefix, `_QUEUE_FULL`; not known: `ERR_<code>?`. Never blocks. */
export function err2name(err: rd_kafka_resp_err_t): string {
  return errorName(checkInt32('err2name', 'err', err));
}

/**
 * rd_kafka_last_error: why the last `produce`, `consume_*`, `topic_new`, `new` or poll of this JavaScript thread failed,
 * RD_KAFKA_RESP_ERR_NO_ERROR when it did not. Never blocks.
 */
export function last_error(): rd_kafka_resp_err_t {
  return registry().lastError;
}

/**
 * rd_kafka_errno2err: the code for a number of errno; one that has none gives _FAIL. Never blocks.
 * @deprecated use last_error()
 */
export function errno2err(errnox: number): rd_kafka_resp_err_t {
  switch (checkInt32('errno2err', 'errnox', errnox)) {
    case constants.errno.EINVAL:
      return RD_KAFKA_RESP_ERR__INVALID_ARG;
    case constants.errno.EBUSY:
      return RD_KAFKA_RESP_ERR__CONFLICT;
    case constants.errno.ENOENT:
      return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    case constants.errno.ESRCH:
      return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    case constants.errno.ETIMEDOUT:
      return RD_KAFKA_RESP_ERR__TIMED_OUT;
    case constants.errno.EMSGSIZE:
      return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    case constants.errno.ENOBUFS:
      return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    case constants.errno.ECANCELED:
      return RD_KAFKA_RESP_ERR__FATAL;
    default:
      return RD_KAFKA_RESP_ERR__FAIL;
  }
}

/**
 * rd_kafka_errno: the number of errno that goes with last_error(). Never blocks.
 * @deprecated use last_error()
 */
export function errno(): number {
  return registry().errno;
}

/** rd_kafka_error_code: the code, 0 for null. Never blocks. */
export function error_code(error: rd_kafka_error_t | null): rd_kafka_resp_err_t {
  return checked('error_code', error)?.code ?? RD_KAFKA_RESP_ERR_NO_ERROR;
}

/** rd_kafka_error_name: the name of the code, '' for null. Never blocks. */
export function error_name(error: rd_kafka_error_t | null): string {
  return checked('error_name', error)?.type ?? '';
}

/** rd_kafka_error_string: the text, '' for null. Never blocks. */
export function error_string(error: rd_kafka_error_t | null): string {
  return checked('error_string', error)?.message ?? '';
}

/** rd_kafka_error_is_fatal: 1 when the client can't go on, else 0, also for null. Never blocks. */
export function error_is_fatal(error: rd_kafka_error_t | null): number {
  return Number(checked('error_is_fatal', error)?.fatal ?? false);
}

/** rd_kafka_error_is_retriable: 1 when the same call may succeed later, else 0, also for null. Never blocks. */
export function error_is_retriable(error: rd_kafka_error_t | null): number {
  return Number(checked('error_is_retriable', error)?.retriable ?? false);
}

/** rd_kafka_error_txn_requires_abort: 1 when the transaction has to be aborted, else 0, also for null. Never blocks. */
export function error_txn_requires_abort(error: rd_kafka_error_t | null): number {
  return Number(checked('error_txn_requires_abort', error)?.txn_requires_abort ?? false);
}

/** rd_kafka_error_destroy: may be left out; null does nothing; afterwards the error can't be used here any more. */
export function error_destroy(error: rd_kafka_error_t | null): void {
  const living = checked('error_destroy', error);
  if (living !== null) destroyError(living);
}

/**
 * rd_kafka_error_new: an error object of your own, without flags. The text is final (there is no printf); an empty one
 * stands for the code's own text. The caller owns the result. Never blocks.
 */
export function error_new(code: rd_kafka_resp_err_t, text: string): rd_kafka_error_t {
  return new KafkaError(checkInt32('error_new', 'code', code), checkString('error_new', 'text', text));
}

function checked(fn: string, error: rd_kafka_error_t | null): KafkaError | null {
  return checkBrandOrNull<KafkaError>(fn, 'error', error, 'rd_kafka_error_t');
}
