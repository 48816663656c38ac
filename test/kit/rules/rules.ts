// All rules that the mock keeps as Apache Kafka does, by name.
import { CLASSIC_GROUP_RULES } from './classic_groups.ts';
import { CONSUMER_GROUP_RULES } from './consumer_groups.ts';
import { FETCHING_RULES } from './fetching.ts';
import type { Rule } from './peer.ts';

export const RULES: Readonly<Record<string, Rule>> = {
  ...CONSUMER_GROUP_RULES,
  ...CLASSIC_GROUP_RULES,
  ...FETCHING_RULES,
};
