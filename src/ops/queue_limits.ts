// When a consumer has fetched enough ahead: one rule for the threads that fetch and the one that takes. @thread any
import { HELD_BYTES, QUEUED_MESSAGES } from './head_page.ts';

/** The properties read here; `Settings` of conf has them all. */
export interface QueueLimits {
  readonly 'queued.min.messages': number;
  readonly 'queued.max.messages.kbytes': number;
}

/** What is held for the app is as much as it may be (a kbyte is 1000 bytes). */
export function bytesFull(head: Int32Array, limits: QueueLimits): boolean {
  return Atomics.load(head, HELD_BYTES) >>> 0 >= limits['queued.max.messages.kbytes'] * 1000;
}

/** Nothing more is fetched until the app takes some of it. */
export function queueFull(head: Int32Array, limits: QueueLimits): boolean {
  return Atomics.load(head, QUEUED_MESSAGES) >= limits['queued.min.messages'] || bytesFull(head, limits);
}
