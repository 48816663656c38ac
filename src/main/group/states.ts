// The states of joining a classic group, under librdkafka's names, and the steps between them. @thread main
//
//   init -> wait-join -> wait-metadata (leader) -> wait-sync -> wait-assign-call -> steady
//     ^ \-> wait-metadata (own topics) -> init                                        |
//     |                                                                               v
//     \------- wait-unassign-to-complete <-------------------------------- wait-unassign-call
//
// A cooperative member keeps its partitions from steady over init to wait-sync. What it has to give up then, and what it
// loses on the way, goes by wait-unassign-call -> wait-incr-unassign-to-complete -> wait-assign-call, init or steady.
import type { Steps } from '../../rd/state_machine.ts';

export type JoinState =
  /** Not joined: no subscription, or waiting for a coordinator or for the next attempt. */
  | 'init'
  /** JoinGroup is on its way. */
  | 'wait-join'
  /** Partition counts are missing: of our topics before the join, or of all members' before the leader assigns. */
  | 'wait-metadata'
  /** SyncGroup is on its way. */
  | 'wait-sync'
  /** The app has yet to call assign. */
  | 'wait-assign-call'
  /** The app has yet to call unassign. */
  | 'wait-unassign-call'
  /** Fetchers stop, last offsets are committed. */
  | 'wait-unassign-to-complete'
  /** The same of some partitions only. */
  | 'wait-incr-unassign-to-complete'
  /** Member with an assignment, perhaps an empty one. */
  | 'steady';

export const JOIN_STEPS: Steps<JoinState> = {
  init: ['wait-metadata', 'wait-join', 'wait-unassign-call'],
  'wait-metadata': ['init', 'wait-sync', 'wait-unassign-call'],
  'wait-join': ['init', 'wait-metadata', 'wait-sync', 'wait-unassign-call'],
  'wait-sync': ['init', 'wait-assign-call', 'wait-unassign-call'],
  // To wait-unassign-call when the handle is closing or dead: what the app assigns then is let go at once.
  'wait-assign-call': ['steady', 'wait-unassign-call'],
  steady: ['wait-unassign-call', 'init'],
  'wait-unassign-call': ['wait-unassign-to-complete', 'wait-incr-unassign-to-complete'],
  'wait-unassign-to-complete': ['init'],
  'wait-incr-unassign-to-complete': [
    'init',
    'steady',
    'wait-assign-call',
    'wait-unassign-call',
    'wait-unassign-to-complete',
  ],
};
