// What is said about failures of a connection: form, level, and not the same thing over and over. @thread main|broker
import { RD_KAFKA_DBG_BROKER } from '../defs/debug_contexts.generated.ts';
import { errorName } from '../defs/errors.ts';
import type { ConnectionOptions } from './options.ts';
import type { BrokerState } from './states.ts';

const ERR = 3;
const WARNING = 4;
const INFO = 6;
const DEBUG = 7;

/** An identical failure is told again after this many ms. */
export const SILENCE_MS = 30_000;
const AGE = ' (after ';
/** An established connection that breaks within this many ms was probably not what the broker expected. */
const EARLY_MS = 2000;

/** Remembers the last failure of one connection, and tells log and application. */
export class Failures {
  private readonly options: Pick<ConnectionOptions, 'log' | 'debug' | 'onError'>;
  private lastCode: number;
  private lastReason: string;
  private quietUntil: number;
  private suppressed: number;

  constructor(options: Pick<ConnectionOptions, 'log' | 'debug' | 'onError'>) {
    this.options = options;
    this.lastCode = 0;
    this.lastReason = '';
    this.quietUntil = 0;
    this.suppressed = 0;
  }

  /**
   * Tells of a failure at `now`, `age` ms after `state` was entered, and gives its text. Log: level 6 and more severe.
   * Application: level 3 and more severe. Neither, if the same was told less than 30 s ago; it is counted then.
   */
  tell(
    level: number,
    code: number,
    reason: string,
    state: BrokerState,
    age: number,
    now: number,
    name: string,
  ): string {
    const { log, debug = 0, onError } = this.options;
    const repeated = level < DEBUG && code === this.lastCode && reason === this.lastReason;
    const quiet = repeated && now < this.quietUntil;
    const count =
      repeated && !quiet && this.suppressed > 0
        ? `, ${this.suppressed} identical ${this.suppressed === 1 ? 'error' : 'errors'} suppressed`
        : '';
    const text = `${reason}${AGE}${Math.floor(age)}ms in state ${state}${count})`;
    if ((debug & RD_KAFKA_DBG_BROKER) !== 0) {
      log(
        DEBUG,
        'FAIL',
        `${name}: ${text} (${errorName(code)})${quiet ? ', not told again' : ''}`,
        RD_KAFKA_DBG_BROKER,
      );
    }
    if (level < DEBUG) this.remember(code, reason, quiet, now);
    if (level < DEBUG && !quiet) {
      log(level, 'FAIL', `${name}: ${text}`, 0);
      if (level <= ERR) onError?.(code, `${name}: ${text}`);
    }
    return text;
  }

  private remember(code: number, reason: string, quiet: boolean, now: number): void {
    this.lastCode = code;
    this.lastReason = reason;
    this.suppressed = quiet ? this.suppressed + 1 : 0;
    if (!quiet) this.quietUntil = now + SILENCE_MS;
  }
}

/** What the application was told of a failure, without when that was: the same for each connection to the broker. */
export function withoutAge(text: string): string {
  return text.slice(0, text.lastIndexOf(AGE));
}

/** What may help whoever reads that the broker hung up, `age` ms after `state` was entered; '' if nothing comes to mind. */
export function disconnectHint(state: BrokerState, age: number): string {
  if (state === 'APIVERSION_QUERY')
    return ' while asking for ApiVersions: does the listener speak TLS (see security.protocol), or is the broker older than 0.10?';
  if (state === 'UP' && age < EARLY_MS) return ': does the broker expect SASL (see security.protocol)?';
  return '';
}

/**
 * Syslog level of a disconnect by the broker. Quiet where the broker has merely closed an idle connection.
 * @param idle ms since anything was sent; @param open requests waiting for an answer or for being sent.
 */
export function disconnectLevel(logClose: boolean, age: number, idle: number, open: number, timeout: number): number {
  const quietAfter = Math.max(60_000, timeout);
  if (!logClose || (age > quietAfter && idle > quietAfter && open === 0)) return DEBUG;
  return open > 1 ? WARNING : INFO;
}
