import { describe, expect, it } from 'vitest';
import { Conf, TopicConf } from '../../../src/conf/conf.ts';
import { findProperty, isSettable, isValue, PROPERTIES } from '../../../src/conf/properties.ts';
import type { Property, ValueRow } from '../../../src/conf/row_types.ts';
import { settingsOf, topicSettingsOf } from '../../../src/conf/settings.ts';
import { REFERENCE, type ReferenceRow } from './reference_table.ts';

const ALL = [...PROPERTIES.global, ...PROPERTIES.topic];
const key = (row: { scope: string; name: string }) => `${row.scope} ${row.name}`;
const documented = REFERENCE.filter((row) => row.record === 'property');
const known = REFERENCE.filter((row) => row.record !== 'invalid_java');

function rowOf(reference: ReferenceRow): Property {
  const found = PROPERTIES[reference.scope].find((row) => row.name === reference.name);
  if (!found) throw new Error(`no row for ${key(reference)}`);
  return found;
}

function valueRowOf(reference: ReferenceRow): Property<ValueRow> {
  const row = findProperty(reference.scope, reference.name);
  if (!row || !isValue(row)) throw new Error(`no value row for ${key(reference)}`);
  return row;
}

function typeName(row: ValueRow): string {
  const names: Record<ValueRow['type'], string> = {
    int: 'integer',
    float: 'float',
    bool: 'boolean',
    string: 'string',
    kstring: 'string',
    patterns: 'pattern list',
    enum: 'enum value',
    flags: 'CSV flags',
    pointer: 'pointer/callback (dedicated API)',
    internal: 'internal (dedicated API)',
  };
  return names[row.type];
}

describe('the property table', () => {
  it('has the 199 documented properties, the hidden ones and the Java ones, and no other', () => {
    expect(documented).toHaveLength(199);
    expect(ALL.map(key).sort()).toEqual(REFERENCE.map(key).sort());
  });

  it('keeps the order of librdkafka’s manual', () => {
    const visible = ALL.filter((row) => !row.hidden && row.type !== 'invalid');

    expect(visible.map(key)).toEqual(documented.map(key));
  });

  it('has the 167 names that conf_set takes', () => {
    const names = ALL.filter((row) => !row.hidden && isSettable(row)).map((row) => row.name);

    expect(new Set(names).size).toBe(167);
  });

  it('has effect or a reason in each row, and a text', () => {
    for (const row of ALL.filter(isValue)) {
      expect(row.text, key(row)).toMatch(/^[A-Z].*\.$/s);
      if (typeof row.effect === 'object') expect(row.effect.never, key(row)).not.toBe('');
    }
  });
});

describe.each(known.map((row) => [key(row), row] as const))('%s', (_, reference) => {
  it('has the type, range and values of librdkafka', () => {
    const row = valueRowOf(reference);

    expect(typeName(row)).toBe(reference.type);
    if (row.type === 'int' || row.type === 'float') {
      expect([row.min, row.max].map(String)).toEqual([reference.range_min, reference.range_max_or_values]);
    }
    const values = reference.range_max_or_values.split(', ');
    // The topic's compression.type has `inherit` by being an alias, though the manual of librdkafka leaves it out.
    if (reference.alias_of && row.name === 'compression.codec') return;
    if (row.type === 'enum') {
      expect([...row.values, ...Object.keys(row.synonyms ?? {})].sort()).toEqual(values.sort());
    }
    if (row.type === 'flags') expect(row.values.map(([word]) => word)).toEqual(values);
  });

  it('says for whom it is, what it stands for and how it is marked', () => {
    const row = rowOf(reference);
    const flags = (['deprecated', 'experimental', 'sensitive'] as const).map((flag) => (row[flag] ? 'y' : 'n'));

    expect(row.who ?? '*').toBe(reference['C/P']);
    expect(row.type === 'alias' ? row.of : '').toBe(reference.alias_of);
    // librdkafka's manual shows the global property's importance for the topic's compression.type.
    const importance = key(reference) === 'topic compression.type' ? 'high' : reference.importance;
    expect(valueRowOf(reference).importance ?? 'low').toBe(importance);
    expect(Boolean(row.hidden)).toBe(reference.record === 'hidden');
    expect(flags).toEqual([reference.deprecated, reference.experimental, reference.sensitive]);
  });

  it('has librdkafka’s default, in canonical text', () => {
    const row = valueRowOf(reference);
    if (row.type === 'pointer' || row.type === 'internal') return;
    const conf = reference.scope === 'global' ? new Conf() : new TopicConf();
    let expected: string | null = reference.default;
    // What this version lacks is no feature of it; '' is a value of client.rack and of flags only.
    if (row.name === 'builtin.features') expected = 'gzip,snappy,regex,lz4,zstd';
    else if (expected === '' && row.name !== 'client.rack' && row.type !== 'flags') expected = null;
    if (reference.scope === 'topic' && row.name === 'compression.codec') expected = 'inherit';

    expect(conf.getText(reference.name)).toBe(expected);
  });
});

