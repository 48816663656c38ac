// A producer of the public API and the reports that it got. @thread app
import * as rk from '../../src/index.ts';
import { out } from '../../src/index.ts';

export type Report = {
  readonly err: number;
  readonly partition: number;
  readonly offset: number;
  readonly status: number;
  readonly opaque: any;
};

export type Settings = Readonly<Record<string, string>>;

export interface Producing {
  readonly handle: rk.rd_kafka_t;
  readonly reports: Report[];
  /** Called for each report behind the note in `reports`. */
  onReport: ((message: rk.rd_kafka_message_t) => void) | null;
  readonly errors: { err: number; text: string }[];
  readonly logs: string[];
}

export interface ProducerOptions {
  /** False: no delivery report callback at all. */
  readonly reports?: boolean;
}

export function confOf(settings: Settings): rk.rd_kafka_conf_t {
  const conf = rk.conf_new();
  const errstr = out('');
  for (const [name, value] of Object.entries(settings)) {
    if (rk.conf_set(conf, name, value, errstr) !== rk.RD_KAFKA_CONF_OK) throw new Error(`${name}: ${errstr.value}`);
  }
  return conf;
}

export function openProducer(settings: Settings, options: ProducerOptions = {}): Producing {
  const conf = confOf(settings);
  const reports: Report[] = [];
  const errors: { err: number; text: string }[] = [];
  const logs: string[] = [];
  rk.conf_set_error_cb(conf, (_rk, err, text) => void errors.push({ err, text }));
  rk.conf_set_log_cb(conf, (_rk, level, fac, text) => void logs.push(`${level} ${fac} ${text}`));
  if (options.reports !== false)
    rk.conf_set_dr_msg_cb(conf, (_rk, message) => {
      reports.push({
        err: message.err,
        partition: message.partition,
        offset: message.offset,
        status: rk.message_status(message),
        opaque: message._private,
      });
      producing.onReport?.(message);
    });
  const errstr = out('');
  const handle = rk.new(rk.RD_KAFKA_PRODUCER, conf, errstr);
  if (handle === null) throw new Error(errstr.value);
  const producing: Producing = { handle, reports, onReport: null, errors, logs };
  return producing;
}

/** Polls until `done`, at most `deadline_ms`; throws with `what` otherwise. */
export function pollUntil(producing: Producing, done: () => boolean, what: string, deadline_ms = 45_000): void {
  const end = performance.now() + deadline_ms;
  while (!done()) {
    if (performance.now() > end) throw new Error(`polled ${deadline_ms} ms in vain for: ${what}`);
    rk.poll(producing.handle, 50);
  }
}

/** Produces `count` messages whose opaque and value are their number from `first` on; all have to be accepted. */
export function produceNumbers(
  producing: Producing,
  topic: string,
  count: number,
  more: { first?: number; partition?: number; key?: (i: number) => string | null; size?: number } = {},
): void {
  const { first = 0, size = 0 } = more;
  for (let i = first; i < first + count; i++) {
    const value = String(i).padEnd(size, '.');
    const message = { topic, value, key: more.key?.(i) ?? null, opaque: i };
    const err = rk.producev(
      producing.handle,
      more.partition === undefined ? message : { ...message, partition: more.partition },
    );
    if (err !== 0) throw new Error(`message ${i}: ${rk.err2name(err)}`);
  }
}

/** What is wrong with the reports, in words; '' when each of `count` messages has one report, in order per partition. */
export function reportFaults(reports: readonly Report[], count: number): string {
  const seen = new Map<number, number>();
  const last = new Map<number, number>();
  const faults: string[] = [];
  for (const { opaque, partition } of reports) {
    seen.set(opaque, (seen.get(opaque) ?? 0) + 1);
    if ((last.get(partition) ?? -1) > opaque)
      faults.push(`${opaque} behind ${last.get(partition)} in partition ${partition}`);
    last.set(partition, opaque);
  }
  let missing = 0;
  let twice = 0;
  for (let i = 0; i < count; i++) {
    const times = seen.get(i) ?? 0;
    if (times === 0) missing++;
    if (times > 1) twice++;
  }
  if (missing > 0) faults.push(`${missing} without report`);
  if (twice > 0) faults.push(`${twice} reported more than once`);
  if (seen.size > count) faults.push(`${seen.size - count} reports of unknown messages`);
  return faults.slice(0, 5).join('; ');
}

/** `_MSG_TIMED_OUT x 3, 0 x 2`: how the reports ended. */
export function outcomes(reports: readonly Report[]): string {
  const counts = new Map<string, number>();
  for (const { err } of reports) {
    const name = err === 0 ? 'ok' : rk.err2name(err);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, n]) => `${name} x ${n}`)
    .sort()
    .join(', ');
}
