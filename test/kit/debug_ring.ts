// The last log lines of a test's clients, printed when it fails. TEST_DEBUG=cgrp,fetch turns on debug contexts.

/** Lines that are kept of one test. */
const LINES = 400;

/** The contexts for the property `debug` by TEST_DEBUG (`1` means all), or null. */
export function debugContexts(): string | null {
  const wanted = process.env['TEST_DEBUG'];
  if (wanted === undefined || wanted === '' || wanted === '0') return null;
  return wanted === '1' ? 'all' : wanted;
}

/** Keeps the last lines of however many. */
export class DebugRing {
  private readonly lines: string[];
  private written: number;

  constructor() {
    this.lines = [];
    this.written = 0;
  }

  add(line: string): void {
    this.lines[this.written++ % LINES] = line;
  }

  /** Oldest first. */
  text(): string {
    const from = this.written % LINES;
    const kept = this.written <= LINES ? this.lines : [...this.lines.slice(from), ...this.lines.slice(0, from)];
    const lost = this.written - kept.length;
    return [...(lost > 0 ? [`(${lost} older lines)`] : []), ...kept].join('\n');
  }
}
