// Log lines of a handle: to its log_cb when something serves it, else to stderr at once.
// @thread app

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

export class Logs {
  private readonly rk: Handle;
  private readonly sink: LogSink;
  private lines: Line[];
  private dropped: number;
  level: number;

  constructor(rk: Handle) {
    this.rk = rk;
    this.sink = new LogSink({ clock: systemClock });
    this.lines = [];
    this.dropped = 0;
    this.level = rk.settings.log_level;
  }

  get pending(): number {
    return this.lines.length;
  }

  add(level: number, fac: string, text: string): void {
    const { log_cb } = this.rk.callbacks.conf;
    if (level > this.level || log_cb === null) return;
    if (log_cb === 'log_print') this.print(level, fac, text);
    else if (this.lines.length >= MOST_LINES) this.dropped++;
    else this.lines.push({ level, fac, text });
  }

  /** `%<level>|<seconds>.<ms>|<fac>|<name>| <text>` */
  print(level: number, fac: string, text: string): void {
    this.sink.logLine(logText(level, fac, this.rk.name, text));
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
      this.rk.callbacks.log(4, 'LOGDROP', `${dropped} lines dropped`);
    }
    return served;
  }
}

export function logText(level: number, fac: string, name: string, text: string): string {
  const ms = Date.now();
  return `%${level}|${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}|${fac}|${name}| ${text}`;
}
