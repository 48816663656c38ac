// Log lines of a handle: to its log_cb when something serves it, else to stderr at once.
// @thread app

import * as E from '../defs/enums.ts';
import { LOG_LEVEL } from '../ops/head_page.ts';
import { systemClock } from '../rd/clock.ts';
import { LogSink } from '../rd/log.ts';
import type { Handle } from './handle.ts';

/** Lines that wait for a log_cb; more are dropped and counted (memory.md, part 2, 26). */
const MOST_LINES = 1000;

interface Line {
  readonly level: number;
  readonly fac: string;
  readonly text: string;
}

/** The thread of ours that poll, and everything that is logged on the way, runs in. */
const APP = 'app';

export class Logs {
  private readonly rk: Handle;
  private readonly sink: LogSink;
  private lines: Line[];
  private dropped: number;
  private saidSyslog: boolean;
  /** Of set_log_queue; has no effect yet. */
  private queue: object | null;
  private level: number;

  constructor(rk: Handle) {
    this.rk = rk;
    this.sink = new LogSink({ clock: systemClock });
    this.lines = [];
    this.dropped = 0;
    this.saidSyslog = false;
    this.queue = null;
    this.level = 0;
    this.setLevel(rk.settings.log_level);
  }

  /** In all threads of the handle. */
  setLevel(level: number): void {
    this.level = level;
    Atomics.store(this.rk.memory.head, LOG_LEVEL, level);
  }

  get pending(): number {
    return this.lines.length;
  }

  /** `thread` stands before the text with `log.thread.name`. */
  add(level: number, fac: string, text: string, thread: string = APP): void {
    const { log_cb } = this.rk.callbacks.conf;
    if (level > this.level || log_cb === null) return;
    const line = this.named(text, thread);
    if (log_cb === 'log_print') this.print(level, fac, line);
    else if (this.lines.length >= MOST_LINES) this.dropped++;
    else this.lines.push({ level, fac, text: line });
  }

  private named(text: string, thread: string): string {
    return this.rk.settings['log.thread.name'] ? `[thrd:${thread}]: ${text}` : text;
  }

  /** `%<level>|<seconds>.<ms>|<fac>|<name>| <text>` */
  print(level: number, fac: string, text: string): void {
    this.sink.logLine(logText(level, fac, this.rk.name, text));
  }

  /** There is no syslog to write to. */
  syslog(level: number, fac: string, text: string): void {
    if (!this.saidSyslog) this.print(4, 'SYSLOG', 'log_syslog writes to stderr: there is no syslog here');
    this.saidSyslog = true;
    this.print(level, fac, text);
  }

  /** rd_kafka_set_log_queue; null is the main queue, where lines go anyway. */
  setQueue(queue: object | null): number {
    if (!this.rk.settings['log.queue']) return E.RD_KAFKA_RESP_ERR__NOT_CONFIGURED;
    this.queue = queue;
    if (this.queue !== null)
      this.add(4, 'LOGQUEUE', 'set_log_queue has no effect yet: log lines go to the main queue, which poll serves');
    return 0;
  }

  /** Hands lines to log_cb; gives how many. */
  serve(): number {
    let served = 0;
    while (this.lines.length > 0) {
      const { level, fac, text } = this.lines.shift()!;
      served++;
      this.rk.callbacks.log(level, fac, text);
      if (this.lines.length > 0 || this.dropped === 0) continue;
      const dropped = this.dropped;
      this.dropped = 0;
      this.rk.callbacks.log(4, 'LOGDROP', this.named(`${dropped} lines dropped`, APP));
    }
    return served;
  }
}

/** One line to stderr for no handle in particular. */
export function printLine(level: number, fac: string, name: string, text: string): void {
  new LogSink({ clock: systemClock }).logLine(logText(level, fac, name, text));
}

export function logText(level: number, fac: string, name: string, text: string): string {
  const ms = Math.floor(systemClock.wall());
  return `%${level}|${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}|${fac}|${name}| ${text}`;
}
