// What the threads of cluster_model share: how they start, and the words that they watch.

import type { MessagePort } from 'node:worker_threads';
import type { Settings, TopicSettings } from '../../../src/conf/settings_type.ts';
import type { ModelStart } from './kit.ts';

export const BROKERS = 2;
export const MAX_OUT = 20_000;
/** Bits of so many words say which records were sent: one each. */
export const SENT_WORDS = 1 << 22;
export const DEATH_WORDS = 1 << 14;
/** What is not lost comes back at once, but on the slowest machine within that; a ring that was lost, after SLEEP_MS. */
export const PATIENCE_MS = 30_000;
export const SLEEP_MS = 600_000;

// Shared words of a round: order to end, what main has out when it ends, how many threads run.
export const STOP = 0;
export const MAIN_BLOCKS = 1;
export const MAIN_BYTES = 2;
export const RUNNING = 3;
export const MAIN_JOBS = 4;

export interface RoundStart extends ModelStart {
  readonly head: SharedArrayBuffer;
  readonly appPage: SharedArrayBuffer;
  readonly mainPage: SharedArrayBuffer;
  readonly settings: Settings;
  readonly topicSettings: TopicSettings;
  readonly words: Int32Array;
  /** Which records have been on the wire, by number (bits). */
  readonly sent: Int32Array;
}

export interface MainStart extends RoundStart {
  readonly app: MessagePort;
}

export interface HostStart extends RoundStart {
  readonly root: MessagePort;
  readonly page: SharedArrayBuffer;
}
