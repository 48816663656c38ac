// Standard input in the main thread of a program, piece by piece as its worker asks for them. @thread app

import type { ToWorker } from './desk.ts';

export class Feed {
  private readonly post: (op: ToWorker) => void;
  private open: boolean;
  private wanted: boolean;
  /** Set when there will be no more. */
  private end: ToWorker | null;

  constructor(post: (op: ToWorker) => void) {
    this.post = post;
    this.open = false;
    this.wanted = false;
    this.end = null;
  }

  /** Not before the first wish is standard input touched: whom the program starts may want it. */
  want(): void {
    this.wanted = true;
    if (!this.open) {
      this.open = true;
      process.stdin.on('readable', () => this.give());
      process.stdin.on('end', () => this.ended(null));
      process.stdin.on('error', (error: Error) => this.ended(error.message));
    }
    this.give();
  }

  private ended(error: string | null): void {
    this.end ??= { type: 'input_end', error };
    this.give();
  }

  private give(): void {
    if (!this.wanted) return;
    const bytes = this.end === null ? (process.stdin.read() as Buffer | null) : null;
    const op: ToWorker | null = bytes === null ? this.end : { type: 'input', bytes };
    if (op === null) return;
    this.wanted = false;
    this.post(op);
  }
}
