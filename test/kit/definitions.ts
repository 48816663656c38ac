// Compares our schemas with Kafka's own definitions, field by field in every version that both have.
import type { DefinedField, Definition } from '../../scripts/vectors/kafka.mjs';
import { defaultOf } from '../../src/protocol/defaults.ts';
import { type Field, holds, type Versions, versions } from '../../src/protocol/schema.ts';
import { structOf } from './kafka_json.ts';

const range = (text: string | undefined): Versions | null =>
  text === undefined || text === 'none' ? null : versions(text);

const camel = (name: string): string => name[0]!.toLowerCase() + name.slice(1);

/** The default that a definition gives, as one of our values; undefined for a struct. */
function defaultIn(defined: DefinedField): unknown {
  const own = defined.default === undefined ? undefined : String(defined.default);
  if (own === 'null') return null;
  if (defined.type.startsWith('[]')) return [];
  if (/^u?int|^float/.test(defined.type)) return Number(own ?? 0);
  if (defined.type === 'bool') return own === 'true';
  if (defined.type === 'string') return own ?? '';
  if (defined.type === 'uuid') return 'A'.repeat(22);
  if (defined.type === 'bytes') return new Uint8Array(0);
  return defined.type === 'records' ? null : undefined;
}

interface Said {
  type: string;
  nullable: boolean;
  tag: number | null;
  /** Said only of a field that some version of the release lacks: elsewhere it decides nothing. */
  ignorable: boolean;
  default: unknown;
}

function saidByKafka(defined: DefinedField, version: number, lacking: boolean): Said {
  return {
    type: defined.type,
    nullable: holds(range(defined.nullableVersions), version),
    tag: holds(range(defined.taggedVersions), version) ? defined.tag! : null,
    ignorable: lacking && defined.ignorable === true,
    default: defaultIn(defined),
  };
}

function saidByUs(field: Field, version: number, lacking: boolean): Said {
  return {
    type: (field.array ? '[]' : '') + field.type,
    nullable: holds(field.nullable, version),
    tag: holds(field.tagged, version) ? field.tag : null,
    ignorable: lacking && field.ignorable,
    default: field.fields !== null && !field.array && field.default === undefined ? undefined : said(field),
  };
}

/** The bytes of a raw string are a string to Kafka. */
function said(field: Field): unknown {
  const value = defaultOf(field);
  return field.raw && value !== null ? Buffer.from(value).toString() : value;
}

function compare(
  theirs: readonly DefinedField[],
  ours: readonly Field[],
  version: number,
  valid: Versions,
  path: string,
): string[] {
  const defined = theirs.filter((one) => holds(versions(one.versions), version));
  const fields = ours.filter((one) => holds(one.versions, version));
  const [order, own] = [defined.map((one) => camel(one.name)), fields.map((one) => one.name)];
  if (order.join() !== own.join()) return [`${path}: fields ${own} and not ${order}`];
  return fields.flatMap((field, i) => {
    const twin = defined[i]!;
    const has = versions(twin.versions);
    const lacking = has.from > valid.from || has.to < valid.to;
    const [we, they] = [saidByUs(field, version, lacking), saidByKafka(twin, version, lacking)];
    const same = JSON.stringify(we) === JSON.stringify(they);
    const here = same ? [] : [`${path}.${field.name}: ${JSON.stringify(we)} and not ${JSON.stringify(they)}`];
    if (field.fields === null) return here;
    // Inside a struct only the versions that have the struct count.
    const inside = { from: Math.max(has.from, valid.from), to: Math.min(has.to, valid.to) };
    return [...here, ...compare(twin.fields ?? [], field.fields, version, inside, `${path}.${field.name}`)];
  });
}

/** Where our schema of the message says something else than Kafka, by version and field. */
export function differences({ message, validVersions, flexibleVersions, fields }: Definition): string[] {
  const struct = structOf(message);
  const valid = versions(validVersions);
  const found: string[] = [];
  for (let version = valid.from; version <= valid.to; version++) {
    if (!holds(struct.versions, version)) continue;
    const path = `${message} v${version}`;
    if (holds(range(flexibleVersions), version) !== version >= struct.flexible) found.push(`${path}: flexible or not`);
    found.push(...compare(fields, struct.fields, version, valid, path));
  }
  return found;
}
