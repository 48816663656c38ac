// Log lines to a file descriptor that may be slow, full or closed: never throws, never waits for long. @thread any
import { writeSync } from 'node:fs';
import type { Clock } from './clock.ts';

/** How the library's parts log: `level` as in syslog (0 emergency to 7 debug), `fac` a short tag such as `FAIL`. */
export type LogFn = (level: number, fac: string, text: string) => void;

/** Writes bytes and gives how many it took; throws with a `code` as fs.writeSync does. */
export type WriteFn = (bytes: Uint8Array, from: number) => number;

const STDERR = 2;
const WINDOW_MS = 1000;
const MOST_WAITING_MS = 50;
const NAP_MS = 2;

export interface LogSinkOptions {
  readonly clock: Clock;
  /** Default: fs.writeSync on stderr. */
  readonly write?: WriteFn;
  /** Blocks the thread for so many ms; default Atomics.wait on memory of its own. */
  readonly nap?: (ms: number) => void;
}

/**
 * One per thread. A line that can't be written at once waits, at most 50 ms in any one second over all lines;
 * after that lines are dropped and counted, and the next one that gets through is preceded by `n lines dropped`.
 */
export class LogSink {
  private readonly clock: Clock;
  private readonly write: WriteFn;
  private readonly nap: (ms: number) => void;
  private droppedCount: number;
  /** A line was cut in the middle: the next one has to begin on a line of its own. */
  private torn: boolean;
  /** The naps of the last second, oldest first: start and length, in turns. */
  private naps: number[];

  constructor(options: LogSinkOptions) {
    this.clock = options.clock;
    this.write = options.write ?? ((bytes, from) => writeSync(STDERR, bytes, from));
    this.nap = options.nap ?? sleeper();
    this.droppedCount = 0;
    this.torn = false;
    this.naps = [];
  }

  /** Lines dropped since the last one that got through. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** Writes one line; `line` has no newline at its end. May block as described above; never throws. */
  logLine(line: string): void {
    const dropped = this.droppedCount;
    const notice = dropped === 0 ? '' : `${dropped} ${dropped === 1 ? 'line' : 'lines'} dropped\n`;
    if (this.put(Buffer.from(`${this.torn ? '\n' : ''}${notice}${line}\n`))) this.droppedCount = 0;
    else this.droppedCount++;
  }

  private put(bytes: Uint8Array): boolean {
    let from = 0;
    while (from < bytes.length) {
      const wrote = this.tryWrite(bytes, from);
      if (wrote > 0) {
        from += wrote;
        this.torn = from < bytes.length;
      } else if (wrote < 0 || !this.mayNap()) return false;
    }
    return true;
  }

  /** Bytes written; 0: try again later; -1: give up. */
  private tryWrite(bytes: Uint8Array, from: number): number {
    try {
      return this.write(bytes, from);
    } catch (error) {
      const code = (error as { code?: string } | null)?.code;
      return code === 'EAGAIN' || code === 'EINTR' ? 0 : -1;
    }
  }

  /** Naps if the budget of this second allows it. */
  private mayNap(): boolean {
    try {
      const start = this.clock.now();
      while (this.naps.length > 0 && (this.naps[0] as number) + WINDOW_MS <= start) this.naps.splice(0, 2);
      let spent = 0;
      for (let i = 1; i < this.naps.length; i += 2) spent += this.naps[i] as number;
      if (spent + NAP_MS > MOST_WAITING_MS) return false;
      this.nap(NAP_MS);
      this.naps.push(start, Math.max(NAP_MS, this.clock.now() - start));
      return true;
    } catch {
      return false;
    }
  }
}

function sleeper(): (ms: number) => void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return (ms) => {
    Atomics.wait(cell, 0, 0, ms);
  };
}
