// getline() of rdkafka-ts/program: standard input, line by line, for programs that block. @thread app

import { readSync } from 'node:fs';
import { setLastError } from '../app/registry.ts';
import { run, type Steps } from '../app/steps.ts';
import { appThread } from '../app/thread.ts';
import { Lines } from './lines.ts';
import { type Piece, programLink } from './link.ts';
import { programState } from './state.ts';

const STDIN = 0;
const PIECE_BYTES = 65_536;
const NAP_MS = 10;

/**
 * The next line of standard input without its newline, as UTF-8; '' is an empty line, null the end. Blocks until there is
 * one. A last line without a newline counts; a carriage return stays. Counterpart of getline(3) and fgets, which leave the
 * newline in.
 *
 * In a `program` a signal with a handler ends the waiting: then it gives null with last_error() _INTR (0 at the end of the
 * input), and nothing of the input is lost. Elsewhere it reads the descriptor itself, and only the system's own
 * action ends that. Reads ahead; `process.stdin` must not be used beside it. Callbacks of the library do not run in it. Throws
 * what makes standard input unreadable.
 */
export function getline(): string | null {
  const state = programState();
  const lines = (state.lines ??= new Lines());
  setLastError(0);
  for (;;) {
    const line = lines.take();
    if (line !== null) return line;
    if (state.inputEnded) return lines.rest();
    const piece = run(appThread(), programLink()?.inputSteps() ?? readSteps());
    if (piece === undefined) return null;
    if (piece === null) state.inputEnded = true;
    else lines.add(piece);
  }
}

/** Waits only where somebody has made the descriptor one that does not block. */
function* readSteps(): Steps<Piece | undefined> {
  const bytes = Buffer.allocUnsafe(PIECE_BYTES);
  const thread = appThread();
  for (;;) {
    const { handled } = thread;
    try {
      const count = readSync(STDIN, bytes);
      return count === 0 ? null : bytes.subarray(0, count);
    } catch (error) {
      const { code } = error as { code?: string };
      // What Windows says at the end of a pipe.
      if (code === 'EOF') return null;
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
    }
    yield { timeoutMs: NAP_MS, ready: () => false };
    if (thread.handled !== handled) return undefined;
  }
}
