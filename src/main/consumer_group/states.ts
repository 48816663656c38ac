// The states of a member of a KIP-848 group, under librdkafka's names, and the steps between them. Heartbeats go on in
// all of them: being a member and taking or letting go of partitions are two things. @thread main
//
//   init -> steady -> wait-assign-call -> steady
//     ^      |  ^------------------------------------------\
//     |      |----> wait-unassign-call -> wait-incr-unassign-to-complete -> wait-assign-call
//     |------/                                               |
//     \------------------------------------------------------/
import type { Steps } from '../../rd/state_machine.ts';

export type ReconcileState =
  /** No member: no subscription, or the first heartbeat is waiting, on its way or refused. */
  | 'init'
  /** The app has yet to call incremental_assign. */
  | 'wait-assign-call'
  /** The app has yet to call incremental_unassign. */
  | 'wait-unassign-call'
  /** Fetchers of what is let go stop, last offsets are committed. */
  | 'wait-incr-unassign-to-complete'
  /** What the group gave us, perhaps nothing, is what we have. */
  | 'steady';

export const RECONCILE_STEPS: Steps<ReconcileState> = {
  init: ['steady'],
  steady: ['wait-assign-call', 'wait-unassign-call', 'init'],
  'wait-assign-call': ['steady'],
  'wait-unassign-call': ['wait-incr-unassign-to-complete'],
  // To steady when the membership has ended meanwhile: what is left is let go from there.
  'wait-incr-unassign-to-complete': ['wait-assign-call', 'steady', 'init'],
};
