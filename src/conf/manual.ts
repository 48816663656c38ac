// docs/configuration.md and the text of conf_properties_show, from the property table. @thread any
import { findProperty, PROPERTIES } from './properties.ts';
import type { Property, Scope, ValueRow } from './row_types.ts';
import { formatFlags, formatFloat, formatValue } from './text.ts';

const TITLES: Readonly<Record<Scope, string>> = { global: 'Global properties', topic: 'Topic properties' };
const TYPES: Readonly<Record<ValueRow['type'], string>> = {
  int: 'integer',
  float: 'float',
  bool: 'boolean',
  string: 'string',
  kstring: 'string',
  patterns: 'pattern list',
  enum: 'enum value',
  flags: 'CSV flags',
  pointer: 'set by its own function',
  internal: 'set by its own function',
};

/** The whole of docs/configuration.md. */
export function renderManual(): string {
  return `# Configuration

Generated from \`src/conf/properties*.ts\` by \`scripts/generate_conf.mjs\`: do not edit.

Every property of librdkafka 2.15 is taken, with its range and default. What the column *Effect* says of one:
nothing, it works; **not yet**, it is kept and setting it logs a warning; **never**, with the reason. A value marked
with \\* has no effect yet, what is used instead stands in the description. C/P: C for consumers, P for producers,
\\* for both. Properties of one topic may be set on a global configuration too: they go to its default topic configuration.

${renderProperties()}`;
}

/** Both tables: what conf_properties_show prints. */
export function renderProperties(): string {
  return `${renderScope('global')}\n${renderScope('topic')}`;
}

function renderScope(scope: Scope): string {
  const rows = PROPERTIES[scope].filter((property) => property.type !== 'invalid' && !property.hidden).map(renderRow);
  return `## ${TITLES[scope]}

| Property | C/P | Range | Default | Importance | Effect | Description |
|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function renderRow(property: Property): string {
  const row = property.type === 'alias' ? findProperty(property.scope, property.of) : property;
  if (!row || row.type === 'invalid') throw new Error(`bug: ${property.name} is an alias of nothing`);
  const cells = [
    `\`${property.name}\``,
    property.who ?? '\\*',
    range(row),
    defaultText(row),
    row.importance ?? 'low',
    effectText(row),
    description(property, row),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function range(row: ValueRow): string {
  switch (row.type) {
    case 'int':
      return `${row.min} .. ${row.max}${row.words ? `, ${Object.keys(row.words).join(', ')}` : ''}`;
    case 'float':
      return `${formatFloat(row.min)} .. ${formatFloat(row.max)}`;
    case 'bool':
      return 'true, false';
    case 'enum':
      return [...row.values, ...Object.keys(row.synonyms ?? {}), ...(row.open ? [row.open.shown] : [])]
        .map((word) => starred(row, word))
        .join(', ');
    case 'flags':
      return row.values.map(([word]) => (Object.hasOwn(row.refused ?? {}, word) ? `${word}\\*` : word)).join(', ');
    default:
      return '';
  }
}

function starred(row: ValueRow, word: string): string {
  return Object.hasOwn(row.yet ?? {}, word) ? `${word}\\*` : word;
}

function defaultText(row: ValueRow): string {
  if (row.type === 'internal' || row.type === 'pointer') return '';
  if (row.type === 'flags') return formatFlags(row, row.default).replaceAll(',', ', ');
  const text = formatValue(row, row.default);
  return text ? `\`${text}\`` : '';
}

function effectText({ effect }: ValueRow): string {
  if (effect === 'yes') return '';
  return effect === 'not-yet' ? '**not yet**' : `**never**: ${effect.never}`;
}

function description(property: Property, row: ValueRow): string {
  const marks = [row.deprecated && '**Deprecated.** ', row.experimental && '**Experimental.** '].filter(Boolean);
  const alias = property.type === 'alias' ? `Alias of \`${property.of}\`. ` : '';
  return `${marks.join('')}${alias}${escapeMarkdown(row.text)}${yetText(row)} *${TYPES[row.type]}*`;
}

function yetText({ yet }: ValueRow): string {
  const words = Object.entries(yet ?? {}).map(([word, instead]) => `${word} (${instead} is used)`);
  return words.length === 0 ? '' : ` Without effect yet: ${words.join(', ')}.`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[<>*]/g, (mark) => `\\${mark}`).replace(/\b\w*_\w*\b/g, (word) => `\`${word}\``);
}
