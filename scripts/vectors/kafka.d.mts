/** A message as Kafka's codec wrote it, or as it read our bytes (`again`: what it would write itself). */
export interface Vector {
  message: string;
  version: number;
  bytes: string;
  json: any;
}
export interface Reading {
  message: string;
  version: number;
  left?: number;
  json?: any;
  again?: string;
  error?: string;
}
/** A field of Kafka's definitions, in Kafka's words. */
export interface DefinedField {
  name: string;
  type: string;
  versions: string;
  nullableVersions?: string;
  taggedVersions?: string;
  tag?: number;
  default?: string | number | boolean;
  ignorable?: boolean;
  fields?: DefinedField[];
}
export interface Definition {
  message: string;
  validVersions: string;
  flexibleVersions: string;
  fields: DefinedField[];
}
/** Two releases: 4.1 has the newest versions, 3.9 those that 4.0 removed. */
export const RELEASES: readonly string[];
/** Every message that we have a schema for, with its versions, as Vectors.java names them. */
export function everyMessage(): Promise<string[]>;
/** Random messages written by Kafka: `count` of each version that the release has. */
export function writtenByKafka(release: string, seed: number, count: number, messages: string[]): Promise<Vector[]>;
/** What Kafka sees in bytes that we wrote. */
export function readByKafka(release: string, lines: Omit<Vector, 'json'>[]): Promise<Reading[]>;
/** Kafka's definitions of the messages (rows as `everyMessage` gives them), reduced to what decides about bytes. */
export function definedByKafka(release: string, messages: string[]): Promise<Definition[]>;
/** A round of a group: what scripts/vectors/Assignors.java prints. */
export type AssignedRound = {
  readonly group: number;
  readonly round: number;
  readonly members: readonly { readonly id: string; readonly instance: string | null; readonly metadata: string }[];
  readonly topics: readonly { readonly topic: string; readonly racks: readonly string[] }[];
  readonly error?: string;
} & Readonly<Record<'range' | 'roundrobin' | 'cooperative-sticky', readonly string[] | null>>;
/** Random groups, each of several rounds, as Kafka's assignors split them; and, last, what cooperative-sticky sends along. */
export function assignedByKafka(
  release: string,
  seed: number,
  groups: number,
): Promise<{ rounds: AssignedRound[]; userData: Record<string, string> }>;
