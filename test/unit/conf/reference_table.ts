// reference/properties.tsv as objects, for the tests of the property table.
import { readFileSync } from 'node:fs';

export interface ReferenceRow {
  readonly record: string;
  readonly name: string;
  readonly scope: 'global' | 'topic';
  readonly 'C/P': string;
  readonly type: string;
  readonly range_min: string;
  readonly range_max_or_values: string;
  readonly default: string;
  readonly importance: string;
  readonly alias_of: string;
  readonly deprecated: string;
  readonly experimental: string;
  readonly hidden: string;
  readonly sensitive: string;
}

export const REFERENCE: readonly ReferenceRow[] = read();

function read(): ReferenceRow[] {
  const text = readFileSync(new URL('../../../reference/properties.tsv', import.meta.url), 'utf8');
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const names = head.split('\t');
  return lines
    .map((line) => {
      const cells = line.split('\t');
      return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])) as unknown as ReferenceRow;
    })
    .filter((row) => ['property', 'hidden', 'invalid_java'].includes(row.record));
}
