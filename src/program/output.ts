// Standard output and standard error of a program that blocks: what is written is written when the call returns.
// @thread app

import { writeSync } from 'node:fs';
import { isUint8Array } from 'node:util/types';
import { appThread, now } from '../app/thread.ts';
import { typeError } from '../rd/check.ts';

/** Writes some of it and gives how much; throws with a `code` as fs.writeSync does. */
export type PutFn = (fd: number, bytes: Uint8Array, from: number) => number;

/** A pipe whose reader is slow takes nothing for so long at most. */
const STUCK_MS = 30_000;
const NAP_MS = 5;

const NAMES = ['', 'stdout', 'stderr'] as const;

/** A descriptor as a FILE of C: rd_kafka_dump and all that takes a `write(text)` take it. */
export interface Output {
  readonly fd: 1 | 2;
  /**
   * Writes text (as UTF-8) or bytes, all of it, before it returns. Where a pipe is full, and so answers EAGAIN, it waits
   * for the reader, as long as that takes something at least every 30 s; handlers of signals run meanwhile. Throws what
   * the system says, with `code` and `fd`: EAGAIN after 30 s without a reader, EPIPE when the reader has gone (which, if
   * nobody catches it, ends a program quietly: see `program`). Counterpart of fprintf and fwrite.
   */
  write(text: string | Uint8Array): void;
}

export class SyncOutput implements Output {
  readonly fd: 1 | 2;
  private readonly put: PutFn;
  private readonly clock: () => number;

  constructor(fd: 1 | 2, put: PutFn = writeSync, clock: () => number = now) {
    this.fd = fd;
    this.put = put;
    this.clock = clock;
  }

  write(text: string | Uint8Array): void {
    if (typeof text !== 'string' && !isUint8Array(text))
      throw typeError(`${NAMES[this.fd]}.write`, 'text', 'a string or a Uint8Array', text);
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    let from = 0;
    let since = 0;
    while (from < bytes.length) {
      const wrote = this.some(bytes, from, since);
      if (wrote === 0) {
        since ||= this.clock();
        appThread().wait(NAP_MS, never);
      } else since = 0;
      from += wrote;
    }
  }

  /** 0: not now. */
  private some(bytes: Uint8Array, from: number, since: number): number {
    try {
      return this.put(this.fd, bytes, from);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'EINTR') return 0;
      if (code === 'EAGAIN' && (since === 0 || this.clock() - since < STUCK_MS)) return 0;
      throw Object.assign(error as Error, { fd: this.fd });
    }
  }
}

function never(): boolean {
  return false;
}

/** Standard output. `console` and `process.stdout` of a program's worker write here at once, too. */
export const stdout: Output = new SyncOutput(1);

/** Standard error. */
export const stderr: Output = new SyncOutput(2);

/** True for what `write` throws when the reader of standard output or error has gone. */
export function isBrokenPipe(error: unknown): boolean {
  const { code, fd } = (error ?? {}) as { code?: unknown; fd?: unknown };
  return code === 'EPIPE' && (fd === 1 || fd === 2);
}