describe.each(known.map((row) => [key(row), row] as const))('conf_set of %s', (_, reference) => {
  it('takes each value that the manual names and gives it back in canonical text', () => {
    const row = valueRowOf(reference);
    const conf = reference.scope === 'global' ? new Conf() : new TopicConf();
    for (const [text, canonical] of samples(row)) {
      expect([text, conf.setText(reference.name, text).errstr]).toEqual([text, '']);
      expect(conf.getText(reference.name)).toBe(canonical);
      expect(conf.isModified(row.name)).toBe(true);
    }
  });

  it('refuses what is outside, and leaves the value alone', () => {
    const row = valueRowOf(reference);
    const conf = reference.scope === 'global' ? new Conf() : new TopicConf();
    const before = conf.getText(reference.name);
    for (const text of refused(row)) {
      const { code, errstr } = conf.setText(reference.name, text);
      expect([text, code]).toEqual([text, -1]);
      expect(errstr).toContain(`"${row.name}"`);
    }
    expect(conf.getText(reference.name)).toBe(before);
    expect(conf.isModified(row.name)).toBe(false);
  });
});

function samples(row: ValueRow): (readonly [string, string | null])[] {
  if (row.unsupported) return [];
  switch (row.type) {
    case 'int':
      return [row.min, row.max, row.default].map((value) => [String(value), String(value)]);
    case 'float':
      return [
        [String(row.min), String(row.min)],
        [String(row.max), String(row.max)],
      ];
    case 'bool':
      return [
        ['true', 'true'],
        ['F', 'false'],
        ['1', 'true'],
      ];
    case 'enum':
      return [...row.values.map((word) => [word.toUpperCase(), word] as const), ...Object.entries(row.synonyms ?? {})];
    case 'string':
    case 'kstring':
      return row.valid
        ? [[row.default ?? '', row.default]]
        : [
            ['x y', 'x y'],
            ['', row.default],
          ];
    case 'patterns':
      return [
        ['^a,b.*', '^a,b.*'],
        ['', null],
      ];
    default:
      return [];
  }
}

function refused(row: ValueRow): string[] {
  switch (row.type) {
    case 'int':
      return [String(row.min - 1), String(row.max + 1), 'x', ''];
    case 'float':
      return [String(row.min - 1), String(row.max + 1), 'x', 'nan', 'inf', ''];
    case 'bool':
      return ['yes', '2', ''];
    case 'enum':
    case 'flags':
      return ['no-such-value', ''];
    case 'patterns':
      return ['a,('];
    case 'pointer':
    case 'internal':
      return row.hidden ? [] : ['x', ''];
    default:
      return row.unsupported ? ['x'] : [];
  }
}

describe('settings', () => {
  it('survive a structured clone and are frozen', () => {
    const settings = settingsOf(new Conf());
    const topic = topicSettingsOf(new TopicConf(), settings);

    expect(structuredClone(settings)).toEqual(settings);
    expect(structuredClone(topic)).toEqual(topic);
    expect([settings, topic].every(Object.isFrozen)).toBe(true);
  });

  it('have every property that is no callback, by its canonical name', () => {
    const settings = settingsOf(new Conf());

    expect(Object.keys(settings)).toHaveLength(PROPERTIES.global.filter(isPlain).length);
    expect(settings['queue.buffering.max.ms']).toBe(5);
    expect(settings).not.toHaveProperty(['linger.ms']);
    expect(settings).not.toHaveProperty(['error_cb']);
  });

  it('resolve the codec `inherit` to the global one', () => {
    const conf = new Conf();
    conf.setText('compression.codec', 'gzip');

    expect(topicSettingsOf(new TopicConf(), settingsOf(conf))['compression.codec']).toBe('gzip');
  });

  it('lower a compression level to the best that the codec has', () => {
    const topicConf = new TopicConf();
    topicConf.set('compression.codec', 'gzip');
    topicConf.set('compression.level', '12');

    expect(topicSettingsOf(topicConf, settingsOf(new Conf()))['compression.level']).toBe(9);
  });

  it('hold a strategy as it was set', () => {
    const conf = new Conf();
    conf.setText('partition.assignment.strategy', ' cooperative-sticky');

    expect(settingsOf(conf)['partition.assignment.strategy']).toBe('cooperative-sticky');
    expect(conf.getText('partition.assignment.strategy')).toBe('cooperative-sticky');
  });
});

function isPlain(row: Property): boolean {
  return isValue(row) && row.type !== 'pointer' && row.type !== 'internal';
}
