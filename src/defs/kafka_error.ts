// rd_kafka_error_t: one error class, with code, type and three flags (api.md section 2). @thread any
import { GONE } from '../rd/check.ts';
import type { ErrorType, rd_kafka_resp_err_t } from './enums.ts';
import { errorName, errorText, isRetriable } from './errors.ts';

// Every copy of this library (ESM, CommonJS, a bundled one) marks its prototype with this, so that instanceof holds.
const BRAND = Symbol.for('rdkafka-ts.KafkaError');

export interface KafkaErrorFlags {
  /** The client can't go on; make a new one. */
  readonly fatal?: boolean;
  /** The same call may succeed later. */
  readonly retriable?: boolean;
  /** The current transaction has to be aborted. */
  readonly txn_requires_abort?: boolean;
}

/**
 * An error of Kafka or of this client, thrown by promise forms and returned by functions that give `rd_kafka_error_t`.
 * `instanceof KafkaError` holds across copies of the library, ESM and CommonJS.
 */
export class KafkaError extends Error {
  declare readonly name: 'KafkaError';
  /** -184 */
  readonly code: rd_kafka_resp_err_t;
  /** `_QUEUE_FULL` */
  readonly type: ErrorType;
  readonly fatal: boolean;
  readonly retriable: boolean;
  readonly txn_requires_abort: boolean;

  /** `text` empty or left out: the code's own text. Flags left out are false. */
  constructor(code: rd_kafka_resp_err_t, text?: string | null, flags?: KafkaErrorFlags) {
    super(text || errorText(code));
    this.code = code;
    this.type = errorName(code);
    this.fatal = flags?.fatal ?? false;
    this.retriable = flags?.retriable ?? false;
    this.txn_requires_abort = flags?.txn_requires_abort ?? false;
  }

  get '~type'(): 'rd_kafka_error_t' {
    return 'rd_kafka_error_t';
  }

  /** error_destroy, but silent when destroyed already. */
  [Symbol.dispose](): void {
    destroyError(this);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass inherits this method, and must not take every KafkaError for its own.
    // biome-ignore lint/complexity/noThisInStatic: this is the class that was asked, a subclass perhaps
    if (this !== KafkaError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && (value as { [BRAND]?: boolean })[BRAND] === true;
  }

  static {
    Object.defineProperty(KafkaError.prototype, 'name', { value: 'KafkaError', configurable: true, writable: true });
    Object.defineProperty(KafkaError.prototype, BRAND, { value: true });
  }
}

/** The error that a promise form rejects with for a plain code; `retriable` as the table says. */
export function kafkaErrorOf(code: rd_kafka_resp_err_t, text?: string | null, flags?: KafkaErrorFlags): KafkaError {
  return new KafkaError(code, text, { retriable: isRetriable(code), ...flags });
}

/** Marks an error as destroyed; reading it through `error_*` throws from now on. */
export function destroyError(error: KafkaError): void {
  Object.defineProperty(error, GONE, { value: 'has been destroyed' });
}
