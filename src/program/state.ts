// What rdkafka-ts/program has in one JavaScript thread, whichever copy of the library asks. @thread app

import { registry } from '../app/registry.ts';
import type { Lines } from './lines.ts';
import type { Link } from './link.ts';
import type { SignalHandler } from './signal.ts';

export class ProgramState {
  /** `program` was called in this thread. */
  called: boolean;
  /** Of the worker that runs main; null elsewhere. */
  link: Link | null;
  /** Those of `signal`, by the signal's name. */
  readonly handlers: Map<NodeJS.Signals, SignalHandler>;
  /** Of getline. */
  lines: Lines | null;
  inputEnded: boolean;

  constructor() {
    this.called = false;
    this.link = null;
    this.handlers = new Map();
    this.lines = null;
    this.inputEnded = false;
  }
}

export function programState(): ProgramState {
  const shared = registry();
  shared.program ??= new ProgramState();
  return shared.program as ProgramState;
}
