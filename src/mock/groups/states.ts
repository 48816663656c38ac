// The states of a classic group and the steps between them. @thread mock
import { StateMachine, type Steps } from '../../rd/state_machine.ts';

/** Kafka's own names: DescribeGroups and ListGroups answer them. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const STEPS: Steps<GroupState> = {
  // To Stable when it was a KIP-848 group before.
  Empty: ['PreparingRebalance', 'Stable', 'Dead'],
  PreparingRebalance: ['CompletingRebalance', 'Empty', 'Dead'],
  CompletingRebalance: ['Stable', 'PreparingRebalance', 'Dead'],
  Stable: ['PreparingRebalance', 'Dead'],
  Dead: [],
};

/** A new group's machine; `log` gets one line a step. */
export function groupStates(log: (text: string) => void): StateMachine<GroupState> {
  return new StateMachine('mock group', STEPS, 'Empty', (to, from, reason) => log(`${from} -> ${to}: ${reason}`));
}
