// What a group of group.protocol=consumer needs from the main worker beside what every group does. @thread main
import type { GroupEnv, GroupSettings } from '../group_env.ts';

export interface ConsumerGroupSettings extends GroupSettings {
  readonly 'group.remote.assignor': string | null;
}

export interface ConsumerGroupEnv extends GroupEnv {
  readonly settings: ConsumerGroupSettings;
  /** Who we are to the coordinator, for the life of the handle. */
  readonly memberId: string;
}
